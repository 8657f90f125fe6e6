"""Answers that say no: the error code of an answer that failed, and whether it means that the caller may not.

Codes are in a header or in the body, by protocol: `x-amzn-errortype` and `__type` (AWS JSON protocols, "Operation error
serialization", Smithy 2.0), `Code` (AWS query, EC2 and REST-XML protocols).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["READ", "error_code", "is_denial"]

READ = 4096
"""Bytes of a body within which its code stands."""

_XML = re.compile(rb"<Code>\s*([A-Za-z0-9_.:-]{1,128})\s*</Code>")
_JSON = re.compile(rb'"(?:__type|code|Code)"\s*:\s*"([^"\\]{1,256})"')
_CBOR_TYPE = b"\x66__type"
_CBOR_SHORT = range(0x60, 0x78)
_CBOR_ONE_BYTE = 0x78
_DENIALS = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "AuthorizationErrorException",
        "KMSAccessDeniedException",
        "UnauthorizedAccess",
        "UnauthorizedOperation",
    }
)
"""As the services word it: SNS says AuthorizationError, EC2 UnauthorizedOperation, Lambda has one for its keys."""
_BARE = "403"
"""The answer to HEAD has no body, and so no code."""


def error_code(status: int, headers: Iterable[tuple[str, str]], body: bytes) -> str:
    """The error code of an answer.

    Args:
        status: HTTP status.
        headers: names in lower case.
        body: its beginning; may be empty.

    Returns:
        The code without namespace, the status where there is no code to be read, and nothing below 400.
    """
    if status < 400:  # noqa: PLR2004 - RFC 9110, 15.5
        return ""
    for name, value in headers:
        if name == "x-amzn-errortype":
            return _bare(value)
    head = body[:READ]
    found = _XML.search(head) or _JSON.search(head)
    if found:
        return _bare(found[1].decode("utf-8", "replace"))
    return _bare(_of_cbor(head)) or str(status)


def is_denial(status: int, code: str) -> bool:
    """Whether such an answer means that the caller lacks a permission."""
    return code in _DENIALS or (code == _BARE and status == int(_BARE))


def _bare(code: str) -> str:
    """`aws.protocols#Name:http://…` without what stands around the name."""
    return code.partition(":")[0].rpartition("#")[2]


def _of_cbor(head: bytes) -> str:
    """The text after the key `__type` (RFC 8949, 3.1: major type 3)."""
    _, found, rest = head.partition(_CBOR_TYPE)
    if not found or not rest:
        return ""
    if rest[0] in _CBOR_SHORT:
        text = rest[1 : 1 + rest[0] - _CBOR_SHORT.start]
    elif rest[0] == _CBOR_ONE_BYTE and len(rest) > 1:
        text = rest[2 : 2 + rest[1]]
    else:
        return ""
    return text.decode("utf-8", "replace")
