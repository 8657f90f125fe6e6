"""The front in this process: tunnels, TLS that it ends itself, the user's own proxy, and heads that are none."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator

import pytest

from sandgate.gate.exchange import Exchange
from sandgate.gate.server import Connection
from sandgate.gate.terminated import Terminated
from sandgate.proxy.authority import Authority
from sandgate.proxy.egress import Egress
from sandgate.proxy.front import Front, Parts
from sandgate.proxy.parent import Parent, parent_of
from sandgate.wire.http import Response

HOST = "sqs.eu-west-1.amazonaws.com"
LOGIN = base64.b64encode(b"gw0:secret").decode()


class World:
    """A front, what it notes, and servers that it may reach."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self.egress: list[tuple[str, str]] = []
        self.handshakes: list[tuple[str, str]] = []
        self.asked: list[str] = []
        self.parent_answers = b"HTTP/1.1 200 OK\r\n\r\n"
        self.open_connections: set[Connection] = set()
        self.fronts: list[Front] = []
        self.passed: list[tuple[str, int, int]] = []
        self.ended = False
        self.told = asyncio.Event()
        self.runner = asyncio.Runner()

    def run(self, test: Callable[[], Awaitable[None]]) -> None:
        """Run a test, and close what it has opened."""

        async def main() -> None:
            self.told = asyncio.Event()
            try:
                async with asyncio.timeout(60):
                    await test()
            finally:
                for each in self.fronts:
                    await each.close()

        self.runner.run(main())

    def front(self, *, listed: tuple[str, ...] = (), everywhere: bool = False, parent: str = "") -> Front:
        """An open front."""
        made = Front("secret")
        made.bind()
        made.open(
            Parts(
                context=self.authority.context,
                hosts=[HOST],
                egress=Egress(listed=listed, everywhere=everywhere),
                answer=self.answer,
                note_tunnel=lambda host, _port, _worker, sent, received: self.passed.append((host, sent, received)),
                note_egress=lambda host, _port, _worker, rule: self.egress.append((host, rule)),
                note_handshake=lambda host, _worker, why: self.note(host, why),
                parent=Parent(url=parent) if parent else None,
            )
        )
        self.fronts.append(made)
        return made

    def note(self, host: str, why: str) -> None:
        """What is told of a handshake."""
        self.handshakes.append((host, why))
        self.told.set()

    def answer(self, host: str, worker: str) -> asyncio.Protocol:
        """What the gate would put there."""

        async def handle(exchange: Exchange) -> None:
            exchange.respond(Response(200, (), f"{exchange.request.host} {worker}".encode()))

        return Terminated(
            handle,
            host=host,
            unused=lambda: self.note(host, "unused"),
            label=worker,
            open_connections=self.open_connections,
            ended=lambda: self.ended,
        )

    async def serve_echo(self) -> tuple[asyncio.Server, int]:
        """A server that sends back what it gets, whether one asks it for a tunnel first or not."""

        async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            data = await reader.read(65536)
            if data.startswith(b"CONNECT "):
                self.asked.append(data.decode())
                writer.write(self.parent_answers)
                data = await reader.read(65536)
            writer.write(data)
            writer.close()

        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        return server, int(server.sockets[0].getsockname()[1])


@pytest.fixture(scope="module")
def authority() -> Authority:
    """One for all."""
    return Authority("r")


@pytest.fixture
def world(authority: Authority) -> Iterator[World]:
    """One for each test."""
    made = World(authority)
    yield made
    made.runner.close()


def port_of(front: Front) -> int:
    """Where it listens."""
    return int(front.url("main").rpartition(":")[2])


async def ask(front: Front, data: bytes) -> bytes:
    """Send bytes, and read to the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(front))
    writer.write(data)
    got = await reader.read()
    writer.close()
    return got


def connect(target: str) -> bytes:
    """A CONNECT with the secret."""
    return f"CONNECT {target} HTTP/1.1\r\nProxy-Authorization: Basic {LOGIN}\r\n\r\n".encode()


def distrust(port: int) -> None:
    """A client that has other roots."""
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(connect(f"{HOST}:443"))
        assert sock.recv(4096).startswith(b"HTTP/1.1 200 ")
        with pytest.raises(ssl.SSLCertVerificationError):
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).wrap_socket(sock, server_hostname=HOST)


async def enter(front: Front, authority: Authority) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A TLS connection inside of a tunnel."""
    sock = socket.create_connection(("127.0.0.1", port_of(front)))
    sock.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(sock, connect(f"{HOST}:443"))
    assert (await loop.sock_recv(sock, 4096)).startswith(b"HTTP/1.1 200 ")
    trusting = ssl.create_default_context(cadata=authority.pem.decode())
    return await asyncio.open_connection(sock=sock, ssl=trusting, server_hostname=HOST)


