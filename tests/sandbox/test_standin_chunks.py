"""Chunks: the example that AWS publishes is taken, and what differs from it is not; trailing checksums are looked at.

Source: S3 API Reference, "Signature calculations … transferring payload in multiple chunks".
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.sandbox.standin.chunks import Signer, check_chunks
from tests.sandbox.standin.hosts import place
from tests.sandbox.standin.keys import Key
from tests.sandbox.standin.messages import Refused, Request
from tests.sandbox.standin.signatures import claim, verify

NOW = datetime(2013, 5, 24, tzinfo=UTC)
KEY = Key(access_key_id="AKIAIOSFODNN7EXAMPLE", secret="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
SIGNED = (
    "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;"
    "x-amz-storage-class"
)
SCOPE = f"{KEY.access_key_id}/20130524/us-east-1/s3/aws4_request"
SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
SIGNATURES = (
    "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
    "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
    "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
)
BODY = b"".join(
    b"%x;chunk-signature=%s\r\n%s\r\n" % (size, signature.encode(), b"a" * size)
    for size, signature in zip((65536, 1024, 0), SIGNATURES, strict=True)
)
EXAMPLE = Request(
    method="PUT",
    target="/examplebucket/chunkObject.txt",
    headers=(
        ("host", "s3.amazonaws.com"),
        ("x-amz-date", "20130524T000000Z"),
        ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ("authorization", f"AWS4-HMAC-SHA256 Credential={SCOPE},SignedHeaders={SIGNED},Signature={SEED}"),
        ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
        ("content-encoding", "aws-chunked"),
        ("x-amz-decoded-content-length", "66560"),
        ("content-length", "66824"),
    ),
    body=BODY,
)


def _verdict(request: Request) -> str:
    """What is wrong with it; empty is nothing."""
    where, claimed = place(request.host), claim(request)
    assert where is not None
    assert claimed is not None
    try:
        verify(request, claimed, KEY, where, NOW, lax=False)
    except Refused as refused:
        return refused.kind
    return ""


def test_the_published_example_is_taken() -> None:
    assert (len(BODY), _verdict(EXAMPLE)) == (66824, "")


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda body: body.replace(b"aaa\r\n400;", b"aab\r\n400;"), "signature"),
        (lambda body: body.replace(b"0055", b"1155"), "signature"),
        (lambda body: body.replace(b"\r\n0;chunk-signature=b6", b"\r\n0;chunk-signature=b7"), "signature"),
        (lambda body: body[: body.index(b"400;")] + body[body.index(b"0;chunk-signature=b6") :], "signature"),
        (lambda body: body[: body.index(b"0;chunk-signature=b6")], "incomplete"),
        (lambda body: body[:1000], "incomplete"),
        (lambda body: body.replace(b"10000;", b"zz;"), "incomplete"),
        (lambda body: body[:-2] + b"x-amz-checksum-crc32:AAAAAA==\r\n\r\n", "trailer"),
        (lambda _body: b"a" * 66560, "incomplete"),
    ],
    ids=["data", "signature", "last signature", "a chunk less", "no end", "half", "no size", "trailer", "no chunks"],
)
def test_other_chunks_are_refused(change: Callable[[bytes], bytes], kind: str) -> None:
    assert _verdict(replace(EXAMPLE, body=change(BODY))) == kind


STREAM = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
SUM = base64.b64encode(zlib.crc32(b"hello").to_bytes(4, "big")).decode()


def _trailing(trailer: str, *, length: str = "5", promised: str = "x-amz-checksum-crc32") -> Request:
    return Request(
        method="PUT",
        target="/b/k",
        headers=(
            ("content-encoding", "gzip,aws-chunked"),
            ("x-amz-decoded-content-length", length),
            ("x-amz-trailer", promised),
        ),
        body=f"5\r\nhello\r\n0\r\n{trailer}\r\n".encode(),
    )


@pytest.mark.parametrize(
    ("request_", "kind"),
    [
        (_trailing(f"x-amz-checksum-crc32:{SUM}\r\n"), ""),
        (_trailing("x-amz-checksum-crc32:AAAAAA==\r\n"), "checksum"),
        (_trailing(""), "trailer"),
        (_trailing(f"x-amz-checksum-crc32:{SUM}\r\n", promised=""), "trailer"),
        (_trailing("x-amz-checksum-sha1:x\r\n"), "trailer"),
        (_trailing(f"x-amz-checksum-crc32:{SUM}\r\n", length="6"), "incomplete"),
        (replace(_trailing(f"x-amz-checksum-crc32:{SUM}\r\n"), headers=()), "request"),
    ],
    ids=["right", "sum", "no trailer", "not promised", "another", "length", "no encoding"],
)
def test_trailers(request_: Request, kind: str) -> None:
    found = ""
    try:
        check_chunks(request_, STREAM, Signer(key=b"", stamp="", scope="", seed=""))
    except Refused as refused:
        found = refused.kind
    assert found == kind
