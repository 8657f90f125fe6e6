"""The gate lends a client's socket to the emulator's side of it, both in this process."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import hashlib
import os
import socket
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sandgate.gate import lent_uploads
from sandgate.gate.arriving import ClientGoneError
from sandgate.gate.exchange import Exchange
from sandgate.gate.forward import Outgoing
from sandgate.gate.lending import hand_over, waiting
from sandgate.gate.lent_uploads import lent_body
from sandgate.gate.receiving import UpstreamFaultError
from sandgate.gate.response import UpstreamResponse
from sandgate.gate.server import Connection
from sandgate.tiers import _emulator_lent
from sandgate.tiers._emulator_lent import DIFFERS, ENDED, LARGE, LENDS, SENT, STALLED, Lent, order, upload_order
from sandgate.tiers._model import Target
from sandgate.wire.http import WireError

BODY = os.urandom(4 << 20)
ASK = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"


class _Response:
    """As much of an answer as is lent for."""

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        self.status = status
        self.fields = [b"%b: %b" % (name.lower(), value) for name, value in headers if name != b"content-length"]


def _application(pieces: list[bytes], fields: list[tuple[bytes, bytes]]) -> Callable[..., Awaitable[None]]:
    async def app(scope: Any, _receive: object, send: Any) -> None:
        if scope["type"] == "lifespan":
            await asyncio.Event().wait()
        await send({"type": "http.response.start", "status": 200, "headers": fields})
        for number, piece in enumerate(pieces, 1):
            await send({"type": "http.response.body", "body": piece, "more_body": number < len(pieces)})

    return app


@contextlib.asynccontextmanager
async def _serving(path: Path) -> AsyncIterator[Lent]:
    """The emulator's side, from its start to its end."""
    lent = Lent(_application([BODY], [(b"x-a", b"b"), (b"content-length", b"4194304")]), str(path / "out.sock"))
    life = asyncio.ensure_future(lent({"type": "lifespan"}, None, cast("Any", None)))
    await asyncio.sleep(0)
    try:
        yield lent
    finally:
        life.cancel()
        await asyncio.wait([life])


async def _ask(lent: Lent, *, lends: bool = True) -> tuple[UpstreamResponse, bytes]:
    """The application's answer: head, and the bytes that came with it."""
    said: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        said.append(message)

    await lent({"type": "http", "headers": [(LENDS.encode(), b"1")] if lends else []}, None, send)
    response = _Response(said[0]["status"], said[0]["headers"])
    return cast("UpstreamResponse", response), b"".join(message["body"] for message in said[1:])


def _run(path: Path, handle: Callable[[Exchange, Lent], Awaitable[None]], client: Callable[..., Any]) -> Any:
    """Let a client talk to a server whose exchanges are handled so."""

    async def scenario() -> Any:
        async with _serving(path) as lent:
            server = await asyncio.get_running_loop().create_server(
                lambda: Connection(lambda exchange: handle(exchange, lent), label="main", open_connections=set()),
                "127.0.0.1",
            )
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            try:
                writer.write(ASK)
                return await asyncio.wait_for(client(reader, writer), 120)
            finally:
                writer.close()
                server.close()

    return asyncio.run(scenario())


async def _all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    writer.write_eof()
    return await reader.read()


def test_the_client_gets_head_and_body_from_the_other_side(tmp_path: Path) -> None:
    out: list[int] = []

    async def handle(exchange: Exchange, lent: Lent) -> None:
        response, came = await _ask(lent)
        body = waiting(response)
        assert (came, response.fields) == (b"", [b"x-a: b"])
        assert body
        assert exchange.lendable
        await hand_over(exchange, response, str(tmp_path / "out.sock"), body)
        out.append(exchange.bytes_out)

    found = _run(tmp_path, handle, _all)
    assert found == b"HTTP/1.1 200 OK\r\nx-a: b\r\ncontent-length: 4194304\r\n\r\n" + BODY
    assert out == [len(BODY)]


def test_a_body_that_nobody_has_is_no_answer(tmp_path: Path) -> None:
    """The other side closes without a word, as when it dies: the client must see that something is missing."""

    async def handle(exchange: Exchange, lent: Lent) -> None:
        response, _ = await _ask(lent)
        await hand_over(exchange, response, str(tmp_path / "out.sock"), (b"0" * 32, len(BODY)))
        assert exchange.bytes_out == 0

    async def client(reader: asyncio.StreamReader, _writer: object) -> bytes:
        try:
            return await reader.read()
        except ConnectionError:
            return b"reset"

    assert _run(tmp_path, handle, client) in (b"", b"reset")


def test_where_nobody_listens_the_upstream_is_at_fault(tmp_path: Path) -> None:
    async def handle(exchange: Exchange, lent: Lent) -> None:
        response, _ = await _ask(lent)
        with pytest.raises(UpstreamFaultError):
            await hand_over(exchange, response, str(tmp_path / "none.sock"), (b"0" * 32, len(BODY)))
        assert not exchange.started  # so that it can still be answered

    assert _run(tmp_path, handle, _all) == b""


