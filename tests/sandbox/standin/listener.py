"""Where the front listens: TLS under any name that AWS has, a proxy that leads there, and a door for functions."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
import weakref
from collections.abc import Awaitable, Callable

import h11
import trustme
from tests.sandbox.standin.faults import Cut, Reset
from tests.sandbox.standin.hosts import is_aws, place
from tests.sandbox.standin.messages import Answer, Request
from tests.sandbox.standin.wire import LARGEST, Upstream, read, response

__all__ = ["Listener"]

Answering = Callable[[Request, Upstream], Awaitable[Answer]]


class Listener:
    """Free ports of this machine, served by a thread.

    Args:
        emulator: gives the path of its socket.
        authority: who signs certificates.
        outside: answers what comes under the names of AWS.
        inside: answers what comes from functions.
    """

    def __init__(
        self, emulator: Callable[[], str], authority: trustme.CA, outside: Answering, inside: Answering
    ) -> None:
        self.port = self.proxy_port = self.inner_port = 0
        self.troubles: list[str] = []
        """Names of hosts that somebody asked for and AWS does not have, and what broke here."""
        self._emulator, self._authority, self._outside, self._inside = emulator, authority, outside, inside
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._loop = asyncio.new_event_loop()
        self._servers: list[asyncio.Server] = []
        self._writers: weakref.WeakSet[asyncio.StreamWriter] = weakref.WeakSet()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True, name="stand-in")
        self._thread.start()
        assert ready.wait(30)

    def close(self) -> None:
        """Stop listening, and end every connection."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._listen())
        ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self._end())
        self._loop.close()

    async def _end(self) -> None:
        for server in self._servers:
            server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in tuple(self._writers):
            writer.transport.abort()
        for _ in range(3):  # connections of TLS need a turn for each of their layers
            await asyncio.sleep(0)

    async def _listen(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.sni_callback = self._choose
        self._authority.issue_cert("unnamed.invalid").configure_cert(context)
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context, limit=LARGEST)
        self.port = server.sockets[0].getsockname()[1]
        proxy = await asyncio.start_server(self._tunnel, "127.0.0.1", 0, limit=LARGEST)
        self.proxy_port = proxy.sockets[0].getsockname()[1]
        inner = await asyncio.start_server(self._serve_inside, "127.0.0.1", 0, limit=LARGEST)
        self.inner_port = inner.sockets[0].getsockname()[1]
        self._servers = [server, proxy, inner]

    def _choose(self, connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> int | None:
        """A certificate for the name that the client wants to speak to, if AWS has a host of that name."""
        host = (name or "").lower()
        if place(host) is None:
            self.troubles.append(host)
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        if host not in self._contexts:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._authority.issue_cert(host).configure_cert(context)
            self._contexts[host] = context
        connection.context = self._contexts[host]
        return None

    async def _tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A proxy for clients whose name resolution is out of reach."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = await reader.readuntil(b"\r\n\r\n")
            method, target = head.decode("latin-1").split(" ")[:2]
            host = target.partition(":")[0]
            if method != "CONNECT" or not is_aws(host):
                self.troubles.append(target)
                writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            else:
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.port)
                self._writers.update((writer, far_writer))
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
                await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
        writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """What comes from outside."""
        named = writer.get_extra_info("ssl_object").context

        async def answer(request: Request, upstream: Upstream) -> Answer:
            if self._contexts.get(request.host) is not named:
                self.troubles.append(f"{request.host} on a connection for another")
                raise Reset
            return await self._outside(request, upstream)

        await self._converse(reader, writer, answer)

    async def _serve_inside(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """What comes from functions."""
        await self._converse(reader, writer, self._inside)

    async def _converse(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        answering: Answering,
    ) -> None:
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=LARGEST)
        upstream = Upstream(self._emulator)
        self._writers.add(writer)
        try:
            while (request := await read(connection, reader, writer)) is not None:
                answer = await answering(request, upstream)
                writer.write(response(connection, answer, request.method))
                await writer.drain()
                if connection.our_state is h11.MUST_CLOSE:
                    return
                connection.start_next_cycle()
        except Reset:
            _abort(writer)
        except Cut as cut:
            data = response(connection, cut.answer, "GET")
            writer.write(data[: len(data) - len(cut.answer.body) + min(cut.keep, len(cut.answer.body))])
            with contextlib.suppress(OSError):
                await writer.drain()
        except (OSError, asyncio.CancelledError, h11.RemoteProtocolError, h11.LocalProtocolError):
            pass
        except Exception as error:
            self.troubles.append(f"a bug in the stand-in: {error!r}")
            raise
        finally:
            upstream.close()
            with contextlib.suppress(Exception):
                writer.close()


def _abort(writer: asyncio.StreamWriter) -> None:
    """Close so that the other side reads a reset, not an end."""
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(LARGEST):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()
