"""A gate in this process, before an upstream that writes down what reaches it: no emulator, no second process."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sandgate.config.load import load
from sandgate.core.call import ALLOWED, Decision
from sandgate.core.log import AppendLog
from sandgate.core.registry import discover
from sandgate.gate.listener import Listener
from sandgate.gate.parts import Parts
from sandgate.gate.pipeline import Pipeline
from sandgate.gate.recorder import Recorder
from sandgate.gate.seen import Seen
from sandgate.gate.upstream import Pool
from sandgate.keys.run_keys import RunKeys
from sandgate.keys.surrogates import Surrogates
from sandgate.ledger.book import Book
from sandgate.rewrite.rewriter import Rewriter
from sandgate.routes._model import Route
from sandgate.session import cache_directory
from sandgate.tiers._model import Aim, AwsFacts, Denial, FunctionSession, Leftover, Target
from sandgate.wire.models import Models
from sandgate.wire.signing.credential import Credential

REGION = "eu-west-1"
REAL = {
    "identity": Credential("AKIDREALIDENTITY", "real+secret/of/the/identity"),
    "deployer": Credential("AKIDREALDEPLOYER", "real+secret/of/the/deployer"),
}


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    """A ledger."""
    made = Book(tmp_path / "ledger.jsonl")
    made.begin({}, durable=False)
    yield made
    made.close()


class Visit(NamedTuple):
    """One request as the upstream got it."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    events: str
    """What the event log held when it arrived."""