def test_a_client_that_leaves_is_not_waited_for(tmp_path: Path) -> None:
    over = asyncio.Event()

    async def handle(exchange: Exchange, lent: Lent) -> None:
        response, _ = await _ask(lent)
        body = waiting(response)
        assert body
        try:
            await hand_over(exchange, response, str(tmp_path / "out.sock"), body)
        finally:  # by ClientGoneError, or because the other side noticed first
            over.set()

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        cast("Any", writer.transport).pause_reading()
        await asyncio.sleep(0)
        writer.transport.abort()
        del reader
        await over.wait()

    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a socket that is left open would warn
        _run(tmp_path, handle, client)
        gc.collect()


@pytest.mark.parametrize(
    ("pieces", "fields", "lends"),
    [
        pytest.param([BODY[: LARGE - 1]], [], True, id="small"),
        pytest.param([BODY[:LARGE], b"more"], [], True, id="in pieces"),
        pytest.param([BODY[:LARGE]], [(b"x-a", b"b" * 9000)], True, id="long head"),
        pytest.param([BODY[:LARGE]], [], False, id="not lent"),
    ],
)
def test_other_answers_pass_as_they_are(
    tmp_path: Path, pieces: list[bytes], fields: list[tuple[bytes, bytes]], lends: bool
) -> None:
    lent = Lent(_application(pieces, [*fields, (b"X-Sandgate-Waits", b"a 1")]), str(tmp_path / "out.sock"))
    response, came = asyncio.run(_ask(lent, lends=lends))
    assert came == b"".join(pieces)
    # Where nothing is lent, the application may say what it likes: nobody reads it.
    assert (waiting(response) is None) == lends


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(order(b"0" * 32, b"HTTP/1.1 200 OK\r\n\r\n"), id="unknown token"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"\0", id="cut"),
    ],
)
def test_an_order_that_means_nothing_is_answered_with_nothing(tmp_path: Path, said: bytes) -> None:
    async def scenario() -> bytes:
        ours, theirs = socket.socketpair()
        with ours, theirs, socket.socket(socket.AF_UNIX) as line:
            async with _serving(tmp_path):
                line.connect(str(tmp_path / "out.sock"))
                if said:
                    socket.send_fds(line, [said], [theirs.fileno()])
                else:
                    line.shutdown(socket.SHUT_WR)
                line.settimeout(0)
                answer = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(line, 10), 90)
            theirs.close()
            ours.settimeout(90)
            assert ours.recv(10) == b""  # it is closed over there too
        return answer

    assert asyncio.run(scenario()) == b""


RIGHT = hashlib.sha256(b"head and rest").hexdigest()


def _upload(
    path: Path, declared: str, sent: bytes | None, *, leaves: bool = False, ends: bool = False
) -> tuple[bytes, bytes, int]:
    """A request of 13 bytes, 9 of which are lent: the word to the gate, what the application got, and the status."""
    got: list[bytes] = []
    said: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await asyncio.Event().wait()
        message = await receive()
        assert not message["more_body"]
        assert scope["headers"] == [(b"content-length", b"13"), (b"x-a", b"b")]
        got.append(bytes(message["body"]))
        await send({"type": "http.response.start", "status": 200, "headers": []})

    pieces = [{"type": "http.request", "body": part, "more_body": part == b"he"} for part in (b"he", b"ad")]

    async def receive() -> Any:
        return pieces.pop(0)

    async def send(message: Any) -> None:
        said.append(message)

    async def scenario() -> bytes:
        lent, token = Lent(app, str(path / "out.sock")), b"a" * 32
        life = asyncio.ensure_future(lent({"type": "lifespan"}, None, cast("Any", None)))
        await asyncio.sleep(0)
        ours, theirs = socket.socketpair()
        with ours, theirs, socket.socket(socket.AF_UNIX) as line:
            line.connect(str(path / "out.sock"))
            if sent is not None:
                ours.sendall(sent)
                socket.send_fds(line, [upload_order(token, 9, declared)], [theirs.fileno()])
            if leaves:
                line.close()
            if ends:
                ours.shutdown(socket.SHUT_WR)
            headers = [(b"content-length", b"4"), (b"x-a", b"b"), (LENDS.encode(), token)]
            await asyncio.wait_for(lent({"type": "http", "headers": headers}, receive, send), 120)
            life.cancel()
            await asyncio.wait([life])
            if leaves or sent is None:
                return b""
            line.settimeout(90)
            return line.recv(10)

    word = asyncio.run(scenario())
    return word, b"".join(got), said[0]["status"]


