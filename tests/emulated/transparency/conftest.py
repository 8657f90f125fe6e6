"""Gates between two recorders: every call through them is compared, byte for byte, as soon as it is over."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pytest
from botocore.awsrequest import AWSHTTPConnection, AWSHTTPConnectionPool
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.ports import free_port

from sandgate.config.load import load
from sandgate.run import Run
from sandgate.session import cache_directory
from sandgate.tiers._venv import emulator_python


def _load() -> Any:
    spec = importlib.util.spec_from_file_location("both_sides", Path(__file__).with_name("exchanges.py"))
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["both_sides"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_both_sides = _load()


@pytest.fixture(scope="session")
def both_sides() -> Any:
    """`exchanges.py` of this folder."""
    return _both_sides


@dataclass(slots=True)
class Line:
    """One connection through a recorder."""

    asked: bytearray = field(default_factory=bytearray)
    said: bytearray = field(default_factory=bytearray)


class Recorder:
    """Passes bytes on between whoever connects and a server, and keeps them."""

    def __init__(self, port: int) -> None:
        self.target = ("127.0.0.1", port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listener.getsockname()[1])
        self.lines: list[Line] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.close()

    def take(self) -> list[Any]:
        """The exchanges since the last time."""
        found = []
        for line in self.lines:
            asked, said = bytes(line.asked), bytes(line.said)
            line.asked.clear()
            line.said.clear()
            found += _both_sides.exchanges(asked, said)
        return found

    def forget(self) -> None:
        for line in self.lines:
            line.asked.clear()
            line.said.clear()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError), sock, socket.create_connection(self.target) as other:
            line = Line()
            self.lines.append(line)
            for side in (sock, other):
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            up = threading.Thread(target=_pump, args=(sock, other, line.asked), daemon=True)
            up.start()
            _pump(other, sock, line.said)
            up.join()


def _pump(source: socket.socket, sink: socket.socket, kept: bytearray) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(1 << 18):
            kept += piece  # before anybody can answer it
            sink.sendall(piece)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _reads(asked: Any) -> bool:
    """Whether a request cannot change anything."""
    told = dict(asked.fields)
    operation = told.get(b"x-amz-target", b"").rpartition(b".")[2] or asked.body.partition(b"Action=")[2]
    return bool(asked.start.startswith((b"GET ", b"HEAD ")) or operation.startswith((b"Describe", b"Get", b"List")))


class Wire:
    """Calls through a gate that is watched on both sides; every one is compared as soon as it is over."""

    def __init__(self, run: Run, raw: Any, far: Recorder) -> None:
        self.run, self.far = run, far
        self.near = Recorder(int(run.gate_url.rpartition(":")[2]))
        self.host = run.gate_url.removeprefix("http://")
        self.raw = raw
        self.raw.connect = lambda timeout=60: socket.create_connection(("127.0.0.1", self.near.port), timeout)
        self.made: dict[str, Any] = {}
        self.seen: list[tuple[Any, Any, str, str]] = []
        far.forget()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.near.listener.close()
        for made in self.made.values():
            made.close()

    def client(self, service: str, **options: Any) -> Any:
        """A client that believes to call the gate, and calls the recorder before it."""
        port = self.near.port

        class Connection(AWSHTTPConnection):
            def _new_conn(self) -> socket.socket:
                return socket.create_connection(("127.0.0.1", port))

        class Pool(AWSHTTPConnectionPool):
            ConnectionCls = Connection

        config = Config(retries={"max_attempts": 0}, **options.pop("config", {}))
        made = self.run.boto_session().client(service, endpoint_url=self.run.gate_url, config=config, **options)
        made._endpoint.http_session._manager.pool_classes_by_scheme = {"http": Pool}
        return made

    def call(self, service: str, method: str, /, client: Any = None, **parameters: Any) -> Any:
        if client is None:
            client = self.made.get(service) or self.made.setdefault(service, self.client(service))
        self.near.forget()
        self.far.forget()
        answer = getattr(client, method)(**parameters)
        if service == "s3" and "Body" in answer:
            answer["Body"] = answer["Body"].read()
        self.compare(service, client.meta.method_to_api_mapping[method])
        return answer

    def fails(self, service: str, method: str, /, **parameters: Any) -> str:
        with pytest.raises(ClientError) as caught:
            self.call(service, method, **parameters)
        self.compare(service, method.title().replace("_", ""))
        return str(caught.value.response["Error"]["Code"])

    def send(self, data: bytes, service: str, operation: str = "", *, status: int = 200) -> Any:
        answer = self.raw.answer(data)
        self.compare(service, operation)
        assert answer.status == status, answer
        return answer

    def compare(self, service: str, operation: str) -> None:
        near, far = self.near.take(), self.far.take()
        # Before a call that would not say whether it made something, the gate asks whether that was there.
        asked, far = far[:-1], far[-1:]
        assert all(_reads(exchange.asked) for exchange in asked), asked
        assert len(near) == len(far) == 1, (near, far)
        self.seen.append((near[0], far[0], service, operation))
        assert _both_sides.differences(near[0], far[0], service, operation) == []


GUARDED = ("cloudformation", "dynamodb", "kms", "s3", "sns", "sqs", "sts")
UNGUARDED = [
    "apigateway",
    "cloudwatch",
    "cognito-idp",
    "ec2",
    "ecr",
    "events",
    "iam",
    "kinesis",
    "lambda",
    "logs",
    "rds",
    "secretsmanager",
    "ssm",
    "stepfunctions",
    "sts",
]


@contextlib.contextmanager
def watched(make_run: Any, make_raw: Any, services: Sequence[str], port: int, **options: Any) -> Iterator[Wire]:
    """A gate between two recorders, before a server on a port."""
    far = Recorder(port)
    tables = [f'[tool.sandgate.endpoints.{name}]\nurl = "http://127.0.0.1:{far.port}"\n' for name in services]
    toml = 'tier = "endpoints"\nregion = "eu-west-1"\nisolation = "prefix"\n' + "".join(tables)
    with far, make_run(toml, **options) as run, Wire(run, make_raw(run), far) as wire:
        yield wire


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an emulator as its maker ships it."""
    config = load(cwd=Path.cwd(), environ={}, overrides={})
    program = emulator_python(cache_directory(config), config.ministack_version, print).with_name("ministack")
    port = free_port()
    off = {"IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0", "PERSIST_STATE": "0", "GATEWAY_PORT": str(port)}
    nowhere = subprocess.DEVNULL
    environ = {**os.environ, "TMPDIR": str(tmp_path_factory.mktemp("ministack")), **off}
    process = subprocess.Popen([program], env=environ, stdout=nowhere, stderr=nowhere)
    try:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            time.sleep(0.02)
        yield port
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def wire(make_run: Any, make_raw: Any, emulator: int) -> Iterator[Wire]:
    """The gate that most tests share, its guard on."""
    with watched(make_run, make_raw, GUARDED, emulator) as made:
        yield made


