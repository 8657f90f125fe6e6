"""Bodies on their way: compared with what was signed; streamed ones verified, never held, and cut off on a mismatch."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from sandgate.gate.exchange import Exchange
from sandgate.gate.flow import Flow
from sandgate.gate.forward import Body
from sandgate.wire.http import Request, WireError
from sandgate.wire.signing.chunked import CHUNKED_KINDS, ChunkDecoder, UnsignedTrailerEncoder
from sandgate.wire.signing.credential import Credential
from sandgate.wire.signing.presented import Presented
from sandgate.wire.signing.verify import PayloadHash

__all__ = ["StreamPlan", "as_framed", "buffered_body", "stream_plan"]

_UNSIGNED = "UNSIGNED-PAYLOAD"
_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
_CHUNK_HEADERS = frozenset({"x-amz-decoded-content-length", "x-amz-trailer"})
_HASH_LENGTH = 64
_HASH_BATCH = 512 * 1024
"""Bytes that are hashed at a time; twice as many are held while they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamPlan:
    """How a streamed body goes upstream."""

    headers: list[tuple[str, str]] = field(repr=False)
    body: Body


def buffered_body(flow: Flow, raw: bytes, payload: str, headers: list[tuple[str, str]]) -> bytes:
    """The body of a call that is held whole, chunk framing removed.

    Args:
        flow: the call, its signature verified.
        raw: the body as it came.
        payload: its hash.
        headers: the client's; when framing is removed, what described it goes and its trailers become headers.

    Raises:
        WireError: not the body that was signed.
    """
    claim, credential = flow.claim, flow.credential
    if claim is None or credential is None:
        return raw
    if len(claim.payload) == _HASH_LENGTH and not hmac.compare_digest(claim.payload, payload):
        PayloadHash(claim.payload).check()
    if claim.payload not in CHUNKED_KINDS:
        return raw
    decoder = _decoder(flow.request, claim, credential)
    body = b"".join(decoder.feed(raw))
    trailers = decoder.finish()
    headers[:] = [*_plain_headers(headers), *trailers.items()]
    return body


def stream_plan(
    exchange: Exchange, claim: Presented | None, credential: Credential | None, headers: list[tuple[str, str]]
) -> StreamPlan:
    """Decide by what the client declared about its body.

    A hash is compared and the last piece held back until it matched; signed chunks are verified one by one and
    re-framed without signatures, since the upstream's would need another key; unsigned trailers pass as they are.

    Args:
        exchange: whose body it is.
        claim: the verified claim, `None` for an unsigned call.
        credential: what the client signed with, for signed chunks.
        headers: the client's, framing removed.
    """
    request = exchange.request
    declared = claim.payload if claim else ""
    length = _length(request)
    if claim is not None and credential is not None and declared.startswith("STREAMING-AWS4"):
        return _signed_chunks(exchange, claim, credential, headers)
    if claim is not None and credential is not None and declared == _TRAILER:
        return StreamPlan(headers=headers, body=Body(as_framed(exchange, claim, credential), length, _TRAILER))
    if len(declared) == _HASH_LENGTH:
        return StreamPlan(headers=headers, body=Body(_hashed(exchange, declared), length, declared))
    return StreamPlan(headers=headers, body=Body(exchange.chunks(), length, _UNSIGNED))


async def as_framed(exchange: Exchange, claim: Presented, credential: Credential) -> AsyncIterator[bytes]:
    """A body as it came; the last piece of one in chunks only once they and their trailers are what they may be.

    Args:
        exchange: whose body it is.
        claim: the verified claim.
        credential: what the client signed with.
    """
    if claim.payload not in CHUNKED_KINDS:
        async for piece in exchange.chunks():
            yield piece
        return
    decoder = _decoder(exchange.request, claim, credential)
    held = b""
    async for piece in exchange.chunks():
        decoder.feed(piece)
        if held:
            yield held
        held = piece
    decoder.finish()
    yield held


def _length(request: Request) -> int | None:
    if "transfer-encoding" in request.fields:
        return None
    return int(request.fields.get("content-length", "0"))


async def _hashed(exchange: Exchange, declared: str) -> AsyncIterator[bytes]:
    """Hold one piece back: an upstream that has not got it all stores nothing.

    Hashing is half of what a large upload costs, and leaves the interpreter to others, so it goes to a thread.
    """
    payload, loop = PayloadHash(declared), asyncio.get_running_loop()
    job: asyncio.Future[None] | None = None
    batch: list[bytes] = []
    size, held = 0, b""
    async for piece in exchange.chunks():
        batch.append(piece)
        size += len(piece)
        if size >= _HASH_BATCH:
            if job is not None:
                await job
            job = loop.run_in_executor(None, _feed, payload, batch)
            batch, size = [], 0
        if held:
            yield held
        held = piece
    if job is not None:
        await job
    _feed(payload, batch)
    payload.check()
    yield held


def _feed(payload: PayloadHash, pieces: list[bytes]) -> None:
    for piece in pieces:
        payload.feed(piece)


def _decoder(request: Request, claim: Presented, credential: Credential) -> ChunkDecoder:
    decoded = request.fields.get("x-amz-decoded-content-length", "")
    if not decoded.isdecimal() or not decoded.isascii():
        raise WireError("MissingContentLength", "You must provide the x-amz-decoded-content-length header.", status=411)
    if claim.payload == _TRAILER:
        return ChunkDecoder(_TRAILER, decoded_length=int(decoded))
    return ChunkDecoder(
        claim.payload,
        seed_signature=claim.signature,
        signing_key=credential.signing_key(claim.date[:8], claim.region, claim.service),
        scope=claim.scope,
        date=claim.date,
        decoded_length=int(decoded),
    )


def _signed_chunks(
    exchange: Exchange, claim: Presented, credential: Credential, headers: list[tuple[str, str]]
) -> StreamPlan:
    decoder = _decoder(exchange.request, claim, credential)
    if claim.payload.endswith("-TRAILER"):
        return StreamPlan(headers=headers, body=Body(_reframed(exchange, decoder), None, _TRAILER))
    length = int(exchange.request.fields["x-amz-decoded-content-length"])
    return StreamPlan(headers=_plain_headers(headers), body=Body(_decoded(exchange, decoder), length, _UNSIGNED))


def _plain_headers(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Without what describes chunk framing."""
    kept = [(n, _without_chunked(v) if n == "content-encoding" else v) for n, v in headers if n not in _CHUNK_HEADERS]
    return [(n, v) for n, v in kept if n != "content-encoding" or v]


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
    parts = (part.strip() for part in value.split(","))
    return ",".join(part for part in parts if part and part.lower() != "aws-chunked")