class Answer(NamedTuple):
    """One response as the client got it."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """Head and body, to search in."""
        return f"{self.headers}{self.body.decode(errors='replace')}"


def _taken_apart(data: bytes) -> tuple[str, dict[str, str], bytes]:
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    return first, {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}, body


class StandIn:
    """The upstream of the tests: a tier as the gate sees it, and a server that answers what it was told to."""

    account, caller = "000000000000", "arn:aws:iam::000000000000:user/test"
    versions: Mapping[str, str] = {}

    def __init__(self, events: Path) -> None:
        self.private = True
        self.acts_as_stack_role = False
        self.aws: AwsFacts | None = None
        self.refuses = False
        self.function: FunctionSession | None = None
        self.reply = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
        self.visits: list[Visit] = []
        self._events = events
        self._port = 0

    async def open(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._port = int(server.sockets[0].getsockname()[1])
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                first, headers, _ = _taken_apart(await reader.readuntil(b"\r\n\r\n"))
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                method, target, _ = first.split(" ")
                self.visits.append(Visit(method, target, headers, body, self._events.read_text()))
                writer.write(self.reply)
        writer.close()

    def admits(self, aim: Aim, /) -> Decision:
        return Decision(allowed=False, rule="no-endpoint", value=aim.service) if self.refuses else ALLOWED

    def target(self, aim: Aim, /) -> Target:
        return Target(host="upstream.example", signing_name=aim.signing_name, region=aim.region, address=self._address)

    @property
    def _address(self) -> tuple[str, int]:
        return ("127.0.0.1", self._port)

    def credential(self, kind: str, _service: str, /) -> Credential:
        return REAL[kind]

    async def mend(self, _denial: Denial, /) -> bool:
        return False

    async def function_session(self, access_key_id: str, _region: str) -> FunctionSession | None:
        found = self.function
        return found if found and found.credential.access_key_id == access_key_id else None

    def instances(self) -> Mapping[str, Mapping[str, str]]:
        return {}

    async def leftovers(self, _called: frozenset[tuple[str, str, str]], /) -> tuple[Leftover, ...]:
        return ()

    def death(self) -> str:
        return ""

    async def stop(self) -> None:
        return


class Gate:
    """A gate, and a client below any SDK."""

    def __init__(self, folder: Path, models: Models) -> None:
        self.events = folder / "events.jsonl"
        self.log = AppendLog(self.events)
        self.upstream = StandIn(self.events)
        self._listener = Listener()
        self._models = models
        self._runner = asyncio.Runner()
        self._runner.run(self._open())

    async def _open(self) -> None:
        self._server = await self.upstream.open()
        await self._listener.bind("main")
        self.url = f"http://127.0.0.1:{self._listener.port('main')}"
        self.host = self.url.removeprefix("http://")
        surrogates = Surrogates()
        self.parts = Parts(
            models=self._models,
            keys=RunKeys(),
            surrogates=surrogates,
            rewriter=Rewriter(self.url, surrogates),
            upstream=self.upstream,
            seen=Seen(everything=True),
            pool=Pool(),
            recorder=Recorder(self.log),
            routes=discover("sandgate.routes", "ROUTE", Route),
            decide=lambda _call: ALLOWED,
            body_limit=1 << 20,
            ports=self._listener.ports,
            urls=self._listener.urls,
        )
        await self._listener.open(Pipeline(self.parts).handle)

    def close(self) -> None:
        """Close everything that was opened."""

        async def end() -> None:
            await self._listener.drain(1)
            self.parts.pool.close()
            self._server.close()
            await asyncio.sleep(0.01)

        self._runner.run(end())
        self._runner.close()
        self.log.close()

    @property
    def key(self) -> Credentials:
        """The run key."""
        key = self.parts.keys.issue("main")
        return Credentials(key.access_key_id, key.secret_access_key)

    def send(self, data: bytes, worker: str = "main") -> Answer:
        """The answer to raw bytes at a worker's port; the gate closes, as the request says or because it gives up."""

        async def exchange() -> bytes:
            await self._listener.url(worker)
            reader, writer = await asyncio.open_connection("127.0.0.1", self._listener.port(worker))
            writer.write(data)
            writer.write_eof()
            try:
                return await asyncio.wait_for(reader.read(), 120)
            finally:
                writer.close()  # else what is told of a gate that hangs is a socket that nobody closed

        first, headers, body = _taken_apart(self._runner.run(exchange()))
        return Answer(int(first.split(" ")[1]), headers, body)

    def signed(
        self,
        method: str,
        path: str,
        *,
        service: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        key: Credentials | None = None,
        send: bytes | None = None,
    ) -> bytes:
        """A request that botocore signs with the run key; `send` goes out in place of the body that was signed."""
        request = AWSRequest(method, self.url + path, {**(headers or {}), "Host": self.host}, body)
        signer = (S3SigV4Auth if service == "s3" else SigV4Auth)(key or self.key, service, REGION)
        signer.add_auth(request)
        return self.raw(method, path, dict(request.headers.items()), body if send is None else send)

    def raw(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
        """A request as bytes; the gate's own Host unless one is given."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in {"Host": self.host, **headers}.items())
        return f"{method} {path} HTTP/1.1\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body

    def json(self, target: str, parameters: Mapping[str, Any], **options: Any) -> bytes:
        """A signed call of DynamoDB or another JSON service, such as `DynamoDB_20120810.PutItem`."""
        headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.0"}
        body = json.dumps(parameters).encode()
        return self.signed("POST", "/", headers=headers, body=body, **{"service": "dynamodb", **options})

    def query(self, action: str, service: str, version: str, **parameters: str) -> bytes:
        """A signed call of a query service."""
        pairs = {"Action": action, "Version": version, **parameters}
        body = "&".join(f"{name}={value}" for name, value in pairs.items()).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        return self.signed("POST", "/", service=service, headers=headers, body=body)

    def recorded(self) -> list[dict[str, Any]]:
        """The events so far."""
        return [json.loads(line) for line in self.events.read_text().splitlines()]


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    """Every service model, by the index that the user's runs share; building it takes longer than all these tests."""
    return Models.load(cache_directory(load(cwd=tmp_path_factory.mktemp("none"), environ={}, overrides={})))


@pytest.fixture
def gate(tmp_path: Path, models: Models) -> Iterator[Gate]:
    """A gate that lets every call through which it understands."""
    made = Gate(tmp_path, models)
    yield made
    made.close()


@pytest.fixture
def refused(gate: Gate) -> Callable[[bytes], Answer]:
    """Send what must not reach the upstream."""

    def send(data: bytes) -> Answer:
        answer = gate.send(data)
        assert gate.upstream.visits == [], "it reached the upstream"
        assert 400 <= answer.status < 500, answer
        return answer

    return send


@pytest.fixture(scope="session")
def real() -> Mapping[str, Credential]:
    """The real credentials of identity and deployer, which only the gate knows."""
    return REAL