@pytest.fixture(scope="session")
def open_wire(make_run: Any, make_raw: Any, emulator: int) -> Iterator[Wire]:
    """A gate for what no guard lets pass, and for services of which nobody says what their calls need."""
    with watched(make_run, make_raw, UNGUARDED, emulator, unsafe_no_guard=True) as made:
        yield made


@pytest.fixture(scope="session")
def bucket(wire: Wire) -> str:
    place = {"LocationConstraint": "eu-west-1"}
    wire.call("s3", "create_bucket", Bucket="test-bytes", CreateBucketConfiguration=place)
    return "test-bytes"


class Scripted:
    """A server that answers whatever it is asked with the bytes that a test gave it."""

    def __init__(self) -> None:
        self.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError), sock:
            while sock.recv(1 << 16):  # a request of these tests is one packet
                sock.sendall(self.answer)
                if b"Length:" not in self.answer and b"chunked" not in self.answer:
                    return


@pytest.fixture(scope="session")
def scripted() -> Iterator[Scripted]:
    made = Scripted()
    yield made
    made.listener.close()


@pytest.fixture(scope="session")
def answers(make_run: Any, make_raw: Any, scripted: Scripted) -> Iterator[Wire]:
    """A gate before the scripted server."""
    with watched(make_run, make_raw, ("s3", "sqs"), scripted.port, unsafe_no_guard=True) as made:
        yield made
