"""aws-chunked bodies: the examples of the S3 documentation, then everything that must be refused."""

from __future__ import annotations

import hashlib
import hmac
import io
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from botocore.httpchecksum import AwsChunkedWrapper, Crc32Checksum
from hypothesis import given
from hypothesis import strategies as st

from sandgate.wire.http import WireError
from sandgate.wire.signing.chunked import ChunkDecoder, UnsignedTrailerEncoder
from sandgate.wire.signing.credential import Credential

DATE = "20130524T000000Z"
SCOPE = "20130524/us-east-1/s3/aws4_request"
EXAMPLE = Credential("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
KEY = EXAMPLE.signing_key("20130524", "us-east-1", "s3")
RAW = b"AWS4" + EXAMPLE.secret_access_key.encode()
for _part in ("20130524", "us-east-1", "s3", "aws4_request"):
    RAW = hmac.digest(RAW, _part.encode(), "sha256")
SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
TRAILED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
PAYLOAD = b"a" * 66560
# Amazon S3 API Reference, "Transferring payload in multiple chunks", example.
SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
DOCUMENTED = (
    b"10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n"
    + b"a" * 65536
    + b"\r\n400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n"
    + b"a" * 1024
    + b"\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n"
)
# The same, "Including trailing headers".
TRAILED_SEED = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
DOCUMENTED_CHUNKS = (
    b"10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n"
    + b"a" * 65536
    + b"\r\n400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n"
    + b"a" * 1024
    + b"\r\n0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n"
)
TRAILER = b"x-amz-checksum-crc32c:sOO8/Q=="
TRAILER_SIGNATURE = b"x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"
DOCUMENTED_TRAILED = DOCUMENTED_CHUNKS + TRAILER + b"\r\n" + TRAILER_SIGNATURE + b"\r\n\r\n"


def signed_decoder(**more: Any) -> ChunkDecoder:
    return ChunkDecoder(SIGNED, SEED, KEY, SCOPE, DATE, **more)


def trailed_decoder(**more: Any) -> ChunkDecoder:
    return ChunkDecoder(TRAILED, TRAILED_SEED, KEY, SCOPE, DATE, **more)


def decode(decoder: ChunkDecoder, pieces: Iterable[bytes]) -> tuple[bytes, dict[str, str]]:
    payload = b"".join(piece for data in pieces for piece in decoder.feed(data))
    return payload, decoder.finish()


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@pytest.mark.parametrize("size", [7, 64, 4096, 65536, 10**6])
def test_documented_example(size: int) -> None:
    assert decode(signed_decoder(decoded_length=66560), cut(DOCUMENTED, size)) == (PAYLOAD, {})


@pytest.mark.parametrize("size", [11, 4096, 10**6])
@pytest.mark.parametrize(
    "end",
    [
        TRAILER + b"\r\n" + TRAILER_SIGNATURE + b"\r\n\r\n",
        TRAILER + b"\n\r\n" + TRAILER_SIGNATURE + b"\r\n\r\n",
        b"\r\n" + TRAILER + b"\r\n" + TRAILER_SIGNATURE + b"\r\n\r\n",
    ],
)
def test_documented_example_with_trailer(size: int, end: bytes) -> None:
    decoder = trailed_decoder(decoded_length=66560, declared_trailers=["x-amz-checksum-crc32c"])
    assert decode(decoder, cut(DOCUMENTED_CHUNKS + end, size)) == (PAYLOAD, {"x-amz-checksum-crc32c": "sOO8/Q=="})


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_what_botocore_frames(size: int) -> None:
    body = AwsChunkedWrapper(
        io.BytesIO(PAYLOAD), checksum_cls=Crc32Checksum, checksum_name="x-amz-checksum-crc32", chunk_size=30000
    ).read()
    payload, trailers = decode(ChunkDecoder(UNSIGNED, decoded_length=66560), cut(body, size))
    assert payload == PAYLOAD
    assert trailers.keys() == {"x-amz-checksum-crc32"}


def test_a_chunk_is_given_only_when_verified() -> None:
    decoder = signed_decoder()
    head = DOCUMENTED.index(b"\r\n") + 2
    assert decoder.feed(DOCUMENTED[: head + 65536]) == []
    assert b"".join(decoder.feed(b"\r\n")) == b"a" * 65536


def test_unsigned_chunks_are_given_at_once() -> None:
    assert ChunkDecoder(UNSIGNED).feed(b"ffffffff\r\nabc") == [b"abc"]


def mutations(body: bytes) -> list[bytes]:
    """Every byte outside the long runs of payload changed, and a few inside."""
    places = [at for at in range(len(body)) if body[at : at + 3] != b"aaa"] + [100, 30000, 66000]
    return [body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :] for at in places]


