"""The server's patience: half-sent requests, lingering clients, draining."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from sandgate.gate.exchange import Exchange
from sandgate.gate.server import Connection
from sandgate.wire.http import Response, WireError

HEAD = b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n"


async def _echo(exchange: Exchange) -> None:
    try:
        body = await exchange.body(1000)
    except WireError as error:
        exchange.respond(Response(error.status, (), error.code.encode()))
    else:
        exchange.respond(Response(200, (), body))


def talk(
    data: bytes,
    *,
    handler: Callable[[Exchange], Awaitable[None]] = _echo,
    then: Callable[[Connection], None] = lambda _connection: None,
    later: bytes = b"",
    stall_seconds: float = 60,
) -> bytes:
    """Send, let something happen to the connection, send more, and read until the end or nothing comes."""

    async def run() -> bytes:
        connections: set[Connection] = set()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: Connection(handler, label="main", open_connections=connections, stall_seconds=stall_seconds),
            "127.0.0.1",
        )
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(data)
        while not connections:  # noqa: ASYNC110 - the server says nothing when it has taken one
            await asyncio.sleep(0)
        await _quiet(5)
        for connection in list(connections):
            then(connection)
        writer.write(later)
        found = b""
        while True:
            reading = asyncio.ensure_future(reader.read(65536))
            if await _quiet(50, until=reading):
                reading.cancel()
                found += b"(open)"
                break
            if not (piece := await reading):
                break
            found += piece
        writer.close()
        server.close()
        return found

    return asyncio.run(run())


async def _quiet(turns: int, until: asyncio.Future[bytes] | None = None) -> bool:
    """Whether the loop turned so many times, a hundredth of a second each, before something came.

    Turns are counted: a machine that was busy elsewhere for a second has turned once.
    """
    for _ in range(turns):
        if until is not None and until.done():
            return False
        await asyncio.sleep(0.01)
    return until is None or not until.done()


def patience(seconds: float) -> Callable[[Connection], None]:
    """As if so much time had passed."""
    return lambda connection: connection.check_patience(asyncio.get_running_loop().time() + seconds)


def test_a_body_that_does_not_come_is_408_for_the_handler() -> None:
    assert talk(HEAD + b"ab", then=patience(61)).startswith(b"HTTP/1.1 408")


def test_a_head_that_does_not_come_is_a_plain_408() -> None:
    said = talk(b"GET / HTTP/1.1\r\nHost", then=patience(61))
    assert said.startswith(b"HTTP/1.1 408")
    assert b"head did not come in time" in said


@pytest.mark.parametrize("data", [b"", HEAD + b"12345"])
def test_idle_connections_stay_open(data: bytes) -> None:
    assert talk(data, then=patience(10_000)).endswith(b"(open)")
    assert talk(HEAD + b"12345", then=patience(10_000), later=HEAD + b"67890").count(b"200 OK") == 2


def test_a_request_that_moves_is_waited_for() -> None:
    assert talk(HEAD + b"ab", then=patience(30), later=b"cde").endswith(b"abcde(open)")


def test_a_refused_client_that_goes_on_sending_is_cut_in_the_end() -> None:
    async def refuse(exchange: Exchange) -> None:
        exchange.respond(Response(403, (), b"no"))

    assert talk(HEAD, handler=refuse, then=patience(31)).endswith(b"no")


def test_draining_closes_idle_connections_and_finishes_others() -> None:
    done: list[bool] = []

    def drain(connection: Connection) -> None:
        connection.drain(lambda: done.append(True))

    assert talk(b"", then=drain) == b""
    assert done == []

    async def slow(exchange: Exchange) -> None:
        await asyncio.sleep(0.2)
        exchange.respond(Response(200, (), b"late"))

    said = talk(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", handler=slow, then=drain)
    assert said.endswith(b"late")
    assert b"connection: close" in said
    assert done == [True]


def test_requests_wait_for_their_turn_and_are_bounded() -> None:
    order: list[str] = []

    async def note(exchange: Exchange) -> None:
        order.append(exchange.request.path)
        await asyncio.sleep(0)
        exchange.respond(Response(200, (), b""))

    many = b"".join(b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % number for number in range(100))
    assert talk(many, handler=note).count(b"200 OK") == 100
    assert order == [f"/{number}" for number in range(100)]
    too_many = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n" * 1000
    assert b"too many pipelined requests" in talk(too_many, handler=note)


def test_a_failing_handler_closes_its_connection_only() -> None:
    async def fail(exchange: Exchange) -> None:
        exchange.abort()

    assert talk(HEAD + b"12345", handler=fail) == b""
    assert talk(HEAD + b"12345").endswith(b"12345(open)")


def test_a_waiting_request_is_not_asked_for_its_body_inside_anothers_answer() -> None:
    async def slow(exchange: Exchange) -> None:
        if exchange.request.path == "/first":
            exchange.start(200, [], length=10, first=b"01234")
            await asyncio.sleep(0.1)
            await exchange.write(b"56789")
            exchange.finish()
        else:
            await _echo(exchange)

    first = b"GET /first HTTP/1.1\r\nHost: h\r\n\r\n"
    said = talk(first + HEAD.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"), handler=slow)
    assert b"\r\n\r\n0123456789HTTP/1.1 100 Continue\r\n\r\n" in said


def test_a_body_that_was_left_to_nobody_is_read_and_dropped() -> None:
    """Else a client that sends before it reads would wait for ever."""
    reading: list[bool] = []

    async def leaves_it(exchange: Exchange) -> None:
        assert exchange.lend_body() == b""
        exchange.respond(Response(503, (), b"not now"))

    def look(connection: Connection) -> None:
        reading.append(connection.transport.is_reading())
        connection.transport.abort()

    assert talk(HEAD, handler=leaves_it, then=look).endswith(b"not now")
    assert reading == [True]


@pytest.mark.parametrize(
    "behind",
    [
        pytest.param(b"GET /b HTTP/1.1\r\nHost: h\r\n\r\n", id="a request"),
        pytest.param(b"GET /b HTTP/1.1\r\nHost", id="half a request"),
        pytest.param(b"nonsense\r\n\r\n", id="nonsense"),
    ],
)
def test_nothing_is_done_of_what_comes_behind_a_close(behind: bytes) -> None:
    """RFC 9112, 9.6: its answer would have nowhere to go."""
    asked: list[str] = []

    async def refuse(exchange: Exchange) -> None:
        asked.append(exchange.request.path)
        if len(asked) == 1:
            exchange.respond(Response(403, (), b"no"))

    said = talk(HEAD, handler=refuse, later=b"12345" + behind)
    assert b"connection: close" in said
    assert said.endswith(b"no")
    assert asked == ["/a"]
