"""Answers that hold tokens of registries: the client gets surrogates, the real ones go to whoever mints those.

`tokens.json` lists them. A test compares it with the models.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib import resources

from sandgate.rewrite.body import read
from sandgate.rewrite.document import Found, RewriteError, steps_of

__all__ = ["GivenToken", "holds_tokens", "swap_tokens", "token_operations"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenToken:
    """A token as an answer has it."""

    real: str = field(repr=False)
    endpoint: str
    """URL of the registry; empty where the answer names none."""
    expires: datetime | None


@cache
def _table() -> Mapping[tuple[str, str], Mapping[str, str]]:
    text = resources.files("sandgate.rewrite").joinpath("tokens.json").read_text(encoding="utf-8")
    return {
        (row["service"], row["operation"]): {
            name: f"{row['at']}.{row[name]}" for name in ("token", "expires", "endpoint")
        }
        for row in json.loads(text)["tokens"]
    }


def token_operations() -> frozenset[tuple[str, str]]:
    """Service and operation of every call whose answer holds one."""
    return frozenset(_table())


def holds_tokens(service: str, operation: str) -> bool:
    """Whether answers of the operation hold one."""
    return (service, operation) in _table()


def swap_tokens(
    service: str, operation: str, content_type: str, body: bytes, mint: Callable[[GivenToken], str] | None
) -> bytes:
    """Replace the tokens in an answer; every other byte stays.

    Args:
        service: botocore's service name.
        operation: operation name.
        content_type: of the answer.
        body: the answer.
        mint: takes a token, gives what the client is to see; None where nobody does.

    Returns:
        The body as it came when it holds none, as an error answer does.

    Raises:
        RewriteError: the body cannot be read, or nobody mints; it must not be passed on.
    """
    paths = _table().get((service, operation))
    if paths is None:
        return body
    document = read(content_type, operation, body, steps_of(paths.values()))
    others = {(member.parent, member.path): member.text for member in document.found}
    changes: dict[Found, str] = {}
    for member in document.found:
        if member.path != paths["token"]:
            continue
        if mint is None:
            raise RewriteError("the answer holds a token, and nobody keeps it")
        given = GivenToken(
            real=member.text,
            endpoint=others.get((member.parent, paths["endpoint"]), ""),
            expires=_moment(others.get((member.parent, paths["expires"]), "")),
        )
        changes[member] = mint(given)
    return document.replaced(changes) if changes else body


def _moment(text: str) -> datetime | None:
    """The end of a token: seconds since 1970; None for what is none."""
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except (OSError, OverflowError, ValueError):
        return None