@pytest.mark.parametrize(("body", "make"), [(DOCUMENTED, signed_decoder), (DOCUMENTED_TRAILED, trailed_decoder)])
def test_no_byte_can_change(body: bytes, make: Any) -> None:
    for changed in mutations(body):
        try:
            result = decode(make(decoded_length=66560, declared_trailers=None), [changed])
        except WireError as refused:
            assert 400 <= refused.status < 500  # noqa: PT017
        else:
            assert result[0] == PAYLOAD
            pytest.fail(f"accepted {changed[:40]!r}…")


@pytest.mark.parametrize(("body", "make"), [(DOCUMENTED, signed_decoder), (DOCUMENTED_TRAILED, trailed_decoder)])
def test_no_end_is_early(body: bytes, make: Any) -> None:
    for end in [*range(300), *range(65600, len(body))]:
        decoder = make(decoded_length=66560)
        decoder.feed(body[:end])
        with pytest.raises(WireError, match="IncompleteBody"):
            decoder.finish()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"zz\r\n", "InvalidRequest"),
        (b"\r\n", "InvalidRequest"),
        (b"-1\r\n", "InvalidRequest"),
        (b"+1\r\na\r\n0\r\n\r\n", "InvalidRequest"),
        (b"1_0\r\n", "InvalidRequest"),
        (b"11111111111111111\r\n", "InvalidRequest"),
        (b"1 \r\n", "InvalidRequest"),
        (b"1;chunk-signature=" + b"0" * 64 + b"\r\n", "InvalidRequest"),
        (b"1" * 9000, "InvalidRequest"),
        (b"1\r\nab\r\n", "InvalidRequest"),
        (b"3\r\nabc\r\n0\r\nx-amz-checksum-a:1\r\n\r\nx\r\n", "InvalidRequest"),
        (b"4\r\nabcd\r\n0\r\n\r\n", "IncompleteBody"),
        (b"2\r\nab\r\n0\r\nx-amz-checksum-a:1\r\n\r\n", "IncompleteBody"),
        (b"3\r\nabc\r\n0\r\nno colon\r\n\r\n", "MalformedTrailerError"),
        (b"3\r\nabc\r\n0\r\nx-amz-checksum-a:1\r\nx-amz-checksum-a:2\r\n\r\n", "MalformedTrailerError"),
        (b"3\r\nabc\r\n0\r\nx-amz-checksum-a:\x01\r\n\r\n", "MalformedTrailerError"),
        (b"3\r\nabc\r\n0\r\nx-amz-checksum-b:1\r\n\r\n", "MalformedTrailerError"),
        (b"3\r\nabc\r\n0\r\n\r\n", "MalformedTrailerError"),
        (b"3\r\nabc\r\n0\r\nx-amz-checksum-a:" + b"1" * 9000, "InvalidRequest"),
        (b"3\r\nabc\r\n0\r\n" + b"".join(b"x-amz-checksum-a%d:1\r\n" % n for n in range(40)), "MalformedTrailerError"),
        (b"3\nabc\r\n0\r\nx-amz-checksum-a:1\r\n\r\n", "InvalidRequest"),
        (b"3\n\r\nabc\r\n0\r\nx-amz-checksum-a:1\r\n\r\n", "InvalidRequest"),
        (b"3\r\nabc\n0\r\nx-amz-checksum-a:1\r\n\r\n", "InvalidRequest"),
        (b"3\r\nabc\r\n0\nx-amz-checksum-a:1\r\n\r\n", "InvalidRequest"),
        (b"3\r\nabc\r\n0\r\nx-amz-checksum-a:1\nx-amz-copy-source:/b/k\r\n\r\n", "MalformedTrailerError"),
        (b"3\r\nabc\r\n0\r\nx-amz-copy-source:/b/k\r\n\r\n", "MalformedTrailerError"),
        (b"3\r\nabc\r\n0\r\nx-amz-trailer-signature:1\r\n\r\n", "MalformedTrailerError"),
    ],
)
def test_garbage(body: bytes, code: str) -> None:
    decoder = ChunkDecoder(UNSIGNED, decoded_length=3, declared_trailers=["x-amz-checksum-a"])
    with pytest.raises(WireError) as caught:
        decode(decoder, [body])
    assert caught.value.code == code


def test_unknown_kind_is_a_bug_of_the_caller() -> None:
    with pytest.raises(ValueError, match="UNSIGNED-PAYLOAD"):
        ChunkDecoder("UNSIGNED-PAYLOAD")


