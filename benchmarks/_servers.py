"""What the benchmark of the gate compares: the emulator as its maker ships it, a stub, a proxy, and raw connections."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
from botocore.awsrequest import AWSHTTPConnection, AWSHTTPConnectionPool
from botocore.config import Config

REGION = "eu-west-1"
ROOT = ("000000000000", "test")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def client(service: str, url: str, keys: tuple[str, str]) -> Any:
    config = Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}, inject_host_prefix=False)
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=keys[0],
        aws_secret_access_key=keys[1],
        config=config,
    )


def over_socket(made: Any, path: str) -> Any:
    """The same client over a unix socket."""

    class Connection(AWSHTTPConnection):
        def _new_conn(self) -> socket.socket:
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(path)
            return sock

    class Pool(AWSHTTPConnectionPool):
        ConnectionCls = Connection

    made._endpoint.http_session._manager.pool_classes_by_scheme = {"http": Pool}
    return made


@contextlib.contextmanager
def process(command: list[str], environ: dict[str, str] | None = None) -> Iterator[int]:
    """A server that is up; its process id."""
    folder = Path(tempfile.mkdtemp())
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(
            command, stdout=log, stderr=log, env={**os.environ, **(environ or {})}, cwd=folder, start_new_session=True
        )
    try:
        yield running.pid
    finally:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        shutil.rmtree(folder, ignore_errors=True)


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        time.sleep(0.05)
    raise SystemExit(f"nothing listens on port {port}")


@contextlib.contextmanager
def as_shipped(python: Path, *, auth: bool) -> Iterator[str]:
    """The maker's own command; its URL."""
    port = free_port()
    environ = {
        "GATEWAY_PORT": str(port),
        "AUTH": "true" if auth else "false",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "PYTHONPATH": "",
    }
    with process([str(python), "-m", "ministack"], environ):
        wait_for(port)
        yield f"http://127.0.0.1:{port}"


def identity_policy(url: str, socket_path: str) -> str:
    """The policy that the tests' identity carries, as the emulator behind a gate has it."""
    iam = over_socket(client("iam", url, ROOT), socket_path)
    found = iam.get_user_policy(UserName="sandgate-identity", PolicyName="sandgate")["PolicyDocument"]
    return json.dumps(found)


EVERYTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'


def iam_user(url: str, policy: str, socket_path: str = "", *, name: str = "bench") -> tuple[str, str]:
    """A user with a policy, mostly that of the tests' identity; root takes a shorter way through the emulator."""
    iam = client("iam", url, ROOT)
    if socket_path:
        over_socket(iam, socket_path)
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="bench", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


@contextlib.contextmanager
def mitmproxy(upstream: str) -> Iterator[str | None]:
    """mitmproxy in reverse mode before `upstream`; None when it is not installed."""
    program = Path(sys.executable).with_name("mitmdump")
    if not program.exists():
        yield None
        return
    port = free_port()
    options = ["--set", "keep_host_header=true", "--set", "stream_large_bodies=1m", "-q"]
    mode = f"reverse:{upstream}"
    with process([str(program), "--mode", mode, "--listen-host", "127.0.0.1", "-p", str(port), *options]):
        wait_for(port)
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def stub() -> Iterator[str]:
    """A server that parses next to nothing and answers canned bytes: what is left is the client's own cost."""
    port = free_port()
    with process([sys.executable, __file__, str(port)]):
        wait_for(port)
        yield f"http://127.0.0.1:{port}"


_HEAD = b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\netag: "0"\r\ncontent-length: %d\r\n\r\n'
_SMALL = _HEAD % 1024 + bytes(1024)
_LARGE = _HEAD % (8 << 20) + bytes(8 << 20)
_EMPTY = _HEAD % 2 + b"{}"
_NOTHING = _HEAD % 0


class _Stub(asyncio.Protocol):
    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.buffer = bytearray()
        self.expected = -1

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if self.expected < 0:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self.buffer[:end]).lower()
            self.head = head
            length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
            self.expected = end + 4 + int(length or 0)
            if b"expect: 100" in head:
                self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if len(self.buffer) >= self.expected:
            self.buffer.clear()
            self.expected = -1
            get = _LARGE if b"/large" in self.head else _SMALL
            self.transport.write({b"get": get, b"put": _NOTHING}.get(self.head[:3], _EMPTY))


async def _serve_stub(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Stub, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    import uvloop

    uvloop.run(_serve_stub(int(sys.argv[1])))
