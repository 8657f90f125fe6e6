"""`verify`: is this request the one that the holder of the key signed?"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sandgate.wire.http import Request, WireError
from sandgate.wire.signing.canonical import (
    canonical_query,
    collapse,
    double_encoded,
    raw_query,
    remove_dots,
    single_encoded,
    string_to_sign,
)
from sandgate.wire.signing.credential import Credential
from sandgate.wire.signing.faults import S3_NAMES, access_denied, bad_token, malformed, mismatch, not_signed
from sandgate.wire.signing.presented import Presented
from sandgate.wire.signing.v2 import v2_signatures

__all__ = ["EMPTY_SHA256", "PayloadHash", "verify"]

EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()

_UNSIGNED_ALLOWED = frozenset({"x-amz-content-sha256"})


class PayloadHash:
    """Compares a body with the hash that its head declared, while it streams."""

    def __init__(self, declared: str) -> None:
        self._declared = declared
        self._hash = hashlib.sha256()

    def feed(self, data: bytes) -> None:
        """Take the next piece of the body."""
        self._hash.update(data)

    def check(self) -> None:
        """Compare at the end of the body.

        Raises:
            WireError: the body is not the one that was signed.
        """
        if not hmac.compare_digest(self._hash.hexdigest(), self._declared):
            raise WireError(
                "XAmzContentSHA256Mismatch",
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
            )


def verify(
    presented: Presented, request: Request, credential: Credential, *, payload_sha256: str | None, now: datetime
) -> None:
    """Check a claimed signature against the key that it names.

    The date of a signed header is not compared with the clock, since tests freeze clocks; the lifetime of a
    presigned request is.

    Args:
        presented: what `sandgate.wire.signing.presented.presented` read from this request.
        request: its head.
        credential: the credential of `presented.access_key_id`.
        payload_sha256: hash of the body, needed when `presented.payload` is empty; otherwise the signature covers
            the declared value, and the body is compared with that by `PayloadHash`.
        now: the time, for presigned requests.

    Raises:
        WireError: expired, wrong token, unsigned parts, or not the signature of this request.
    """
    _check_expiry(presented, now)
    if not hmac.compare_digest(presented.token.encode(errors="replace"), credential.session_token.encode()):
        raise bad_token(presented.dialect)
    if presented.scheme in ("v2-query", "v2-header"):
        candidates: Iterator[str] = v2_signatures(presented, request, credential)
    else:
        payload = presented.payload or payload_sha256
        if payload is None:
            raise malformed(presented.dialect, "The hash of the body is not known.")
        candidates = _v4_signatures(presented, request, credential, payload)
    for candidate in candidates:
        if hmac.compare_digest(candidate, presented.signature):
            return
    raise mismatch(presented.dialect)


def _check_expiry(presented: Presented, now: datetime) -> None:
    if presented.scheme == "v2-query":
        until = presented.expires
    elif presented.scheme == "v4-query":
        try:
            signed = datetime.strptime(presented.date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except ValueError:
            raise malformed(presented.dialect, "X-Amz-Date is not a date.", query=True) from None
        until = int((signed + timedelta(seconds=presented.expires)).timestamp())
    else:
        return
    if now.timestamp() > until:
        raise access_denied("Request has expired")


def _v4_signatures(presented: Presented, request: Request, credential: Credential, payload: str) -> Iterator[str]:
    """The signature over the documented canonical request, then over other spellings of the same request.

    SDKs build paths and queries that all spellings agree on. The others are for clients that sign what they send
    (as botocore does with a URL it did not build) where AWS would normalise it.
    """
    _check_signed(presented, request)
    fields = request.fields
    try:
        headers = [(name, collapse(fields[name])) for name in presented.signed_headers]
    except KeyError:
        raise mismatch(presented.dialect) from None
    names = ";".join(presented.signed_headers)
    key = credential.signing_key(presented.date[:8], presented.region, presented.service)
    scope = presented.scope
    without = "X-Amz-Signature" if presented.scheme == "v4-query" else ""
    for query in _distinct(_queries(request.query, without)):
        for path in _distinct(_paths(request.path, presented.service)):
            text = string_to_sign(
                request.method, path, query, headers, names, payload, date=presented.date, scope=scope
            )
            yield key.sign(text)


def _check_signed(presented: Presented, request: Request) -> None:
    """Refuse `x-amz-` headers that the signature does not cover, as "Create a signed AWS API request" demands.

    `x-amz-content-sha256` is covered in any case, as the last line of the canonical request.
    """
    signed = presented.signed_headers
    loose = [
        name
        for name in request.fields
        if name not in signed and name.startswith("x-amz-") and name not in _UNSIGNED_ALLOWED
    ]
    if loose:
        raise not_signed(presented.dialect, loose)


def _distinct(texts: Iterator[str]) -> Iterator[str]:
    seen: set[str] = set()
    for text in texts:
        if text not in seen:
            seen.add(text)
            yield text


def _queries(query: str, without: str) -> Iterator[str]:
    yield canonical_query(query, without=without)
    yield canonical_query(query, without=without, plus="%2B")
    yield raw_query(query, without=without)


def _paths(path: str, service: str) -> Iterator[str]:
    if service in S3_NAMES:
        yield single_encoded(path)
        yield path
        return
    yield double_encoded(remove_dots(path))
    yield double_encoded(path)
    yield single_encoded(path)
    yield path
