"""The gate process: its composition root, its start, and its end.

It is started by a front end with one JSON line on standard input, which stays open as a leash: end-of-file means that
the front end is gone, and then calls in flight are finished, the run is marked abandoned and the process ends. On
standard output it says one JSON object a line: progress, then ready or an error.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import os
import shutil
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sandgate.config.model import Config
from sandgate.control.door import Door
from sandgate.control.server import serve_control
from sandgate.control.stale import SOCKET, remove_stale
from sandgate.core.call import ALLOWED
from sandgate.core.files import replace_json
from sandgate.core.hardening import harden
from sandgate.core.log import AppendLog, cut_torn_line
from sandgate.core.registry import discover, lookup, nearest
from sandgate.errors import ConfigError, SandgateError
from sandgate.gate.asking import Asking
from sandgate.gate.bugs import report_loop_bug
from sandgate.gate.desk import Desk
from sandgate.gate.ledgering import STACK, Ledgering
from sandgate.gate.listener import HOST, Listener
from sandgate.gate.parts import Parts
from sandgate.gate.pipeline import Pipeline
from sandgate.gate.probing import Prober
from sandgate.gate.recorder import Recorder
from sandgate.gate.seen import Seen
from sandgate.gate.upstream import Pool
from sandgate.gate.wall import UNNAMED_ACCOUNT, build_wall
from sandgate.guard.policy import load_policy
from sandgate.iam.document import Document
from sandgate.keys.run_keys import RunKeys
from sandgate.keys.surrogates import Surrogates
from sandgate.ledger.book import NAME as LEDGER
from sandgate.ledger.book import Book
from sandgate.ledger.recover import lost
from sandgate.resources._model import resource_types
from sandgate.rewrite.rewriter import Rewriter
from sandgate.routes._model import Route
from sandgate.tiers._model import Tier, TierContext, Upstream
from sandgate.wire.models import Models

__all__ = ["Gate", "main"]

_DRAIN_SECONDS = 20.0
"""Less than the thirty that a front end waits for an answer."""
_GC_THRESHOLD = 100_000
"""Objects, some hundred calls' worth: next to nothing in a call is a cycle, so looking rarely finds as much."""


