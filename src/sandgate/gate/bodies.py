"""A streamed body on its way: verified, never held, cut off when it is not what was signed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from sandgate.gate.exchange import Exchange
from sandgate.gate.forward import Body
from sandgate.wire.http import Request, WireError
from sandgate.wire.signing.chunked import ChunkDecoder, UnsignedTrailerEncoder
from sandgate.wire.signing.credential import Credential
from sandgate.wire.signing.presented import Presented
from sandgate.wire.signing.verify import PayloadHash

__all__ = ["StreamPlan", "stream_plan"]

_UNSIGNED = "UNSIGNED-PAYLOAD"
_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
_CHUNK_HEADERS = frozenset({"x-amz-decoded-content-length", "x-amz-trailer"})


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamPlan:
    """How a streamed body goes upstream."""

    headers: list[tuple[str, str]] = field(repr=False)
    body: Body


def stream_plan(
    exchange: Exchange, claim: Presented | None, credential: Credential | None, headers: list[tuple[str, str]]
) -> StreamPlan:
    """Decide by what the client declared about its body.

    Args:
        exchange: whose body it is.
        claim: the verified claim, `None` for an unsigned call.
        credential: what the client signed with, for signed chunks.
        headers: the client's, framing removed.

    A hash is compared and the last piece held back until it matched; signed chunks are verified one by one and
    re-framed without signatures, since the upstream's would need another key; unsigned trailers pass as they are.
    """
    request = exchange.request
    declared = claim.payload if claim else ""
    length = _length(request)
    if claim is not None and declared.startswith("STREAMING-AWS4"):
        assert credential is not None
        return _signed_chunks(exchange, claim, credential, headers)
    if declared == _TRAILER:
        return StreamPlan(headers=headers, body=Body(exchange.chunks(), length, _TRAILER))
    if len(declared) == 64:  # noqa: PLR2004 - hexadecimal SHA-256
        return StreamPlan(headers=headers, body=Body(_hashed(exchange, declared), length, declared))
    return StreamPlan(headers=headers, body=Body(exchange.chunks(), length, _UNSIGNED))


def _length(request: Request) -> int | None:
    if "transfer-encoding" in request.fields:
        return None
    return int(request.fields.get("content-length", "0"))


async def _hashed(exchange: Exchange, declared: str) -> AsyncIterator[bytes]:
    """Hold one piece back: an upstream that has not got it all stores nothing."""
    payload = PayloadHash(declared)
    held = b""
    async for piece in exchange.chunks():
        payload.feed(piece)
        if held:
            yield held
        held = piece
    payload.check()
    yield held


def _signed_chunks(
    exchange: Exchange, claim: Presented, credential: Credential, headers: list[tuple[str, str]]
) -> StreamPlan:
    request = exchange.request
    decoded = request.fields.get("x-amz-decoded-content-length", "")
    if not decoded.isdecimal():
        raise WireError("MissingContentLength", "You must provide the Content-Length HTTP header.", status=411)
    decoder = ChunkDecoder(
        claim.payload,
        seed_signature=claim.signature,
        signing_key=credential.signing_key(claim.date[:8], claim.region, claim.service),
        scope=claim.scope,
        date=claim.date,
        decoded_length=int(decoded),
    )
    if claim.payload.endswith("-TRAILER"):
        return StreamPlan(headers=headers, body=Body(_reframed(exchange, decoder), None, _TRAILER))
    kept = [(n, _without_chunked(v) if n == "content-encoding" else v) for n, v in headers if n not in _CHUNK_HEADERS]
    kept = [(n, v) for n, v in kept if n != "content-encoding" or v]
    return StreamPlan(headers=kept, body=Body(_decoded(exchange, decoder), int(decoded), _UNSIGNED))


async def _decoded(exchange: Exchange, decoder: ChunkDecoder) -> AsyncIterator[bytes]:
    held = b""
    async for piece in exchange.chunks():
        for payload in decoder.feed(piece):
            if held:
                yield held
            held = payload
    decoder.finish()
    yield held


async def _reframed(exchange: Exchange, decoder: ChunkDecoder) -> AsyncIterator[bytes]:
    encoder = UnsignedTrailerEncoder()
    async for piece in exchange.chunks():
        for payload in decoder.feed(piece):
            for framed in encoder.feed(payload):
                yield framed
    for framed in encoder.finish(decoder.finish()):
        yield framed


def _without_chunked(value: str) -> str:
    return ",".join(part for part in (p.strip() for p in value.split(",")) if part and part != "aws-chunked")
