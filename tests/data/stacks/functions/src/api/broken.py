"""A function that does not import."""

from __future__ import annotations

import a_module_that_nobody_has  # type: ignore[import-not-found]


def lambda_handler(event: object, context: object) -> object:
    """Never reached."""
    return a_module_that_nobody_has
