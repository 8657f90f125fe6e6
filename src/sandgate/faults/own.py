"""How what sandgate's fixtures ask in a test's name is told from the test's own calls."""

from __future__ import annotations

__all__ = ["OWN"]

OWN = "md/sandgate#own"
"""In the User-Agent. It protects nothing: a test that says so of its own calls spares them its own faults."""
