"""Deleting what a run left: what must go, in which order, and the proof that it is gone."""
