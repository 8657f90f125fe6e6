"""A function that uses its parameter and its layer."""

from __future__ import annotations

import os

from shared_words import PUNCTUATION  # type: ignore[import-not-found]  # in the layer


def lambda_handler(event: object, context: object) -> dict[str, object]:
    """Answer with the greeting."""
    return {"statusCode": 200, "body": os.environ["GREETING"] + PUNCTUATION}
