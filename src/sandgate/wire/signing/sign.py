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
    signature,
    single_encoded,
    string_to_sign,
)
from sandgate.wire.signing.credential import Credential
from sandgate.wire.signing.faults import S3_NAMES

__all__ = ["hoisted_headers", "sign", "strip_query_auth"]

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


def sign(  # noqa: PLR0913 - the parts of a request and the scope to sign it for
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

    Signed are the headers that AWS demands (host, content-type, every `x-amz-`) and Content-MD5; not those that an
    HTTP library may add or change on the way.

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
    kept: list[tuple[str, str]] = []
    signed: dict[str, str] = {"x-amz-date": date}
    had_hash = service in S3_NAMES or len(payload) != _HEX_LENGTH
    for name, value in headers:
        lower = name.lower()
        if lower in _REMOVED:
            had_hash = had_hash or lower == "x-amz-content-sha256"
            continue
        kept.append((name, value))
        if lower.startswith("x-amz-") or lower in _ALSO_SIGNED:
            text = collapse(value)
            signed[lower] = f"{signed[lower]},{text}" if lower in signed else text
    added = [("x-amz-date", date)]
    if had_hash:
        added.append(("x-amz-content-sha256", payload))
        signed["x-amz-content-sha256"] = payload
    if credential.session_token:
        added.append((token_name, credential.session_token))
        signed[token_name] = credential.session_token
    canonical_path = single_encoded(path) if service in S3_NAMES else double_encoded(remove_dots(path))
    scope = f"{date[:8]}/{region}/{service}/aws4_request"
    names = ";".join(sorted(signed))
    text = string_to_sign(
        request_method,
        canonical_path,
        canonical_query(query),
        sorted(signed.items()),
        names,
        payload,
        date=date,
        scope=scope,
    )
    value = signature(credential.signing_key(date[:8], region, service), text)
    added.append(
        (
            "authorization",
            f"{ALGORITHM} Credential={credential.access_key_id}/{scope}, SignedHeaders={names}, Signature={value}",
        )
    )
    return kept + added


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
