"""One run's gate: what is wired, started and ended, in which order."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandgate.config.model import Config
from sandgate.control.door import Door
from sandgate.control.handover import PROXY
from sandgate.control.server import serve_control
from sandgate.control.stale import SOCKET, remove_stale
from sandgate.core.files import replace_json
from sandgate.core.log import AppendLog, cut_torn_line
from sandgate.core.registry import discover, lookup
from sandgate.daemon.proxying import Proxying
from sandgate.daemon.second import check_second, open_second
from sandgate.gate.listener import HOST, Listener
from sandgate.gate.recorder import Recorder
from sandgate.gate.upstream import Pool
from sandgate.iam.document import Document
from sandgate.ledger.book import NAME as LEDGER
from sandgate.ledger.book import Book
from sandgate.tiers._model import AbsentError, Tier, TierContext, Upstream

if TYPE_CHECKING:
    from sandgate.gate.also import Also
    from sandgate.gate.desk import Desk
    from sandgate.wire.models import Models

__all__ = ["Gate"]

_DRAIN_SECONDS = 20.0
"""Less than the thirty that a front end waits for an answer."""


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
        self._proxying = Proxying(config, run_dir)
        self._listener = Listener(config.sources.get("gate_port", ""), self._proxying.of_endpoint)
        self._pool = Pool()
        self._work_dir = work_dir
        self._upstream: Upstream | None = None
        self._also: Also | None = None
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
        self._proxying.front.bind()
        tier = self._tier(self._config.tier)
        async with asyncio.TaskGroup() as group:
            starting = group.create_task(self._start_or_fall_back(tier))
            loading = group.create_task(asyncio.to_thread(_load, self._config, self._cache_dir))
            group.create_task(asyncio.to_thread(remove_stale))
            group.create_task(asyncio.to_thread(self._proxying.make_authority))
        (tier, upstream), models = starting.result(), loading.result()
        from sandgate.daemon.serving import wire  # noqa: PLC0415 - `_load` has loaded it
        from sandgate.gate.desk import Desk  # noqa: PLC0415 - likewise

        parts, handler = await wire(
            self._config, models, tier, upstream, listener=self._listener, pool=self._pool, recorder=self._recorder,
            book=self._book, run_dir=self._run_dir, cache_dir=self._cache_dir,
        )  # fmt: skip
        parts.also = self._also
        self._desk = Desk(parts, self._listener, self._end, self._proxying.front.url)
        self._control = await serve_control(self._work_dir / SOCKET, self._answer)
        await self._listener.open(handler)
        self._proxying.open(parts, self._listener, tier)
        self._recorder.note(
            {"event": "ready", "tier": tier.name, "account": upstream.account, "caller": upstream.caller}
        )
        replace_json(self._run_dir / "run.json", self._description(tier, upstream))

    async def _answer(self, command: str, fields: Mapping[str, Any]) -> Mapping[str, object] | None:
        assert self._desk is not None
        return await (self._open_door() if command == "door" else self._desk.answer(command, fields))

    async def _open_door(self) -> Mapping[str, object]:
        """What an isolated command can reach; there is one for all that ask."""
        assert self._desk is not None
        if self._door is None:
            self._door = Door(self._work_dir / "door", self._desk.answer, self._adopt)
            await self._door.open()
        return {"folder": str(self._door.folder)}

    async def _adopt(self, worker: str, listening: socket.socket) -> None:
        """A port of another network namespace: a worker's, or the proxy's.

        Raises:
            ValueError: it is neither.
        """
        if worker == PROXY:
            self._proxying.front.adopt(listening)
        else:
            await self._listener.adopt(worker, listening)

    def _tier(self, name: str) -> Tier:
        """A tier that this run may use.

        Raises:
            UsageError: there is none, or not with these options.
        """
        source = self._config.sources.get("tier", "")
        tier = lookup(discover("sandgate.tiers", "TIER", Tier, only=name), name, what="tier", where=source)
        tier.check_guard(guard=not self._config.unsafe_no_guard)
        tier.check_keep(keep=_keep_option(self._config))
        tier.check_timing(timing=self._config.timing)
        return tier

    async def _start_or_fall_back(self, tier: Tier) -> tuple[Tier, Upstream]:
        """Start the tier, or the configured one in its place where it has no credentials at all."""
        try:
            return tier, await self._start_tier(tier)
        except AbsentError as absent:
            # What an earlier gate of this run made on the tier is there, whoever has lost the credentials since.
            if not self._config.fallback or self._book.state.header:
                raise absent.error from None
            other = self._tier(self._config.fallback)
            self._say({"warning": f"NO CREDENTIALS for the tier {tier.name!r}: this run uses the tier {other.name!r}"})
            return other, await self._start_tier(other)

    def _evidence(self, tier: Tier, upstream: Upstream) -> Mapping[str, str]:
        asked = {"asked": self._config.tier} if tier.name != self._config.tier else {}
        also = {"also": f"{self._config.also_profile}: {self._also.second.caller}"} if self._also is not None else {}
        return {**(upstream.aws.evidence if upstream.aws is not None else {}), **asked, **also}

    async def _start_tier(self, tier: Tier) -> Upstream:
        check_second(self._config, tier)
        context = TierContext(
            config=self._config,
            run_dir=self._run_dir,
            work_dir=self._work_dir,
            cache_dir=self._cache_dir,
            gate_host=HOST,
            gate_port=self._listener.port("main"),
            progress=lambda text: self._say({"progress": text}),
            environ=self._environ,
            functions=self._proxying.functions,
            policy_for=None if self._config.unsafe_no_guard else self._policies,
        )
        self._upstream = await tier.start(context)
        if not self._book.state.header:  # a run that is taken up again is swept, and makes no calls of tests
            self._also = await open_second(context, tier, self._upstream)
        return self._upstream

    def _policies(self, account: str) -> Mapping[str, Document]:
        from sandgate.guard.policy import load_policy  # noqa: PLC0415 - asked for when the emulator has been started

        namespace = (self._run_dir / "namespace").read_text(encoding="ascii")
        policy = load_policy(self._config, account=account, namespace=namespace)
        return {"identity": policy.document, "deployer": policy.deployer}

    def _description(self, tier: Tier, upstream: Upstream) -> dict[str, object]:
        return {
            "schema": 1,
            "run": self._run_dir.name,
            "pid": os.getpid(),
            "tier": tier.name,
            "evidence": self._evidence(tier, upstream),
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
        await self._proxying.front.drain()
        await self._listener.drain(_DRAIN_SECONDS)
        self.stopping.set()

    async def stop(self) -> None:
        """Drain, stop the tier, remove what is temporary."""
        if self._stopped:
            return
        self._stopped = True
        await self._proxying.front.drain()
        await self._listener.drain(_DRAIN_SECONDS)
        await self._proxying.close()
        if self._control is not None:
            self._control.close()
        if self._door is not None:
            self._door.close()
        await self._book.unshare()
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


def _load(config: Config, cache_dir: Path) -> Models:
    """All that a gate needs to serve: half of what it loads, in a thread, while the emulator starts."""
    import sandgate.daemon.serving  # noqa: PLC0415
    import sandgate.gate.desk  # noqa: F401, PLC0415
    from sandgate.daemon.wiring import load_models  # noqa: PLC0415

    return load_models(config, cache_dir)


def _keep_option(config: Config) -> str:
    """The option by which a run is to leave what it made; empty when none was given."""
    return "--keep" if config.keep else "--keep-on-failure" if config.keep_on_failure else ""