class Gate:
    """One run's gate.

    Args:
        config: the run's configuration.
        run_dir: the run's directory; exists.
        work_dir: for sockets and temporary files; exists, and is removed at the end.
        cache_dir: what outlives runs.
        environ: the user's environment where the tier may need it, else empty.
        say: tells the front end something.
    """

    def __init__(
        self,
        config: Config,
        run_dir: Path,
        work_dir: Path,
        cache_dir: Path,
        environ: Mapping[str, str],
        say: Callable[[Mapping[str, object]], None],
    ) -> None:
        self._config = config
        self._run_dir = run_dir
        self._cache_dir = cache_dir
        self._environ = environ
        self._say = say
        self._book = Book(run_dir / LEDGER)  # first: who cannot have the ledger touches nothing of the run
        cut_torn_line(run_dir / "events.jsonl")
        self._log = AppendLog(run_dir / "events.jsonl")
        self._recorder = Recorder(self._log, record_params=config.record_params)
        self._listener = Listener(config.sources.get("gate_port", ""))
        self._pool = Pool()
        self._work_dir = work_dir
        self._upstream: Upstream | None = None
        self._control: asyncio.Server | None = None
        self._desk: Desk | None = None
        self._door: Door | None = None
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
        await self._listener.bind("main", self._config.gate_port)
        source = self._config.sources.get("tier", "")
        tier = lookup(discover("sandgate.tiers", "TIER", Tier), self._config.tier, what="tier", where=source)
        tier.check_guard(guard=not self._config.unsafe_no_guard)
        tier.check_keep(keep=_keep_option(self._config))
        async with asyncio.TaskGroup() as group:
            starting = group.create_task(self._start_tier(tier))
            loading = group.create_task(asyncio.to_thread(self._load_models))
            group.create_task(asyncio.to_thread(remove_stale))
        upstream, models = starting.result(), loading.result()
        parts = self._make_parts(models, upstream)
        namespace = (self._run_dir / "namespace").read_text(encoding="ascii")
        self._open_ledger(parts, tier, upstream, namespace)
        if not self._config.unsafe_no_guard:
            parts.decide = (await build_wall(self._config, parts, namespace)).decide
        self._desk = Desk(parts, self._listener, self._end)
        self._control = await serve_control(self._work_dir / SOCKET, self._answer)
        await self._listener.open(Pipeline(parts).handle)
        self._recorder.note(
            {"event": "ready", "tier": tier.name, "account": upstream.account, "caller": upstream.caller}
        )
        replace_json(self._run_dir / "run.json", self._description(upstream))

    def _open_ledger(self, parts: Parts, tier: Tier, upstream: Upstream, namespace: str) -> None:
        """Say whose the ledger is, and take up what an earlier gate of this run has made."""
        account = upstream.account or UNNAMED_ACCOUNT
        header = {
            "run": self._run_dir.name,
            "tier": tier.name,
            "account": account,
            "region": self._config.region,
            "namespace": namespace,
            "ends_with_gate": tier.ends_with_run,
        }
        self._book.begin(header, durable=not tier.ends_with_run)
        for line in lost(self._run_dir / "events.jsonl", self._book.state, namespace):
            self._book.take_up(line)
        parts.owned.restore(self._book.state.owned)
        for entry in self._book.state.alive.values():
            if entry.type == STACK and "StackName" in entry.key:
                parts.owned.stacks.add((str(entry.key["StackName"]), entry.region))
        asking = Asking(parts, self._config.region)
        parts.ledger = Ledgering(self._book, asking, Prober(asking, parts.models, account), namespace)

    async def _answer(self, command: str, fields: Mapping[str, Any]) -> Mapping[str, object] | None:
        assert self._desk is not None
        return await (self._open_door() if command == "door" else self._desk.answer(command, fields))

    async def _open_door(self) -> Mapping[str, object]:
        """What an isolated command can reach; there is one for all that ask."""
        assert self._desk is not None
        if self._door is None:
            self._door = Door(self._work_dir / "door", self._desk.answer, self._listener.adopt)
            await self._door.open()
        return {"folder": str(self._door.folder)}

    def _load_models(self) -> Models:
        """The models, which are also what knows whether a required service exists at all."""
        resource_types()  # loaded now, so that no call waits for it
        models = Models.load(self._cache_dir)
        known = {*models.services, *(route.service for route in discover("sandgate.routes", "ROUTE", Route).values())}
        for name in self._config.require:
            if name not in known:
                close = nearest(name, known)
                raise ConfigError(
                    f"there is no service {name!r}",
                    where=f"require, {self._config.sources.get('require', '')}",
                    hint=f"did you mean {close!r}?" if close else "services are named as boto3 names them",
                )
        return models

    async def _start_tier(self, tier: Tier) -> Upstream:
        self._upstream = await tier.start(
            TierContext(
                config=self._config,
                run_dir=self._run_dir,
                work_dir=self._work_dir,
                cache_dir=self._cache_dir,
                gate_host=HOST,
                gate_port=self._listener.port("main"),
                progress=lambda text: self._say({"progress": text}),
                environ=self._environ,
                policy_for=None if self._config.unsafe_no_guard else self._policies,
            )
        )
        return self._upstream

    def _policies(self, account: str) -> Mapping[str, Document]:
        namespace = (self._run_dir / "namespace").read_text(encoding="ascii")
        policy = load_policy(self._config, account=account, namespace=namespace)
        return {"identity": policy.document, "deployer": policy.deployer}

    def _make_parts(self, models: Models, upstream: Upstream) -> Parts:
        surrogates = Surrogates()
        gate_url = f"http://{HOST}:{self._listener.port('main')}"
        return Parts(
            models=models,
            keys=RunKeys(),
            surrogates=surrogates,
            rewriter=Rewriter(gate_url, surrogates),
            upstream=upstream,
            seen=Seen(everything=upstream.private),
            pool=self._pool,
            recorder=self._recorder,
            routes=discover("sandgate.routes", "ROUTE", Route),
            decide=lambda _call: ALLOWED,
            body_limit=self._config.body_limit * 1024 * 1024,
            ports=self._listener.ports,
            urls=self._listener.urls,
        )

    def _description(self, upstream: Upstream) -> dict[str, object]:
        return {
            "schema": 1,
            "run": self._run_dir.name,
            "pid": os.getpid(),
            "tier": self._config.tier,
            "account": upstream.account,
            "caller": upstream.caller,
            "region": self._config.region,
            "gate": f"http://{HOST}:{self._listener.port('main')}",
            "control": str(self._work_dir / SOCKET),
            "work_dir": str(self._work_dir),
            "cache_dir": str(self._cache_dir),
            "versions": dict(upstream.versions),
        }

    # -- end ------------------------------------------------------------------------------------------------------

    def abandon(self) -> None:
        """The front end is gone without a word."""
        if not self.stopping.is_set():
            self._reason = "abandoned"
            self.stopping.set()

    async def _end(self, reason: str) -> None:
        """A front end asks for the end: drained before it is answered."""
        self._reason = reason
        await self._listener.drain(_DRAIN_SECONDS)
        self.stopping.set()

    async def stop(self) -> None:
        """Drain, stop the tier, remove what is temporary."""
        if self._stopped:
            return
        self._stopped = True
        await self._listener.drain(_DRAIN_SECONDS)
        if self._control is not None:
            self._control.close()
        if self._door is not None:
            self._door.close()
        if self._upstream is not None:
            await self._upstream.stop()
        self._pool.close()
        reason = self._reason or "stopped"
        self._recorder.note({"event": "abandoned" if reason == "abandoned" else "stopped", "reason": reason})
        with contextlib.suppress(OSError):
            (self._run_dir / "run.json").rename(self._run_dir / "run.ended.json")
        self._log.close()
        self._book.close()
        shutil.rmtree(self._work_dir, ignore_errors=True)


