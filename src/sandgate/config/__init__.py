"""Configuration: each option declared once, ranked sources, and where every value came from."""

from __future__ import annotations

__all__: list[str] = []