def test_a_signed_kind_needs_signed_chunks() -> None:
    with pytest.raises(WireError, match="InvalidRequest"):
        signed_decoder().feed(b"1\r\na\r\n")


def test_trailers_need_a_kind_with_trailers() -> None:
    with pytest.raises(WireError, match="MalformedTrailerError"):
        decode(signed_decoder(), [DOCUMENTED[:-2] + TRAILER + b"\r\n\r\n"])


def test_missing_trailer_signature() -> None:
    for end in (b"\r\n\r\n\r\n", TRAILER + b"\r\n\r\n\r\n\r\n"):
        with pytest.raises(WireError, match="MalformedTrailerError"):
            decode(trailed_decoder(), [DOCUMENTED_CHUNKS + end])


def test_no_trailer_after_the_signature_of_the_trailers() -> None:
    body = DOCUMENTED_CHUNKS + TRAILER + b"\r\n" + TRAILER_SIGNATURE + b"\r\nother:1\r\n\r\n"
    with pytest.raises(WireError, match="MalformedTrailerError"):
        decode(trailed_decoder(), [body])


def test_large_signed_chunks_are_refused_before_they_come() -> None:
    with pytest.raises(WireError, match="larger than 8388608"):
        signed_decoder().feed(b"800001;chunk-signature=" + b"0" * 64 + b"\r\n")


def sign_body(chunks: list[bytes], trailers: dict[str, str] | None) -> bytes:
    """An independent signer, straight from the documentation."""

    def mac(text: str) -> str:
        return hmac.new(RAW, text.encode(), hashlib.sha256).hexdigest()

    previous = SEED
    body = b""
    empty = hashlib.sha256(b"").hexdigest()
    for chunk in [*chunks, b""]:
        digest = hashlib.sha256(chunk).hexdigest()
        previous = mac(f"AWS4-HMAC-SHA256-PAYLOAD\n{DATE}\n{SCOPE}\n{previous}\n{empty}\n{digest}")
        body += b"%x;chunk-signature=%s\r\n" % (len(chunk), previous.encode()) + chunk + (b"\r\n" if chunk else b"")
    if trailers is not None:
        lines = "".join(f"{name}:{value}\n" for name, value in trailers.items())
        digest = hashlib.sha256(lines.encode()).hexdigest()
        signature = mac(f"AWS4-HMAC-SHA256-TRAILER\n{DATE}\n{SCOPE}\n{previous}\n{digest}")
        body += lines.replace("\n", "\r\n").encode() + f"x-amz-trailer-signature:{signature}\r\n".encode()
    return body + b"\r\n"


@given(
    chunks=st.lists(st.binary(min_size=1, max_size=50), max_size=5),
    trailers=st.none()
    | st.dictionaries(st.sampled_from(["x-amz-checksum-crc32", "x-amz-checksum-sha1"]), st.just("v w"), min_size=1),
    cuts=st.lists(st.integers(0, 900), max_size=10),
)
def test_any_chunks_in_any_pieces(chunks: list[bytes], trailers: dict[str, str] | None, cuts: list[int]) -> None:
    body = sign_body(chunks, trailers)
    kind = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" if trailers is None else "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
    places = sorted({0, len(body), *(at for at in cuts if at < len(body))})
    decoder = ChunkDecoder(kind, SEED, KEY, SCOPE, DATE, decoded_length=sum(map(len, chunks)))
    payload, found = decode(decoder, [body[a:b] for a, b in pairwise(places)])
    assert payload == b"".join(chunks)
    assert found == (trailers or {})


@given(pieces=st.lists(st.binary(max_size=60), max_size=10), least=st.integers(1, 100))
def test_encoder_and_decoder_agree(pieces: list[bytes], least: int) -> None:
    encoder = UnsignedTrailerEncoder(least)
    sent = [part for piece in pieces for part in encoder.feed(piece)]
    sent += encoder.finish({"x-amz-checksum-crc32": "AAAAAA=="})
    whole = b"".join(pieces)
    decoder = ChunkDecoder(
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER", decoded_length=len(whole), declared_trailers=["x-amz-checksum-crc32"]
    )
    assert decode(decoder, [b"".join(sent)]) == (whole, {"x-amz-checksum-crc32": "AAAAAA=="})


def test_encoder_gathers_small_pieces() -> None:
    encoder = UnsignedTrailerEncoder(8)
    assert encoder.feed(b"1234") == []
    assert b"".join(encoder.feed(b"56789")) == b"9\r\n123456789\r\n"
    assert encoder.feed(b"") == []
    assert b"".join(encoder.finish({})) == b"0\r\n\r\n"
