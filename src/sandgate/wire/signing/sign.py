"""`sign`: what goes upstream is signed anew, always with SigV4 in the Authorization header."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import unquote_plus

from sandgate.wire.signing.canonical import (
    ALGORITHM,
    canonical_query,
    collapse,
    double_encoded,
    remove_dots,
    single_encoded,
    string_to_sign,
)
from sandgate.wire.signing.credential import Credential
from sandgate.wire.signing.faults import S3_NAMES

__all__ = ["hoisted_headers", "sign", "strip_query_auth", "without_signature"]

_REMOVED = frozenset(
    {"authorization", "x-amz-date", "x-amz-security-token", "x-amz-s3session-token", "x-amz-content-sha256"}
)
_ALSO_SIGNED = frozenset({"host", "content-type", "content-md5"})
_QUERY_AUTH = frozenset(
    {
        "X-Amz-Algorithm",
        "X-Amz-Content-Sha256",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-S3session-Token",
        "X-Amz-Security-Token",
        "X-Amz-Signature",
        "X-Amz-SignedHeaders",
        "AWSAccessKeyId",
        "Expires",
        "Signature",
        "x-amz-security-token",
    }
)
_HEX_LENGTH = 64


def sign(
    request_method: str,
    path: str,
    query: str,
    headers: Iterable[tuple[str, str]],
    credential: Credential,
    *,
    region: str,
    service: str,
    payload: str,
    now: datetime,
    token_name: str = "x-amz-security-token",  # noqa: S107 - a header's name
) -> list[tuple[str, str]]:
    """Sign a request for upstream.

    Signed are the headers that AWS demands (host, content-type, every `x-amz-`) and Content-MD5.

    Args:
        request_method: upper case.
        path: raw path, as it will be sent.
        query: raw query, as it will be sent; presign parameters removed by `strip_query_auth`.
        headers: those to send, the upstream's Host among them; names in any case.
        credential: the real credential.
        region: region of the scope.
        service: signing name of the scope.
        payload: hash of the body in hexadecimal, `UNSIGNED-PAYLOAD` or `STREAMING-UNSIGNED-PAYLOAD-TRAILER`.
        now: time of signing.
        token_name: header for the session token, another one for S3 Express sessions (`Presented.token_name`).

    Returns:
        The headers to send: old signature, date and token removed, new ones at the end.
    """
    date = f"{now:%Y%m%dT%H%M%SZ}"
    scope = f"{date[:8]}/{region}/{service}/aws4_request"
    s3 = service in S3_NAMES
    sent, had_hash = _kept(headers)
    sent.append(("x-amz-date", date))
    if had_hash or s3 or len(payload) != _HEX_LENGTH:
        sent.append(("x-amz-content-sha256", payload))
    if credential.session_token:
        sent.append((token_name, credential.session_token))
    signed = _signed(sent)
    names = ";".join([name for name, _ in signed])
    canonical_path = single_encoded(path) if s3 else double_encoded(remove_dots(path))
    text = string_to_sign(
        request_method, canonical_path, canonical_query(query), signed, names, payload, date=date, scope=scope
    )
    value = credential.signing_key(date[:8], region, service).sign(text)
    who = f"Credential={credential.access_key_id}/{scope}"
    sent.append(("authorization", f"{ALGORITHM} {who}, SignedHeaders={names}, Signature={value}"))
    return sent


def without_signature(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """What stays of headers that are signed anew: no signature, date, token or hash of the body."""
    return _kept(headers)[0]


def _kept(headers: Iterable[tuple[str, str]]) -> tuple[list[tuple[str, str]], bool]:
    """What stays of the headers, and whether the hash of the body was among them."""
    kept: list[tuple[str, str]] = []
    had_hash = False
    for name, value in headers:
        lower = name.lower()
        if lower not in _REMOVED:
            kept.append((name, value))
        elif lower == "x-amz-content-sha256":
            had_hash = True
    return kept, had_hash


def _signed(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Canonical headers: those that are signed, sorted, the values of repeated ones joined."""
    found: dict[str, str] = {}
    for name, value in headers:
        lower = name.lower()
        if lower.startswith("x-amz-") or lower in _ALSO_SIGNED:
            text = collapse(value)
            found[lower] = f"{found[lower]},{text}" if lower in found else text
    return sorted(found.items())


def strip_query_auth(query: str) -> str:
    """Remove what presigning added, SigV4 and SigV2, and leave every other byte where it was."""
    if not query:
        return ""
    kept = [piece for piece in query.split("&") if _name(piece) not in _QUERY_AUTH]
    return "&".join(kept)


def hoisted_headers(query: str) -> list[tuple[str, str]]:
    """Headers that presigning moved into the query of an S3 URL.

    S3 reads them there only while the query carries the signature, so a request that is signed anew in its headers
    must carry them as headers.

    Returns:
        Lower-case names and decoded values, in order; without those of the signature itself.
    """
    found = []
    for piece in query.split("&"):
        name, _, value = piece.partition("=")
        name = unquote_plus(name).lower()
        if name.startswith("x-amz-") or name in {"content-type", "content-md5"}:
            found.append((name, unquote_plus(value, errors="surrogateescape")))
    auth = {name.lower() for name in _QUERY_AUTH}
    return [(name, value) for name, value in found if name not in auth]


def _name(piece: str) -> str:
    name = piece.partition("=")[0]
    return unquote_plus(name, errors="surrogateescape") if "%" in name else name
