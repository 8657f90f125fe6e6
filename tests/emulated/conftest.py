"""One real gate with a real emulator for all tests of this folder, per pytest worker."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sandgate.config.load import load
from sandgate.run import Run
from sandgate.session import start


@contextlib.contextmanager
def _gate(root: Path, **overrides: object) -> Iterator[Run]:
    run = start(load(cwd=root, environ={}, overrides=overrides), progress=lambda _text: None)
    try:
        yield run
    finally:
        run.stop()


@pytest.fixture(scope="session")
def make_run(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """A context manager that gives a run of its own: `with make_run(record_params=True) as run`.

    Names with the prefix are inside, since these tests give fixed ones; `isolation = "run"` says otherwise.
    """

    def make(toml: str = "", **overrides: object) -> Any:
        root = tmp_path_factory.mktemp("project")
        default = "" if "isolation" in toml else 'isolation = "prefix"\n'
        (root / "pyproject.toml").write_text(f"[tool.sandgate]\n{default}{toml}", encoding="utf-8")
        return _gate(root, **overrides)

    return make


@pytest.fixture(scope="module")
def world(make_run: Callable[..., Any]) -> Iterator[Run]:
    """An emulator that holds what is somebody else's: its own gate has no guard."""
    with make_run(unsafe_no_guard=True) as run:
        yield run


@pytest.fixture(scope="module")
def theirs(world: Run) -> Callable[[str], Any]:
    """Callable[[str], Any] of those to whom that belongs."""
    return world.deployer_clients()


@pytest.fixture(scope="session")
def make_beside(make_run: Callable[..., Any]) -> Callable[..., Any]:
    """A context manager that gives a run before an emulator that another run holds, which outlives it.

    `with make_beside(world, ("sqs",), adopted=[arn]) as run`: nothing in the emulator is the run's own by itself.
    """

    @contextlib.contextmanager
    def make(world: Run, services: Iterable[str], adopted: Iterable[str] = ()) -> Iterator[Run]:
        keys = world.boto_session("deployer").get_credentials()
        toml = f'isolation = "prefix"\ntier = "endpoints"\nadopt = {json.dumps(list(adopted))}\n'
        for service in services:
            toml += f'[tool.sandgate.endpoints.{service}]\nurl = "{world.gate_url}"\n'
            toml += 'access_key_id_env = "THEIR_ID"\nsecret_access_key_env = "THEIR_SECRET"\n'
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("THEIR_ID", keys.access_key)
            patch.setenv("THEIR_SECRET", keys.secret_key)
            with make_run(toml) as run:
                yield run

    return make


@pytest.fixture(scope="session")
def run(make_run: Callable[..., Any]) -> Iterator[Run]:
    """The run that tests share; they use names of their own and need not clean up."""
    with make_run() as shared:
        yield shared


@pytest.fixture(scope="session")
def clients(run: Run) -> Callable[[str], Any]:
    """boto3 clients as the tests' identity."""
    return run.clients()


@pytest.fixture(scope="session")
def upstream_clients(run: Run) -> Callable[[str], Any]:
    """boto3 clients as the deployer."""
    return run.deployer_clients()


class RawAnswer(NamedTuple):
    """An HTTP response, taken apart."""

    status: int
    headers: dict[str, str]
    body: bytes


class Raw:
    """Speaks to a gate below any SDK."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.host = run.gate_url.removeprefix("http://")
        keys = run.boto_session().get_credentials()
        self.keys = Credentials(keys.access_key, keys.secret_key)

    def connect(self, timeout: float = 60) -> socket.socket:
        """A connection to the gate."""
        name, port = self.host.split(":")
        return socket.create_connection((name, int(port)), timeout=timeout)

    def everything(self, data: bytes, *, half_close: bool = True, timeout: float = 60) -> bytes:
        """Send, and read until the gate closes; a gate that hangs fails the test."""
        with self.connect(timeout) as sock:
            with contextlib.suppress(ConnectionError):
                sock.sendall(data)
                if half_close:
                    sock.shutdown(socket.SHUT_WR)
            pieces = []
            while piece := sock.recv(65536):
                pieces.append(piece)
        return b"".join(pieces)

    def answer(self, data: bytes, **options: Any) -> RawAnswer:
        """The only answer to a request."""
        return self.parse(self.everything(data, **options))

    @staticmethod
    def parse(data: bytes) -> RawAnswer:
        """One response; fails when it is not one."""
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ")[1])
        return RawAnswer(
            status, {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines[1:])}, body
        )

    def signed(
        self,
        method: str,
        path: str,
        *,
        service: str,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        keys: Credentials | None = None,
        send: bytes | None = None,
        framing: str = "",
        payload: str = "",
    ) -> bytes:
        """A request signed by botocore, as bytes.

        Args:
            body: what is signed.
            send: what is sent in its place.
            framing: header lines in place of Content-Length.
            payload: what is declared of an S3 body in place of its hash.
        """
        request = AWSRequest(method, f"http://{self.host}{path}", {**(headers or {}), "Host": self.host}, body)
        signer = (S3SigV4Auth if service == "s3" else SigV4Auth)(keys or self.keys, service, self.run.region)
        if payload:
            vars(signer)["payload"] = lambda _request: payload
        signer.add_auth(request)
        sent = body if send is None else send
        lines = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        return f"{method} {path} HTTP/1.1\r\n{lines}{framing or f'Content-Length: {len(sent)}'}\r\n\r\n".encode() + sent


@pytest.fixture(scope="session")
def make_raw() -> type[Raw]:
    """`make_raw(run)` speaks raw HTTP to the gate of a run."""
    return Raw


@pytest.fixture(scope="session")
def raw(run: Run) -> Raw:
    """Raw HTTP to the shared gate."""
    return Raw(run)
