"""Connections to upstreams on a network: names, addresses, and what is sent twice."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest

from sandgate.gate.receiving import UpstreamFaultError
from sandgate.gate.upstream import Address, Pool

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


@contextlib.asynccontextmanager
async def server(requests: list[int]) -> AsyncIterator[int]:
    """Takes one request on each connection, and hangs up on the second; yields its port."""

    ended: list[asyncio.Future[None]] = []
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        done = asyncio.get_running_loop().create_future()
        ended.append(done)
        writers.append(writer)
        requests.append(0)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            requests[-1] += 1
            writer.write(ANSWER)
            await reader.readuntil(b"\r\n\r\n")
            requests[-1] += 1
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        done.set_result(None)

    made = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield int(made.sockets[0].getsockname()[1])
    finally:
        made.close()
        for writer in writers:
            writer.transport.abort()
        await asyncio.gather(*ended)


async def ask(pool: Pool, address: Address, method: str) -> int:
    response, connection = await pool.send(address, method, f"{method} / HTTP/1.1\r\nHost: x\r\n\r\n".encode(), b"")
    await response.end()
    response.whole()
    status = response.status
    pool.release(connection)
    return status


@pytest.mark.parametrize(("method", "again"), [("GET", True), ("PUT", True), ("DELETE", True), ("POST", False)])
def test_only_what_may_be_repeated_is_sent_again_over_a_network(method: str, *, again: bool) -> None:
    requests: list[int] = []

    async def body() -> None:
        pool = Pool()
        async with server(requests) as port:
            address = Address(host="127.0.0.1", port=port)
            assert await ask(pool, address, method) == 200
            if again:
                assert await ask(pool, address, method) == 200
            else:
                with pytest.raises(UpstreamFaultError):
                    await ask(pool, address, method)
            pool.close()

    asyncio.run(body())
    assert requests == ([2, 1] if again else [2])


def test_a_name_is_looked_up_beside_the_loop_and_every_address_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []

    async def body() -> None:
        pool = Pool()
        async with server([]) as port:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))  # and nobody listens

                def look_up(host: str, _port: int, **_: Any) -> list[tuple[Any, ...]]:
                    assert host == "dynamodb.example"
                    threads.append(threading.current_thread())
                    return [
                        (socket.AF_INET, socket.SOCK_STREAM, 6, "", free.getsockname()),
                        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)),
                    ]

                with monkeypatch.context() as patch:
                    patch.setattr(socket, "getaddrinfo", look_up)
                    address = Address(host="dynamodb.example", port=443)
                    response, connection = await pool.send(address, "GET", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"")
                assert response.status == 200
                connection.discard()
                pool.close()

    asyncio.run(body())
    assert threads
    assert threads[0] is not threading.main_thread()


def test_a_name_without_an_address_is_a_fault_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async def body() -> None:
        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        with pytest.raises(UpstreamFaultError, match=r"cannot connect to nowhere\.example"):
            await Pool().send(Address(host="nowhere.example", port=443), "GET", b"GET / HTTP/1.1\r\n\r\n", b"")

    asyncio.run(body())
