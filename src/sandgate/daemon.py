"""The gate process: its composition root, its start, and its end.

It is started by a front end with one JSON line on standard input, which stays open as a leash: end-of-file means that
the front end is gone, and then calls in flight are finished, the run is marked abandoned and the process ends. On
standard output it says one JSON object a line: progress, then ready or an error.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sandgate.config.model import Config
from sandgate.control.server import serve_control
from sandgate.core.call import ALLOWED
from sandgate.core.files import replace_json
from sandgate.core.hardening import harden
from sandgate.core.log import AppendLog
from sandgate.core.registry import discover, lookup
from sandgate.errors import EnvironmentFault, RunError, SandgateError
from sandgate.gate.parts import Parts
from sandgate.gate.pipeline import Pipeline
from sandgate.gate.recorder import Recorder
from sandgate.gate.server import Connection
from sandgate.gate.upstream import Pool
from sandgate.keys.run_keys import RunKeys
from sandgate.keys.surrogates import Surrogates
from sandgate.rewrite.rewriter import Rewriter
from sandgate.routes._model import Route
from sandgate.tiers._model import Tier, TierContext
from sandgate.wire.models import Models

__all__ = ["Gate", "main"]

_HOST = "127.0.0.1"
_DRAIN_SECONDS = 30.0
_IDLE_CHECK_SECONDS = 0.5


class Gate:
    """One run's gate.

    Args:
        config: the run's configuration.
        run_dir: the run's directory; exists.
        say: tells the front end something.
    """

    def __init__(
        self, config: Config, run_dir: Path, cache_dir: Path, say: Callable[[Mapping[str, object]], None]
    ) -> None:
        self._config = config
        self._run_dir = run_dir
        self._cache_dir = cache_dir
        self._say = say
        self._log = AppendLog(run_dir / "events.jsonl")
        self._recorder = Recorder(self._log, record_params=config.record_params)
        self._keys = RunKeys()
        self._connections: set[Connection] = set()
        self._servers: dict[str, asyncio.Server] = {}
        self._ports: dict[str, int] = {}
        self._control: asyncio.Server | None = None
        self._parts: Parts | None = None
        self._pipeline: Pipeline | None = None
        self._work_dir = Path(tempfile.mkdtemp(prefix="sg-"))
        self._pool = Pool()
        self.stopping = asyncio.Event()
        self._stopped = False
        self._reason = ""

    # -- start ----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Bind, start the tier, and open for calls.

        Raises:
            SandgateError: what the front end shows.
        """
        # Listening comes first: the emulator is told the port. Accepting comes last, when everything is there.
        server = await self._bind("main", self._config.gate_port, accept=False)
        tier = lookup(
            discover("sandgate.tiers", "TIER", Tier),
            self._config.tier,
            what="tier",
            where=self._config.sources.get("tier", ""),
        )
        context = TierContext(
            config=self._config,
            run_dir=self._run_dir,
            work_dir=self._work_dir,
            cache_dir=self._cache_dir,
            gate_host=_HOST,
            gate_port=self._ports["main"],
            progress=lambda text: self._say({"progress": text}),
        )
        starting = asyncio.ensure_future(tier.start(context))
        models = await asyncio.to_thread(Models.load, self._cache_dir)
        upstream = await starting
        surrogates = Surrogates()
        self._parts = Parts(
            models=models,
            keys=self._keys,
            surrogates=surrogates,
            rewriter=Rewriter(f"http://{_HOST}:{self._ports['main']}", surrogates),
            upstream=upstream,
            pool=self._pool,
            recorder=self._recorder,
            routes=discover("sandgate.routes", "ROUTE", Route),
            decide=lambda _call: ALLOWED,
            body_limit=self._config.body_limit * 1024 * 1024,
            ports=set(self._ports.values()),
        )
        self._pipeline = Pipeline(self._parts)
        await server.start_serving()
        self._control = await serve_control(self._work_dir / "control.sock", self._command)
        self._recorder.note(
            {"event": "ready", "tier": tier.name, "account": upstream.account, "caller": upstream.caller}
        )
        replace_json(self._run_dir / "run.json", self._description())

    def _description(self) -> dict[str, object]:
        assert self._parts is not None
        upstream = self._parts.upstream
        return {
            "schema": 1,
            "run": self._run_dir.name,
            "pid": os.getpid(),
            "tier": self._config.tier,
            "account": upstream.account,
            "caller": upstream.caller,
            "region": self._config.region,
            "gate": f"http://{_HOST}:{self._ports['main']}",
            "control": str(self._work_dir / "control.sock"),
            "work_dir": str(self._work_dir),
            "cache_dir": str(self._cache_dir),
            "versions": dict(upstream.versions),
        }

    async def _bind(self, worker: str, port: int = 0, *, accept: bool = True) -> asyncio.Server:
        def connection() -> Connection:
            assert self._pipeline is not None
            return Connection(self._pipeline.handle, label=worker, open_connections=self._connections)

        try:
            server = await asyncio.get_running_loop().create_server(
                connection, _HOST, port, backlog=512, start_serving=accept
            )
        except OSError as error:
            raise EnvironmentFault(
                f"cannot listen on port {port}: {error.strerror}",
                where=f"gate_port, {self._config.sources.get('gate_port', '')}",
                hint="leave gate_port out to get a free port, or end what uses this one",
            ) from error
        self._servers[worker] = server
        self._ports[worker] = int(server.sockets[0].getsockname()[1])
        if self._parts is not None:
            self._parts.ports.add(self._ports[worker])
        return server

    # -- control --------------------------------------------------------------------------------------------------

    async def _command(self, command: str, fields: Mapping[str, Any]) -> Mapping[str, object] | None:
        """Answer a front end."""
        assert self._parts is not None
        if command == "test":
            self._parts.tests[str(fields["worker"])] = str(fields["id"])
            return None
        if command == "event":
            self._recorder.note({k: v for k, v in fields.items() if isinstance(k, str)})
            return {}
        if command == "key":
            key = self._keys.issue(str(fields["worker"]), str(fields.get("kind", "identity")))
            return {"access_key_id": key.access_key_id, "secret_access_key": key.secret_access_key}
        if command == "port":
            worker = str(fields["worker"])
            if worker not in self._ports:
                await self._bind(worker)
            return {"url": f"http://{_HOST}:{self._ports[worker]}"}
        if command == "status":
            return self._status()
        if command == "leftovers":
            found = await self._parts.upstream.leftovers(frozenset(self._recorder.called))
            return {"leftovers": [{"type": left.type, "name": left.name} for left in found]}
        self._reason = str(fields.get("reason", "stopped"))
        await self._drain()
        self.stopping.set()
        return self._status()

    def _status(self) -> dict[str, object]:
        assert self._parts is not None
        recorder = self._recorder
        return {
            "death": self._parts.upstream.death(),
            "broken": recorder.broken,
            "calls": dict(recorder.calls),
            "reached": dict(recorder.reached),
            "by_worker": dict(recorder.by_worker),
            "refused": list(recorder.refused[:100]),
            "refused_total": len(recorder.refused),
            "in_flight": sum(c.busy for c in self._connections),
        }

    # -- end ------------------------------------------------------------------------------------------------------

    def abandon(self) -> None:
        """The front end is gone without a word."""
        if not self.stopping.is_set():
            self._reason = "abandoned"
            self.stopping.set()

    async def _drain(self) -> None:
        """Accept no more, finish what is in flight."""
        for server in self._servers.values():
            server.close()
        for connection in list(self._connections):
            connection.drain()
        deadline = time.monotonic() + _DRAIN_SECONDS
        while any(c.busy for c in self._connections) and time.monotonic() < deadline:
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Drain, stop the tier, remove what is temporary."""
        if self._stopped:
            return
        self._stopped = True
        await self._drain()
        if self._control is not None:
            self._control.close()
        if self._parts is not None:
            await self._parts.upstream.stop()
        self._pool.close()
        reason = self._reason or "stopped"
        self._recorder.note({"event": "abandoned" if reason == "abandoned" else "stopped", "reason": reason})
        with contextlib.suppress(OSError):
            (self._run_dir / "run.json").rename(self._run_dir / "run.ended.json")
        self._log.close()
        shutil.rmtree(self._work_dir, ignore_errors=True)


def _say(message: Mapping[str, object]) -> None:
    with contextlib.suppress(BrokenPipeError, ValueError):
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


async def _serve(order: Mapping[str, Any]) -> int:
    config = Config.from_json(order["config"])
    gate = Gate(config, Path(order["run_dir"]), Path(order["cache_dir"]), _say)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, gate.stopping.set)
    try:
        starting = asyncio.ensure_future(gate.start())
        leash = None if order.get("detached") else await _leash(gate, starting)
        await starting
        _say({"ready": True})
        await gate.stopping.wait()
        del leash
    except asyncio.CancelledError:
        return 1
    except SandgateError as error:
        _say(
            {
                "error": {
                    "kind": type(error).__name__,
                    "message": error.message,
                    "where": error.where,
                    "hint": error.hint,
                }
            }
        )
        return int(error.exit_code)
    finally:
        await gate.stop()
    return 0


async def _leash(gate: Gate, starting: asyncio.Future[None]) -> asyncio.BaseTransport:
    """Watch standard input for end-of-file."""

    class Watch(asyncio.Protocol):
        def eof_received(self) -> None:
            gate.abandon()
            if not starting.done():
                starting.cancel()

        def connection_lost(self, exc: Exception | None) -> None:
            self.eof_received()

    transport, _ = await asyncio.get_running_loop().connect_read_pipe(Watch, sys.stdin)
    return transport


def main() -> int:
    """Read the order from standard input and serve until told to stop."""
    order = json.loads(sys.stdin.readline())
    logging.basicConfig(
        filename=Path(order["run_dir"]) / "gate.log", level=logging.WARNING, format="%(asctime)s %(name)s %(message)s"
    )
    harden()
    try:
        import uvloop  # noqa: PLC0415 - optional: the stock loop works too

        runner: Callable[..., int] = uvloop.run
    except ImportError:
        runner = asyncio.run
    try:
        return runner(_serve(order))
    except RunError as error:
        _say({"error": {"kind": "RunError", "message": error.message, "where": error.where, "hint": error.hint}})
        return int(error.exit_code)


if __name__ == "__main__":
    sys.exit(main())