def test_requests_inside_are_for_the_host_of_the_connection(world: World) -> None:
    async def test() -> None:
        front = world.front()
        reader, writer = await enter(front, world.authority)
        assert writer.get_extra_info("ssl_object").version() == "TLSv1.3"
        for host, status in ((HOST, b"200"), (f"{HOST}:443", b"200"), ("sts.amazonaws.com", b"421")):
            writer.write(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.split(b" ")[1] == status
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            body = await reader.readexactly(length)
            assert status == b"421" or body == f"{host} gw0".encode()
        writer.close()

    world.run(test)
    assert (world.handshakes, world.egress) == ([], [])


def test_a_client_that_leaves_without_a_request_is_told_of(world: World) -> None:
    async def test() -> None:
        front = world.front()
        _, writer = await enter(front, world.authority)
        writer.close()
        await world.told.wait()

    world.run(test)
    assert world.handshakes == [(HOST, "unused")]


@pytest.mark.parametrize(
    ("sent", "why"), [(b"\x16\x03", "broke off"), (b"GET / HTTP/1.1\r\n\r\n", "no TLS"), (b"alert", "does not accept")]
)
def test_why_there_is_no_tls_is_told(world: World, sent: bytes, why: str) -> None:
    async def test() -> None:
        front = world.front()
        if sent == b"alert":
            await asyncio.to_thread(distrust, port_of(front))
        else:
            reader, writer = await asyncio.open_connection("127.0.0.1", port_of(front))
            writer.write(connect(f"{HOST}:443"))
            await reader.readuntil(b"\r\n\r\n")
            writer.write(sent)
            writer.write_eof()
            await reader.read()
            writer.close()
        await world.told.wait()

    world.run(test)
    assert [(host, why in said) for host, said in world.handshakes] == [(HOST, True)]


def test_who_leaves_before_there_is_a_certificate_is_not_told_of(world: World) -> None:
    async def test() -> None:
        front = world.front()
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(front))
        writer.write(connect(f"{HOST}:443"))
        writer.write_eof()
        assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
        writer.close()

    world.run(test)
    assert world.handshakes == []


def test_a_name_that_leads_to_this_machine_is_refused(world: World) -> None:
    async def test() -> None:
        front = world.front(everywhere=True)
        server, port = await world.serve_echo()
        assert (await ask(front, connect(f"localhost:{port}"))).startswith(b"HTTP/1.1 403 ")
        server.close()

    world.run(test)
    assert world.egress == [("localhost", "egress-address")]


def test_a_tunnel_passes_bytes_on(world: World) -> None:
    async def test() -> None:
        front = world.front(listed=("localhost",))
        server, port = await world.serve_echo()
        assert (await ask(front, connect(f"localhost:{port}") + b"hello")).endswith(b"\r\n\r\nhello")
        server.close()

    world.run(test)
    assert world.egress == [("localhost", "")]
    assert world.passed == [("localhost", 5, 5)]


def test_a_tunnel_that_is_cut_off_is_told_of_too(world: World) -> None:
    async def test() -> None:
        front = world.front(listed=("localhost",))
        server, port = await world.serve_echo()
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(front))
        writer.write(connect(f"localhost:{port}"))
        await reader.readuntil(b"\r\n\r\n")
        await front.close()
        assert await reader.read() == b""
        writer.close()
        server.close()

    world.run(test)
    assert world.passed == [("localhost", 0, 0)]


def test_a_service_s_host_on_another_port_is_another_host(world: World) -> None:
    async def test() -> None:
        front = world.front()
        assert (await ask(front, connect(f"{HOST}:8443"))).startswith(b"HTTP/1.1 403 ")

    world.run(test)
    assert world.egress == [(HOST, "egress")]


