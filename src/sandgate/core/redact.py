"""Taking secrets out of what is written down.

Two tools: `redact_text` for text that may quote a secret that is known, and `redact_parameters` for values
nobody has looked at. No list of what is secret can be complete: a password stands in a message, an item, a variable of
a function, under any name. So the second goes the other way round: text is masked unless it is listed as a name.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import TypeAlias
from urllib.parse import quote

__all__ = ["MASK", "redact_parameters", "redact_text"]

_Paths: TypeAlias = Collection[tuple[str, ...]]

MASK = "[redacted]"

_SHORTEST = 6
"""Shorter secrets are not searched for: they would be found in innocent words."""
_LONGEST_TEXT = 256
_LONGEST_LIST = 32
_SECRET_VALUE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\."  # a JSON Web Token, RFC 7519
    r"|\b(AKIA|ASIA)[A-Z0-9]{16}\b"  # IAM's unique identifiers: access keys, long-lived and temporary
    r"|X-Amz-(Signature|Security-Token|Credential)=|AWS4-HMAC-SHA256 |AWS [A-Z0-9]{16,}:"
    r"|\b[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@",  # a URL with a password
    re.IGNORECASE,
)


def redact_text(text: str, secrets: Iterable[str]) -> str:
    """The text without the secrets, in any of the spellings they travel in.

    Args:
        text: what is about to be written.
        secrets: known secrets; each is looked for as it is, JSON-escaped, percent-encoded and in base64.
    """
    for secret in sorted({secret for secret in secrets if len(secret) >= _SHORTEST}, key=len, reverse=True):
        for form in _spellings(secret):
            text = text.replace(form, MASK)
    return text


def _spellings(secret: str) -> tuple[str, ...]:
    encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
    escaped = json.dumps(secret)[1:-1]
    return (secret, escaped, escaped.replace("/", "\\/"), quote(secret, safe=""), quote(secret), encoded)


def redact_parameters(parameters: Mapping[str, object], *, shown: _Paths = ()) -> dict[str, object]:
    """Parameters of a call as JSON values fit to be written down.

    Numbers, flags and times that stand under a member of the service model stay; text, bytes and whatever a client may
    give keys of its own are replaced by type and size, except where a path of `shown` leads.

    Args:
        parameters: parsed members of a request, none but those of the service model.
        shown: paths to text that is a name: members, `*` for each entry of a list, `@` for the keys of a map.

    Returns:
        The same members; shown text that still looks like a secret masked, long texts and lists cut.
    """
    return {name: _view(value, _below(shown, name)) for name, value in parameters.items()}


def _below(paths: _Paths, step: str) -> _Paths:
    return [path[1:] for path in paths if path and path[0] == step]


def _view(value: object, paths: _Paths) -> object:
    """What stands under a member, or in a list under one; never what stands in a map, where data may be keys too."""
    match value:
        case None | bool() | int() | float():
            return value
        case datetime():
            return value.isoformat()
        case str() if () in paths:
            return _text(value)
        case Mapping() if any(path and path[0] != "*" for path in paths):
            return _mapping(value, paths)
        case list() if below := _below(paths, "*"):
            return _list(value, below)
    return _masked(value)


def _mapping(value: Mapping[object, object], paths: _Paths) -> dict[str, object]:
    if _below(paths, "@"):
        return {_text(str(key)): _masked(item) for key, item in value.items()}
    # A path with a member's name in it leads to a structure only, so all names here are the model's.
    return {str(name): _view(item, _below(paths, str(name))) for name, item in value.items()}


def _list(value: list[object], paths: _Paths) -> list[object]:
    items = [_view(item, paths) for item in value[:_LONGEST_LIST]]
    return [*items, f"<{len(value) - _LONGEST_LIST} more>"] if len(value) > _LONGEST_LIST else items


def _masked(value: object) -> str:
    match value:
        case str():
            return f"[redacted {len(value)} chars]"
        case bytes() | bytearray():
            return f"[redacted {len(value)} bytes]"
        case Mapping():
            return f"[redacted {len(value)} members]"
        case list():
            return f"[redacted {len(value)} entries]"
    return MASK


def _text(value: str) -> str:
    if _SECRET_VALUE.search(value):
        return MASK
    return value if len(value) <= _LONGEST_TEXT else f"{value[:_LONGEST_TEXT]}<{len(value) - _LONGEST_TEXT} more>"
