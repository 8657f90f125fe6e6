"""The gate to your AWS sandbox: one integration-test suite, embedded or real, proven and clean."""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0.dev0"
