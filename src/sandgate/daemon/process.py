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
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sandgate.config.model import Config
from sandgate.core.hardening import harden
from sandgate.daemon.gate import Gate
from sandgate.errors import RunError, SandgateError
from sandgate.gate.bugs import describe_bug, report_loop_bug

__all__ = ["main"]

_GC_THRESHOLD = 100_000
"""Objects, some hundred calls' worth: next to nothing in a call is a cycle, so looking rarely finds as much."""


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


def _bug(bug: BaseException, order: Mapping[str, Any]) -> RunError:
    while isinstance(bug, BaseExceptionGroup):
        bug = bug.exceptions[0]
    where = str(Path(order["run_dir"]) / "gate.log")
    told = f"a bug in the gate, as it started: {describe_bug(bug)}"
    logging.getLogger("sandgate.gate").error("%s", told)
    return RunError(told, where=where, hint="please report it")


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
        gc.enable()
        _say({"ready": True})
        await gate.stopping.wait()
        del leash
    except asyncio.CancelledError:
        return 1
    except SandgateError as error:
        return _fail(error)
    except BaseExceptionGroup as group:
        return _fail(_first_known(group) or _bug(group, order))
    except Exception as bug:  # noqa: BLE001 - its text may quote credentials, and would go to gate.log
        return _fail(_bug(bug, order))
    finally:
        await gate.stop()
    return 0


def _fail(error: SandgateError) -> int:
    # The front end knows the kinds of `errors` only; a narrower one is what it narrows.
    kind = next(known.__name__ for known in type(error).__mro__ if known.__module__ == SandgateError.__module__)
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
