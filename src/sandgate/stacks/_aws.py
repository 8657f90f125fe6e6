"""Errors of AWS clients as errors for people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sandgate.errors import RunError, StackError

__all__ = ["aws_errors", "error_code", "error_message"]

_REFUSAL = "sandgate refused this call"
_ITEMS = re.compile(r"; (?=(?:value|from|to allow it): )")


def error_code(error: Any) -> str:
    """The code of a client error, `ValidationError`; for answers without body the status, `404`."""
    return str(error.response.get("Error", {}).get("Code", ""))


def error_message(error: Any) -> str:
    """What the service said; what the gate said in its place with one line for each item."""
    message = str(error.response.get("Error", {}).get("Message", "")) or str(error)
    return _ITEMS.sub("\n  ", message) if message.startswith(_REFUSAL) else message


@contextmanager
def aws_errors(message: str, *, where: str = "", hint: str = "") -> Iterator[None]:
    """Raise what a service refuses as StackError and what never reached it as RunError.

    Args:
        message: what could not be done.
        where: the thing that it was about.
        hint: what would be right, if that is known.

    Raises:
        StackError: the service answered with an error.
        RunError: there was no usable answer.
    """
    # Imported here, as the front ends may not import botocore before they need it.
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415
    from botocore.parsers import ResponseParserError  # noqa: PLC0415

    try:
        yield
    except ClientError as error:
        raise StackError(f"{message}: {error_code(error)}: {error_message(error)}", where=where, hint=hint) from error
    except BotoCoreError as error:
        raise RunError(f"{message}: {error}", where=where, hint=hint) from error
    except ResponseParserError:
        # Its text quotes the answer, which may be a parameter that is a secret.
        raise RunError(f"{message}: an answer that cannot be read", where=where, hint=hint) from None
