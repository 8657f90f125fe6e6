"""The gate process: its composition root, its start, and its end."""