@pytest.mark.parametrize(
    ("declared", "word", "body", "status"),
    [
        pytest.param(RIGHT, SENT, b"head and rest", 200, id="right"),
        pytest.param("", SENT, b"head and rest", 200, id="none declared"),
        pytest.param(RIGHT[::-1], DIFFERS, b"", 400, id="another"),
    ],
)
def test_the_application_sees_a_body_only_when_it_is_the_one_that_was_signed(
    tmp_path: Path, declared: str, word: bytes, body: bytes, status: int
) -> None:
    assert _upload(tmp_path, declared, b" and rest and more") == (word, body, status)


def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_emulator_lent, "_STALL_SECONDS", 0.05)
    assert _upload(tmp_path, RIGHT, b" and") == (STALLED, b"", 400)
    (tmp_path / "out.sock").unlink()
    assert _upload(tmp_path, RIGHT, None) == (b"", b"", 400)


def test_a_client_that_ends_within_its_body_is_told_of(tmp_path: Path) -> None:
    assert _upload(tmp_path, RIGHT, b" and", ends=True) == (ENDED, b"", 400)


@pytest.mark.parametrize(
    ("word", "says", "code"),
    [
        pytest.param(ENDED, WireError, "IncompleteBody", id="the client"),
        pytest.param(STALLED, WireError, "RequestTimeout", id="the client stands still"),
        pytest.param(DIFFERS, WireError, "XAmzContentSHA256Mismatch", id="another body"),
        pytest.param(b"", UpstreamFaultError, "", id="who has its socket"),
    ],
)
def test_whose_fault_a_body_is_that_never_came(
    monkeypatch: pytest.MonkeyPatch, word: bytes, says: type[Exception], code: str
) -> None:
    async def ask(*_: object) -> bytes:
        return word

    async def read(body: Any) -> None:
        async for _ in body:
            continue

    monkeypatch.setattr(lent_uploads, "ask", ask)
    returned: list[dict[str, bool]] = []
    exchange = SimpleNamespace(
        body_lendable=True, announced=9, lend_body=lambda: b"begun", body_returned=lambda **said: returned.append(said)
    )
    target = Target(host="h", signing_name="s3", region="", unix="u", lent="l")
    outgoing = Outgoing(method="PUT", path="/", query="", headers=[], body=b"", length=0, target=target)
    with pytest.raises(says) as caught:
        asyncio.run(read(lent_body(cast("Any", exchange), outgoing, RIGHT).body))
    assert getattr(caught.value, "code", "") == code
    assert returned == [{"whole": word == DIFFERS}]


def test_as_many_clients_are_lent_at_once_as_the_kernel_queues(tmp_path: Path) -> None:
    """Where the queue is full, nobody takes the socket, and the client gets a 503 for nothing."""
    kernels = int(Path("/proc/sys/net/core/somaxconn").read_text())

    async def scenario() -> None:
        async with _serving(tmp_path):
            with contextlib.ExitStack() as stack:
                for _ in range(min(300, kernels)):
                    line = stack.enter_context(socket.socket(socket.AF_UNIX))
                    line.settimeout(0)
                    line.connect(str(tmp_path / "out.sock"))

    asyncio.run(scenario())


def test_a_gate_that_goes_away_takes_the_body_with_it(tmp_path: Path) -> None:
    assert _upload(tmp_path, RIGHT, b" and", leaves=True) == (b"", b"", 400)


def test_nobody_reads_from_a_client_that_has_left(tmp_path: Path) -> None:
    """Its socket is closed, and its descriptor may be somebody else's by now."""

    lent: list[int] = []

    async def handle(exchange: Exchange, _lent: Lent) -> None:
        with contextlib.suppress(ClientGoneError):
            lent.append(exchange.welcome_body())
            exchange.leave()
            lent.append(exchange.welcome_body())
        exchange.abort()

    async def client(reader: asyncio.StreamReader, _writer: object) -> bytes:
        with contextlib.suppress(ConnectionError):
            return await reader.read()
        return b""

    assert _run(tmp_path, handle, client) == b""
    assert len(lent) == 1


@pytest.mark.parametrize(
    ("declared", "service", "lendable", "goes_past"),
    [
        pytest.param(RIGHT, "s3", True, True, id="hash"),
        pytest.param("", "s3", True, True, id="unsigned"),
        pytest.param("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "s3", True, False, id="signed chunks"),
        pytest.param("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", "s3", True, False, id="signed chunks and trailer"),
        pytest.param(RIGHT, "lambda", True, False, id="another service"),
        pytest.param(RIGHT, "s3", False, False, id="not lendable"),
    ],
)
def test_which_bodies_go_past_the_gate(declared: str, service: str, lendable: bool, goes_past: bool) -> None:
    target = Target(host="h", signing_name=service, region="", unix="u", lent="l")
    outgoing = Outgoing(method="PUT", path="/", query="", headers=[], body=b"", length=0, target=target)
    exchange = SimpleNamespace(body_lendable=lendable, announced=9, lend_body=lambda: b"begun")
    found = lent_body(cast("Any", exchange), outgoing, declared)
    assert (found is not outgoing) == goes_past
    assert found.length == (5 if goes_past else 0)
