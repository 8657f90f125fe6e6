"""Sending a call upstream and its answer back: framing made anew, bodies streamed, answers rewritten where needed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from sandgate.gate.exchange import Exchange
from sandgate.gate.parts import Parts
from sandgate.gate.upstream import Address, UpstreamFaultError, UpstreamResponse
from sandgate.tiers._model import Target
from sandgate.wire.http import Response

__all__ = ["HOP_BY_HOP", "Body", "Outgoing", "forward"]

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "expect",
        "content-length",
    }
)
"""Fields of one connection, and framing; neither is forwarded (RFC 9110, 7.6.1)."""

_REWRITE_LIMIT = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Body:
    """What goes upstream as the body."""

    data: bytes | AsyncIterator[bytes] = field(repr=False)
    length: int | None
    """Bytes when known, else it goes chunked."""
    payload: str
    """What stands for it in the upstream signature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A request that is ready to be sent."""

    method: str
    path: str
    query: str
    headers: list[tuple[str, str]] = field(repr=False)
    """All but framing, Host among them."""
    body: bytes | AsyncIterator[bytes] = field(repr=False)
    length: int | None
    """Bytes of the body when known, else it goes chunked."""
    target: Target

    def head(self) -> bytes:
        """Request line and fields (RFC 9112, 3)."""
        where = f"{self.target.base_path}{self.path}" + (f"?{self.query}" if self.query else "")
        lines = [f"{self.method} {where} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.length is None:
            lines.append("transfer-encoding: chunked")
        elif self.length or self.method not in ("GET", "HEAD", "DELETE", "OPTIONS"):
            lines.append(f"content-length: {self.length}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def _framed(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for piece in body:
        if piece:
            yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


async def forward(
    exchange: Exchange, outgoing: Outgoing, parts: Parts, *, rewrite: tuple[str, str] | None
) -> tuple[int, str]:
    """Send, and stream the answer back.

    Args:
        exchange: the client's side.
        outgoing: what to send.
        parts: pool and rewriter.
        rewrite: service and operation when the answer has members that are rewritten.

    Returns:
        Status and the error code of an answer that failed, as far as its headers tell.

    Raises:
        UpstreamFaultError: the upstream broke before a byte of an answer was passed on.
    """
    body = outgoing.body
    if not isinstance(body, bytes) and outgoing.length is None:
        body = _framed(body)
    target = outgoing.target
    host, port = target.address
    address = Address(unix=target.unix) if target.unix else Address(host=host, port=port, tls=target.tls)
    response, connection = await parts.pool.send(address, outgoing.method, outgoing.head(), body)
    try:
        if rewrite is not None:
            await _answer_rewritten(exchange, response, parts, rewrite)
        else:
            await _answer(exchange, response)
    except BaseException:
        parts.pool.discard(connection)
        raise
    parts.pool.release(connection, response)
    return response.status, _error_code(response)


async def _answer(exchange: Exchange, response: UpstreamResponse) -> None:
    headers = [(n, v) for n, v in response.headers if n not in HOP_BY_HOP]
    length = next((int(v) for n, v in response.headers if n == "content-length" and v.isdecimal()), None)
    whole = response.whole()
    if whole is not None and exchange.request.method != "HEAD":
        length = len(whole)
    exchange.start(response.status, headers, length=length, first=whole or b"")
    if whole is None:
        try:
            async for piece in response.chunks():
                await exchange.write(piece)
        except UpstreamFaultError:
            exchange.abort()  # half an answer must not look like a whole one
            return
    exchange.finish()


async def _answer_rewritten(
    exchange: Exchange, response: UpstreamResponse, parts: Parts, rewrite: tuple[str, str]
) -> None:
    body = response.whole()
    if body is None:
        pieces: list[bytes] = []
        size = 0
        async for piece in response.chunks():
            size += len(piece)
            if size > _REWRITE_LIMIT:
                raise UpstreamFaultError("an answer that must be rewritten is over 8 MiB")
            pieces.append(piece)
        body = b"".join(pieces)
    headers = [(n, v) for n, v in response.headers if n not in HOP_BY_HOP]
    headers, body = parts.rewriter.response(*rewrite, headers, body)
    exchange.respond(Response(response.status, tuple(headers), body))


def _error_code(response: UpstreamResponse) -> str:
    if response.status < 400:  # noqa: PLR2004
        return ""
    for name, value in response.headers:
        if name == "x-amzn-errortype":
            return value.partition(":")[0]
    return str(response.status)
