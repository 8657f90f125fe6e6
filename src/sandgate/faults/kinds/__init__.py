"""Faults that a test can set, one file each."""

from __future__ import annotations

__all__: list[str] = []
