"""What goes wrong on purpose: faults that a test sets, and AWS's own timing, simulated before emulators."""

from __future__ import annotations

__all__: list[str] = []
