"""The canonical request of SigV4 and what is computed from it.

Rules: AWS General Reference, "Create a signed AWS API request"; for S3, "Authenticating Requests (AWS Signature
Version 4)". Text that came off the wire is kept as `str` with undecodable bytes as surrogates, and encoded back so.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

__all__ = [
    "ALGORITHM",
    "canonical_query",
    "collapse",
    "double_encoded",
    "raw_query",
    "remove_dots",
    "single_encoded",
    "string_to_sign",
]

ALGORITHM = "AWS4-HMAC-SHA256"

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ENCODED = tuple(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in range(256))
_PLAIN_PATH = re.compile(r"[A-Za-z0-9\-._~/]*")
_PLAIN_QUERY = re.compile(r"[A-Za-z0-9\-._~=&]*")
_PATH_TOKEN = re.compile(r"%[0-9A-Fa-f]{2}|[^A-Za-z0-9\-._~/]")
_QUERY_TOKEN = re.compile(r"%[0-9A-Fa-f]{2}|[^A-Za-z0-9\-._~]")
_TO_ENCODE = re.compile(r"[^A-Za-z0-9\-._~/]")
_SPACES = re.compile(r"[ \t\r\n\f\v]+")


def _encode(text: str) -> str:
    return "".join(_ENCODED[byte] for byte in text.encode("utf-8", "surrogateescape"))


def _normal_token(match: re.Match[str]) -> str:
    token = match[0]
    return _ENCODED[int(token[1:], 16)] if len(token) == 3 else _encode(token)  # noqa: PLR2004 - "%XX"


def _normal(text: str, *, plus: str) -> str:
    """Every escape in upper case, none for unreserved characters, one for everything else."""
    return _QUERY_TOKEN.sub(_normal_token, text.replace("+", plus))


def single_encoded(path: str) -> str:
    """The path as S3 signs it: escapes spelled canonically, nothing decoded twice, no segment removed."""
    return path if _PLAIN_PATH.fullmatch(path) else _PATH_TOKEN.sub(_normal_token, path)


def double_encoded(path: str) -> str:
    """The path as other services sign it: the path as sent, encoded once more."""
    return path if _PLAIN_PATH.fullmatch(path) else _TO_ENCODE.sub(lambda match: _encode(match[0]), path)


def remove_dots(path: str) -> str:
    """Remove `.`, `..` and empty segments (RFC 3986, 5.2.4; AWS also merges slashes)."""
    if "//" not in path and "/." not in path:
        return path or "/"
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            if kept:
                kept.pop()
        elif segment and segment != ".":
            kept.append(segment)
    tail = "/" if kept and path.endswith("/") else ""
    return f"/{'/'.join(kept)}{tail}"


def canonical_query(query: str, *, without: str = "", plus: str = "%20") -> str:
    """Parameters encoded canonically and sorted by name, then value.

    Args:
        query: as sent, without the `?`.
        without: name of a parameter to leave out, that of the signature itself.
        plus: what a `+` stands for; a space to most readers, itself to a few signers.
    """
    if not query:
        return ""
    plain = _PLAIN_QUERY.fullmatch(query) is not None
    pairs = []
    for piece in query.split("&"):
        if not piece:
            continue
        name, _, value = piece.partition("=")
        if not plain or "=" in value:
            name, value = _normal(name, plus=plus), _normal(value, plus=plus)
        if name != without or not without:
            pairs.append((name, value))
    pairs.sort()
    return "&".join([f"{name}={value}" for name, value in pairs])


def raw_query(query: str, *, without: str = "") -> str:
    """Parameters sorted but spelled as sent, which is how botocore signs a URL that it did not build."""
    pieces = [piece.partition("=") for piece in query.split("&")] if query else []
    return "&".join(
        f"{name}={value}" for name, value in sorted((n, v) for n, _, v in pieces if not without or n != without)
    )


def collapse(value: str) -> str:
    """A header value without white space around it, and with single spaces in it."""
    if "  " in value or "\t" in value:
        value = _SPACES.sub(" ", value)
    return value.strip()


def string_to_sign(
    method: str,
    path: str,
    query: str,
    headers: Iterable[tuple[str, str]],
    signed_headers: str,
    payload: str,
    *,
    date: str,
    scope: str,
) -> str:
    """The string to sign of a request whose parts are already canonical.

    Args:
        method: as sent.
        path: canonical path.
        query: canonical query.
        headers: signed headers in order, values collapsed.
        signed_headers: their names joined by `;`.
        payload: hash of the body, or what stands for it.
        date: `YYYYMMDDTHHMMSSZ`.
        scope: `YYYYMMDD/region/service/aws4_request`.
    """
    lines = "".join([f"{name}:{value}\n" for name, value in headers])
    canonical = f"{method}\n{path}\n{query}\n{lines}\n{signed_headers}\n{payload}"
    digest = hashlib.sha256(canonical.encode("utf-8", "surrogateescape")).hexdigest()
    return f"{ALGORITHM}\n{date}\n{scope}\n{digest}"