def test_the_users_own_proxy_is_asked(world: World) -> None:
    async def test() -> None:
        server, port = await world.serve_echo()
        front = world.front(everywhere=True, parent=f"http://ada:s%3Aecret@127.0.0.1:{port}")
        assert (await ask(front, connect("example.org:443") + b"hello")).endswith(b"\r\n\r\nhello")
        world.parent_answers = b"HTTP/1.1 403 no\r\n\r\n"
        answer = await ask(front, connect("example.org:443"))
        assert (answer.startswith(b"HTTP/1.1 502 "), b"answers 403" in answer) == (True, True)
        assert (await ask(front, connect("10.0.0.1:443"))).startswith(b"HTTP/1.1 403 ")
        server.close()

    world.run(test)
    login = base64.b64encode(b"ada:s:ecret").decode()
    assert world.asked[0].splitlines() == [
        "CONNECT example.org:443 HTTP/1.1",
        "Host: example.org:443",
        f"Proxy-Authorization: Basic {login}",
        "",
    ]
    assert world.egress == [("example.org", ""), ("example.org", "parent-proxy"), ("10.0.0.1", "egress-address")]


@pytest.mark.parametrize(
    "url", ["https://proxy.test:1", "socks5://proxy.test:1", "http://:1", "http://p.test:99999", "http://[::1"]
)
def test_a_proxy_of_another_kind_is_refused_in_words(world: World, url: str) -> None:
    async def test() -> None:
        front = world.front(everywhere=True, parent=url)
        answer = await ask(front, connect("example.org:443"))
        assert answer.startswith(b"HTTP/1.1 502 ")
        assert b"http://" in answer
        assert b"99999" not in answer

    world.run(test)


def test_the_users_exceptions_are_kept() -> None:
    environ = {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "corp.example, .intra,*.x.test"}
    found = parent_of(environ)
    assert found is not None
    reached = {host: found.serves(host) for host in ("corp.example", "a.corp.example", "b.intra", "a.x.test", "y.test")}
    assert reached == {
        "corp.example": False,
        "a.corp.example": False,
        "b.intra": False,
        "a.x.test": False,
        "y.test": True,
    }
    assert parent_of({"NO_PROXY": "x"}) is None
    assert not Parent(url="http://p", exceptions="*").serves("y.test")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\r\n\r\n", b"400"),
        (b"CONNECT a:1 HTTP/1.1\r\n" + b"x: y\r\n" * 4000, b"431"),
        (b"GET / HTTP/1.1\r\n\r\n", b"407"),
    ],
)
def test_what_is_no_request_to_a_proxy_is_answered(world: World, data: bytes, status: bytes) -> None:
    async def test() -> None:
        front = world.front()
        assert (await ask(front, data)).split(b" ")[1] == status

    world.run(test)


def test_a_port_of_another_namespace_must_be_the_same(world: World) -> None:
    async def test() -> None:
        front = world.front()
        with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(ValueError, match="not the port"):
            front.adopt(other)

    world.run(test)


def test_an_answer_is_not_lost_for_what_the_client_still_sends(world: World) -> None:
    async def test() -> None:
        front = world.front()
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(front))
        writer.write(connect("example.org:443") + b"x" * 1_000_000)
        await writer.drain()
        answer = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"x" * 1_000_000)
        await writer.drain()
        writer.write_eof()
        assert (answer.startswith(b"HTTP/1.1 403 "), (await reader.read()).startswith(b"sandgate: ")) == (True, True)
        writer.close()

    world.run(test)


def test_a_front_that_drains_takes_nobody_and_keeps_tunnels(world: World) -> None:
    async def test() -> None:
        front = world.front(listed=("localhost",))
        server, port = await world.serve_echo()
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(front))
        writer.write(connect(f"localhost:{port}"))
        await reader.readuntil(b"\r\n\r\n")
        await front.drain()
        with pytest.raises(OSError, match=r".*"):
            await asyncio.open_connection("127.0.0.1", port_of(front))
        writer.write(b"hello")
        assert await reader.read() == b"hello"
        writer.close()
        server.close()

    world.run(test)


def test_a_handshake_that_ends_after_the_gate_has_drained_leads_nowhere(world: World) -> None:
    async def test() -> None:
        front = world.front()
        world.ended = True
        reader, writer = await enter(front, world.authority)
        assert await reader.read() == b""
        writer.close()

    world.run(test)
    assert world.handshakes == []


def test_a_later_namespace_takes_the_place_of_an_earlier_one(world: World) -> None:
    async def test() -> None:
        front = world.front()
        (own,) = front._listening
        earlier, later = own.dup(), own.dup()
        front.adopt(earlier)
        front.adopt(later)
        for _ in range(100):
            await asyncio.sleep(0)
        assert earlier.fileno() == -1
        assert front._listening == [own, later]
        assert (await ask(front, b"GET / HTTP/1.1\r\n\r\n")).split(b" ")[1] == b"407"

    world.run(test)
