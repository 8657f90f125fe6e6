"""Taking secrets out of what is written down.

Two tools: `redact_text` for text that may quote a secret that is known, and `redact_parameters` for values
nobody has looked at, where names and shapes have to tell. Both err towards too little being written.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

__all__ = ["MASK", "redact_parameters", "redact_text"]

MASK = "[redacted]"

_SHORTEST = 6
"""Shorter secrets are not searched for: they would be found in innocent words."""
_LONGEST_TEXT = 256
_LONGEST_LIST = 32
_DEEPEST = 8

_SECRET_NAME = re.compile(
    r"pass(word|wd|phrase|code)|secret|token|credential|private_?key|api_?key|signature|authorization|"
    r"session_?key|plaintext|auth_?parameters|cookie|x-amz-security",
    re.IGNORECASE,
)
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


def redact_parameters(parameters: Mapping[str, object], *, sensitive: Iterable[str] = ()) -> dict[str, object]:
    """Parameters of a call as JSON values fit to be written down.

    Args:
        parameters: parsed members of a request.
        sensitive: member names that the service model marks as sensitive, beside those that sound like it.

    Returns:
        The same shape; secrets masked, bytes replaced by their length, long texts and lists cut.
    """
    marked = frozenset(name.lower() for name in sensitive)
    return {name: _member(name, value, marked, 0) for name, value in parameters.items()}


def _member(name: str, value: object, marked: frozenset[str], depth: int) -> object:
    if name.lower() in marked or _SECRET_NAME.search(name):
        # A number or a flag under such a name is a setting (`MaxSessionDuration`, `IncludeToken`), not a secret.
        return value if value is None or isinstance(value, bool | int | float) else MASK
    return _value(value, marked, depth)


def _value(value: object, marked: frozenset[str], depth: int) -> object:
    match value:
        case None | bool() | int() | float():
            return value
        case bytes() | bytearray() | memoryview():
            return f"<{len(value)} bytes>"
        case Mapping() if depth < _DEEPEST:
            return _mapping(value, marked, depth + 1)
        case list() | tuple() | set() | frozenset() if depth < _DEEPEST:
            items = [_value(item, marked, depth + 1) for item in list(value)[:_LONGEST_LIST]]
            return [*items, f"<{len(value) - _LONGEST_LIST} more>"] if len(value) > _LONGEST_LIST else items
        case Mapping() | list() | tuple() | set() | frozenset():
            return "<deeper>"
    return _text(str(value))


def _mapping(value: Mapping[object, object], marked: frozenset[str], depth: int) -> dict[str, object]:
    """A table; a pair of the form `{Key: password, Value: …}` is judged by its key, as AWS lists are."""
    pairs = {str(name): item for name, item in value.items()}
    label = next((str(pairs[key]) for key in ("Key", "Name", "ParameterKey", "key", "name") if key in pairs), "")
    hidden = bool(label and _SECRET_NAME.search(label))
    return {
        name: MASK if hidden and "value" in name.lower() else _member(name, item, marked, depth)
        for name, item in pairs.items()
    }


def _text(value: str) -> str:
    if _SECRET_VALUE.search(value):
        return MASK
    return value if len(value) <= _LONGEST_TEXT else f"{value[:_LONGEST_TEXT]}<{len(value) - _LONGEST_TEXT} more>"
