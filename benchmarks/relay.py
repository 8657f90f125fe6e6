"""What any hop costs: a relay that copies bytes and looks at none, on the gate's event loop, beside the gate itself.

    python benchmarks/relay.py

The three take turns call by call. `same process` is the emulator behind the gate, over its unix socket; `relay` stands
before that same socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import uvloop
from _servers import REGION, client, free_port, iam_user, identity_policy, over_socket, process, wait_for
from botocore.awsrequest import AWSHTTPConnection, AWSHTTPConnectionPool
from gate import operations, prepare

from sandgate.config.load import load
from sandgate.session import start

SMALL_CALLS, LARGE_CALLS = 400, 60
_LARGE = "8 MiB"


class _Upstream(asyncio.Protocol):
    def __init__(self, back: asyncio.Transport) -> None:
        self._back = back

    def data_received(self, data: bytes) -> None:
        self._back.write(data)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._back.close()


class _Relay(asyncio.Protocol):
    def __init__(self, path: str) -> None:
        self._path = path
        self._waiting: list[bytes] = []
        self._onward: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._connecting = asyncio.get_running_loop().create_task(self._connect(cast("asyncio.Transport", transport)))

    async def _connect(self, back: asyncio.Transport) -> None:
        loop = asyncio.get_running_loop()
        onward, _ = await loop.create_unix_connection(lambda: _Upstream(back), self._path)
        self._onward = onward
        onward.writelines(self._waiting)

    def data_received(self, data: bytes) -> None:
        if self._onward is None:
            self._waiting.append(data)
        else:
            self._onward.write(data)

    def connection_lost(self, _exc: Exception | None) -> None:
        if self._onward is not None:
            self._onward.close()


async def _serve(port: int, path: str) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: _Relay(path), "127.0.0.1", port)
    await server.serve_forever()


@contextlib.contextmanager
def relay(path: str) -> Iterator[int]:
    """A relay before a unix socket; its port."""
    port = free_port()
    with process([sys.executable, __file__, str(port), path]):
        wait_for(port)
        yield port


def over_port(made: Any, port: int) -> Any:
    """The same client, and the Host that it signs, over another port."""

    class Connection(AWSHTTPConnection):
        def _new_conn(self) -> socket.socket:
            sock = socket.create_connection(("127.0.0.1", port))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock

    class Pool(AWSHTTPConnectionPool):
        ConnectionCls = Connection

    made._endpoint.http_session._manager.pool_classes_by_scheme = {"http": Pool}
    return made


def in_turns(variants: dict[str, Callable[[], object]], count: int) -> dict[str, float]:
    """Median milliseconds of each; the first tenth warms up."""
    times: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(count + count // 10):
        for name, work in variants.items():
            began = time.perf_counter()
            work()
            times[name].append((time.perf_counter() - began) * 1000)
    return {name: statistics.median(found[count // 10 :]) for name, found in times.items()}


def main() -> None:
    """Measure and print."""
    root = Path(tempfile.mkdtemp())
    (root / "pyproject.toml").write_text('[tool.sandgate]\nisolation = "prefix"\n')
    run = start(load(cwd=root, environ={"SANDGATE_REGION": REGION}, overrides={}), progress=print)
    with contextlib.ExitStack() as stack:
        stack.callback(run.stop)
        path = str(Path(json.loads((run.directory / "run.json").read_text())["work_dir"]) / "aws.sock")
        port = stack.enter_context(relay(path))
        keys = iam_user(run.gate_url, identity_policy(run.gate_url, path), path)
        makers: dict[str, Callable[[str], Any]] = {
            "same process": lambda service: over_socket(client(service, run.gate_url, keys), path),
            "relay": lambda service: over_port(client(service, run.gate_url, keys), port),
            "gated": run.clients(),
        }
        queue = prepare(makers["gated"])
        timed = {name: operations(make, queue) for name, make in makers.items()}
        for name in ("S3 put 1 KiB", "S3 put 8 MiB"):
            timed["gated"][name][0]()  # what is read below
        print(f"{'ratio to same process, medians':32}{'ms':>8}{'relay':>8}{'gated':>8}{'gated / relay':>15}")
        for name in timed["gated"]:
            works = {variant: by[name][0] for variant, by in timed.items()}
            found = in_turns(works, LARGE_CALLS if _LARGE in name else SMALL_CALLS)
            base, hop, gated = (found[variant] for variant in ("same process", "relay", "gated"))
            print(f"{name:32}{base:8.2f}{hop / base:8.2f}{gated / base:8.2f}{gated / hop:15.2f}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        uvloop.run(_serve(int(sys.argv[1]), sys.argv[2]))
    else:
        main()