def _keep_option(config: Config) -> str:
    """The option by which a run is to leave what it made; empty when none was given."""
    return "--keep" if config.keep else "--keep-on-failure" if config.keep_on_failure else ""


def _say(message: Mapping[str, object]) -> None:
    with contextlib.suppress(BrokenPipeError, ValueError):
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


def _first_known(group: BaseExceptionGroup[BaseException]) -> SandgateError | None:
    for error in group.exceptions:
        found = _first_known(error) if isinstance(error, BaseExceptionGroup) else error
        if isinstance(found, SandgateError):
            return found
    return None


async def _serve(order: Mapping[str, Any]) -> int:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(report_loop_bug)
    try:
        gate = Gate(
            Config.from_json(order["config"]),
            Path(order["run_dir"]),
            Path(order["work_dir"]),
            Path(order["cache_dir"]),
            order.get("environ", {}),
            _say,
        )
    except SandgateError as error:
        return _fail(error)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, gate.stopping.set)
    try:
        starting = asyncio.ensure_future(gate.start())
        leash = None if order.get("detached") else await _leash(gate, starting)
        await starting
        gc.freeze()  # what is here now stays: models, routes, tables
        gc.set_threshold(_GC_THRESHOLD)
        _say({"ready": True})
        await gate.stopping.wait()
        del leash
    except asyncio.CancelledError:
        return 1
    except SandgateError as error:
        return _fail(error)
    except BaseExceptionGroup as group:
        known = _first_known(group)
        if known is None:
            raise
        return _fail(known)
    finally:
        await gate.stop()
    return 0


def _fail(error: SandgateError) -> int:
    kind = type(error).__name__
    _say({"error": {"kind": kind, "message": error.message, "where": error.where, "hint": error.hint}})
    return int(error.exit_code)


async def _leash(gate: Gate, starting: asyncio.Future[None]) -> asyncio.BaseTransport:
    """Watch standard input for end-of-file."""

    class Watch(asyncio.Protocol):
        def eof_received(self) -> None:
            gate.abandon()
            if not starting.done():
                starting.cancel()

        def connection_lost(self, _exc: Exception | None) -> None:
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
    return runner(_serve(order))


if __name__ == "__main__":
    sys.exit(main())
