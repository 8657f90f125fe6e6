"""A function that fails when it is called."""

from __future__ import annotations


def lambda_handler(event: dict[str, str], context: object) -> str:
    """Look for a key that is not there."""
    print("looking for the key")
    return event["a key that is not there"]
