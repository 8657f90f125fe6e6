"""The pytest plugin: a run for every pytest session of a project that asks for one, and the fixtures of its tests."""

from __future__ import annotations

__all__: list[str] = []
