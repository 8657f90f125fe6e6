"""The front: TLS under any host name of AWS, strict about signatures, and behind it the emulator."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
import struct
import threading
import time
import weakref
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import h11
import trustme
from tests.sandbox.standin.errors import error
from tests.sandbox.standin.faults import FAULTS, Cut, Fault, Reset, Seen
from tests.sandbox.standin.forms import form_key, is_form, verify_form
from tests.sandbox.standin.hosts import Place, is_aws, place
from tests.sandbox.standin.keys import Keys, shorten
from tests.sandbox.standin.messages import Answer, Refused, Request
from tests.sandbox.standin.operations import Asked, operation, protocol
from tests.sandbox.standin.signatures import claim, verify
from tests.sandbox.standin.wire import LARGEST, Upstream, read, response

__all__ = ["Front"]

_FOR_FUNCTIONS = ("/_ministack/cfn-response/", "/_ministack/lambda-layers/", "/_ministack/lambda-code/")
_EMULATORS_OWN = ("/_ministack", "/_localstack", "/_aws")


class Front:
    """Listens on a free port of this machine, in a thread of its own.

    Args:
        emulator: socket of the emulator.
        authority: who signs certificates.
        rewrite: what is done to each answer on its way back.
    """

    def __init__(
        self, emulator: Callable[[], str], authority: trustme.CA, rewrite: Callable[[Request, Answer], Answer]
    ) -> None:
        self.keys = Keys()
        self.seen: list[Seen] = []
        self.strangers: list[str] = []
        """Names of hosts that somebody asked for and AWS does not have."""
        self.clock = timedelta()
        """How far the clock of AWS is ahead of this machine's."""
        self.lifetime: timedelta | None = None
        """How long sessions last that begin now, whatever was asked for."""
        self.port = self.proxy_port = self.inner_port = 0
        self._emulator, self._authority, self._rewrite = emulator, authority, rewrite
        self._faults: list[Fault] = []
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._loop = asyncio.new_event_loop()
        self._servers: list[asyncio.Server] = []
        self._writers: weakref.WeakSet[asyncio.StreamWriter] = weakref.WeakSet()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True, name="stand-in")
        self._thread.start()
        ready.wait(30)

    def fault(self, kind: str, *, skip: int = 0, times: int = 1, service: str = "", operation: str = "",
              host: str = "", key: str = "", **settings: Any) -> Fault:  # fmt: skip
        """Make calls go wrong.

        Args:
            kind: one of `FAULTS`.
            skip: calls that fit and are left alone first.
            times: how many calls it happens to; 0 is every one from then on.
            service: pattern of botocore's name of the service.
            operation: pattern of its name.
            host: pattern of the host name.
            key: access key id.
            settings: of the kind; see its function.
        """
        assert kind in FAULTS, f"there are {sorted(FAULTS)}"
        made = Fault(kind=kind, service=service, operation=operation, host=host, key=key, skip=skip, times=times,
                     settings=settings)  # fmt: skip
        self._faults.append(made)
        return made

    def heal(self) -> None:
        """Nothing goes wrong any more."""
        self._faults.clear()
        self.clock = timedelta()
        self.lifetime = None

    def calls(self, service: str = "", operation: str = "") -> list[Seen]:
        """Those that arrived, of a service and an operation if named."""
        return [
            each for each in tuple(self.seen) if service in ("", each.service) and operation in ("", each.operation)
        ]

    def close(self) -> None:
        """Stop listening, and end every connection."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    # -- the thread -------------------------------------------------------------------------------------------------

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
            self.strangers.append(host)
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
                self.strangers.append(target)
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
                self.strangers.append(f"{request.host} on a connection for another")
                raise Reset
            return await self._answer(request, upstream)

        await self._converse(reader, writer, answer)

    async def _serve_inside(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """What functions ask that run in AWS, and what they say to stacks; the emulator knows their sessions."""

        async def answer(request: Request, upstream: Upstream) -> Answer:
            if request.path.startswith(_FOR_FUNCTIONS):
                return await upstream.exchange(request)
            scope = re.search(r"Credential=(ASIA\w+)/\d+/([^/]*)/([^/]*)/", request.header("authorization"))
            seen = Seen(
                host=request.host, service=scope[3] if scope else "", operation="", region=scope[2] if scope else "",
                access_key_id=scope[1] if scope else "", time=time.time(), method=request.method, path=request.target,
                protocol="",
            )  # fmt: skip
            self.seen.append(seen)
            said = await upstream.exchange(request) if scope else error("missing", "query")
            seen.status = said.status
            return said

        await self._converse(reader, writer, answer)

    async def _converse(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        answering: Callable[[Request, Upstream], Awaitable[Answer]],
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
        finally:
            upstream.close()
            with contextlib.suppress(Exception):
                writer.close()

    # -- one request ------------------------------------------------------------------------------------------------

    async def _answer(self, request: Request, upstream: Upstream) -> Answer:
        where = place(request.host)
        assert where is not None
        asked = operation(request, where)
        service = asked.service or (where.services[0] if where.services else "")
        seen = Seen(
            host=request.host, service=service, operation=asked.operation, region=where.region, access_key_id="",
            time=time.time(), method=request.method, path=request.target, protocol=protocol(request, service),
        )  # fmt: skip
        self.seen.append(seen)
        try:
            self._let_in(request, where, asked, seen)
        except Refused as refused:
            seen.refused = str(refused)
            answer = error(refused.kind, seen.protocol)
        else:
            answer = await self._pass(request, seen, upstream)
        seen.status = answer.status
        return _dated(answer, datetime.now(UTC) + self.clock)

    def _let_in(self, request: Request, where: Place, asked: Asked, seen: Seen) -> None:
        """Find out who calls, and whether it is true.

        Raises:
            Refused: it is not, or nobody is named where somebody must be.
        """
        now = datetime.now(UTC) + self.clock
        if request.path.startswith(_EMULATORS_OWN):
            raise Refused("request", "AWS has no such path")
        if is_form(request, where):
            seen.access_key_id = form_key(request)
            verify_form(request, self.keys.get(seen.access_key_id), where, now)
            return
        claimed = claim(request)
        if claimed is None:
            _check_open(request, where, asked)
            return
        seen.access_key_id = claimed.access_key_id
        verify(request, claimed, self.keys.get(claimed.access_key_id), where, now, lax=asked.unsigned_body)

    async def _pass(self, request: Request, seen: Seen, upstream: Upstream) -> Answer:
        async def forward() -> Answer:
            answer = self._rewrite(request, await upstream.exchange(request))
            if self.lifetime is not None:
                answer = shorten(answer, self.lifetime)
            self.keys.learn(request, answer)
            return answer

        taking = next((each for each in self._faults if each.takes(seen)), None)
        if taking is None:
            return await forward()
        seen.fault = taking.kind
        return await taking.happen(seen, forward)


def _dated(answer: Answer, now: datetime) -> Answer:
    """With the time by AWS's clock, as every answer of AWS has it, errors too."""
    headers = [(name, value) for name, value in answer.headers if name.lower() != "date"]
    return replace(answer, headers=(*headers, ("date", format_datetime(now, usegmt=True))))


def _check_open(request: Request, where: Place, asked: Asked) -> None:
    """Let only those in without a name whom AWS would let in.

    Raises:
        Refused: who asks must be said.
    """
    keys_of_a_pool = "/.well-known/" in request.path and request.host.startswith("cognito-idp.")
    if where.services and not asked.open and not keys_of_a_pool:
        raise Refused("missing", "nothing says who asks")


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
