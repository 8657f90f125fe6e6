"""Sending a call upstream and its answer back: framing made anew, bodies streamed, answers rewritten where needed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus

from sandgate.core.call import Call
from sandgate.gate.arriving import SMALL
from sandgate.gate.exchange import Exchange
from sandgate.gate.granting import mint_token
from sandgate.gate.heads import NO_BODY
from sandgate.gate.lending import hand_over, waiting
from sandgate.gate.parts import Parts
from sandgate.gate.receiving import UpstreamFaultError
from sandgate.gate.response import UpstreamResponse
from sandgate.gate.upstream import Address, UpstreamConnection
from sandgate.tiers._emulator_lent import LENDS
from sandgate.tiers._model import Denial, Target
from sandgate.wire.denials import READ, error_code
from sandgate.wire.http import Headers, Response
from sandgate.wire.signing.credential import Credential

__all__ = ["Body", "Edit", "Outgoing", "Reading", "accepted", "forward"]

Edit = Callable[[int, list[tuple[str, str]], bytes], tuple[list[tuple[str, str]], bytes]]
"""Given status, headers and body of an answer; gives headers and body."""

_HELD_LIMIT = 8 * 1024 * 1024
_BODILESS_METHODS = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})
_FAILED = 400
_DENYING = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


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
    used: Credential | None = field(default=None, repr=False)
    """The tier's credential that signed it, where one did."""
    again: Callable[[], Outgoing] | None = field(default=None, repr=False)
    """The same request, signed anew."""

    def head(self) -> bytes:
        """Request line and fields (RFC 9112, 3)."""
        where = f"{self.target.base_path}{self.path}" + (f"?{self.query}" if self.query else "")
        lines = [f"{self.method} {where} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.length is None:
            lines.append("transfer-encoding: chunked")
        elif self.length or self.method not in _BODILESS_METHODS:
            lines.append(f"content-length: {self.length}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")


@dataclass(slots=True, kw_only=True)
class Reading:
    """What the gate does with an answer besides passing it on; a held body is bounded."""

    rewrite: bool = False
    """Members of the answer are rewritten."""
    observe: bool = False
    """The body is wanted afterwards."""
    edit: Edit | None = field(default=None, repr=False)
    """Changes what the client gets, after everything else."""
    call: Call | None = None
    body: bytes = field(default=b"", repr=False)
    """The answer's body, when it was wanted; at least its beginning, when it failed."""
    headers: Headers = ()
    """The answer's headers, when its body was wanted."""


async def _framed(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for piece in body:
        if piece:
            yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


async def forward(exchange: Exchange, outgoing: Outgoing, parts: Parts, reading: Reading) -> tuple[int, str]:
    """Send, and stream the answer back.

    Args:
        exchange: the client's side.
        outgoing: what to send.
        parts: pool and rewriter.
        reading: what to do with the answer.

    Returns:
        Status, and the error code of an answer that failed, as far as its headers tell.

    Raises:
        UpstreamFaultError: the upstream broke before a byte of an answer was passed on.
    """
    lends = exchange.lendable and _may_lend(outgoing, reading)
    if lends:
        outgoing.headers.append((LENDS, "1"))
    response, connection = await accepted(outgoing, parts)
    try:
        if lends and (body := waiting(response)):
            await hand_over(exchange, response, outgoing.target.lent, body)
        elif reading.rewrite or reading.observe or reading.edit is not None:
            await _answer_held(exchange, response, parts, reading)
        else:
            reading.body = await _answer(exchange, response)
    except BaseException:
        connection.discard()
        raise
    status = response.status
    code = error_code(status, response.headers, reading.body) if status >= _FAILED else ""
    parts.pool.release(connection)  # from here on the response is the next request's
    return status, code


def _may_lend(outgoing: Outgoing, reading: Reading) -> bool:
    """Whether the answer may go to the client without passing the gate: nothing of it is read or changed here."""
    call = reading.call
    objects = call is not None and (call.service, call.operation) == ("s3", "GetObject")
    unread = not reading.rewrite and not reading.observe and reading.edit is None
    return bool(objects and unread and outgoing.target.lent)


async def accepted(outgoing: Outgoing, parts: Parts) -> tuple[UpstreamResponse, UpstreamConnection]:
    """Send, and once more with a new signature where the tier has mended what the first was denied for.

    AWS checks signatures before it does anything, so a call that is denied so has not been carried out.

    Args:
        outgoing: what to send.
        parts: pool and upstream.

    Returns:
        The response, once its head is here, and its connection, which the caller gives back to the pool.

    Raises:
        UpstreamFaultError: the upstream broke, or took a body that is gone now and must come again.
    """
    response, connection = await _send(outgoing, parts)
    if outgoing.again is None or parts.upstream.aws is None or response.status not in _DENYING:
        return response, connection
    try:
        mended = await _mended(response, outgoing, parts)
    except BaseException:
        connection.discard()
        raise
    if not mended:
        return response, connection
    connection.discard()
    if not isinstance(outgoing.body, bytes):  # it has been sent and is gone; whoever has it sends it again
        raise UpstreamFaultError("the gate has renewed its credentials or its clock; send the call again")
    return await _send(outgoing.again(), parts)


async def _send(outgoing: Outgoing, parts: Parts) -> tuple[UpstreamResponse, UpstreamConnection]:
    body = outgoing.body
    if not isinstance(body, bytes) and outgoing.length is None:
        body = _framed(body)
    target = outgoing.target
    host, port = target.address
    address = Address(unix=target.unix) if target.unix else Address(host=host, port=port, tls=target.tls)
    return await parts.pool.send(address, outgoing.method, outgoing.head(), body)


async def _mended(response: UpstreamResponse, outgoing: Outgoing, parts: Parts) -> bool:
    """Whether the upstream has not taken the signature, and the tier has since renewed what made it."""
    if not await response.settle(SMALL):
        return False
    body = response.peek()
    fields = dict(response.headers)
    code = error_code(response.status, response.headers, body)
    message = body[:READ].decode("utf-8", "replace")
    denial = Denial(code=code, message=message, date=fields.get("date", ""), credential=outgoing.used)
    return await parts.upstream.mend(denial)


async def _answer(exchange: Exchange, response: UpstreamResponse) -> bytes:
    """Pass an answer on; what comes back is its beginning where it failed, else nothing."""
    if response.length is not None and response.length <= SMALL:
        await response.end()
    whole = response.whole() if exchange.request.method != "HEAD" else None
    length = response.length if whole is None or response.status in NO_BODY else len(whole)
    exchange.start(response.status, response.fields, length=length, first=whole or b"")
    said = whole or b""
    if whole is None:
        try:
            async for piece in response.chunks():
                if response.status >= _FAILED and len(said) < READ:
                    said += bytes(piece[:READ])
                response.reclaim(exchange.unsent)  # before the write: what was handed on ends with the last piece
                await exchange.write(piece)
                if response.status < _FAILED:
                    response.pour_into(exchange)
        except UpstreamFaultError:
            exchange.abort()  # half an answer must not look like a whole one
            return b""
    exchange.finish()
    return said if response.status >= _FAILED else b""


async def _answer_held(exchange: Exchange, response: UpstreamResponse, parts: Parts, reading: Reading) -> None:
    body = response.whole()
    if body is None:
        pieces: list[bytes | memoryview] = []  # none is reclaimed, so they stay as they are
        size = 0
        async for piece in response.chunks():
            size += len(piece)
            if size > _HELD_LIMIT:
                raise UpstreamFaultError(f"an answer that must be held is over {_HELD_LIMIT} bytes")
            pieces.append(piece)
        body = b"".join(pieces)
    headers = list(response.headers)
    if reading.observe:
        reading.body, reading.headers = body, tuple(headers)
    elif response.status >= _FAILED:
        reading.body = body[:READ]
    if reading.rewrite and reading.call is not None:
        call, url = reading.call, parts.urls.get(exchange.label, "")
        mint = partial(mint_token, parts, call)
        headers, body = parts.rewriter.response(
            call.service, call.operation, headers, body, gate_url=url, mint_token=mint
        )
    if reading.edit is not None:
        headers, body = reading.edit(response.status, headers, body)
    exchange.respond(Response(response.status, tuple(headers), body))
