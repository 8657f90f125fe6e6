"""The gate's side of `_keeper`: start and stop commands of the user's emulators."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sandgate.errors import EnvironmentFault

__all__ = ["Commands"]

_log = logging.getLogger("sandgate.tiers")
_SETTLE_SECONDS = 0.3
_END_SECONDS = 38.0
"""The keeper gives the stop command 30 s and what remains of the start command 5 s."""


@dataclass(kw_only=True)
class Commands:
    """A start command that has run, and what will stop what it started."""

    stop_command: str
    cwd: Path
    log: Path
    ended: int | None = None
    """Exit status of the start command; None while it runs, as one that serves in the foreground does."""
    stopped: int | None = None
    """Exit status of the stop command."""
    _process: asyncio.subprocess.Process = field(repr=False)
    _over: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    _reader: asyncio.Task[None] | None = field(default=None, repr=False)

    @classmethod
    async def run(
        cls, start: str, stop: str, *, cwd: Path, environ: Mapping[str, str], log: Path, secrets: Sequence[str] = ()
    ) -> Commands:
        """Run a start command, and promise the stop command.

        Args:
            start: for `/bin/sh -c`; it may serve in the foreground, or start something and end.
            stop: runs when `close` is called, and also when this process is killed; empty is none.
            cwd: working directory of both.
            environ: environment of both.
            log: file that their output is appended to.
            secrets: texts that must not reach the log.
        """
        script = Path(__file__).with_name("_keeper.py")
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-I", str(script),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
                cwd=cwd, env=dict(environ), start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise EnvironmentFault(f"cannot run the start command: {error.strerror}", where=str(cwd)) from error
        assert process.stdin is not None
        order = {"start": start, "stop": stop, "log": str(log), "secrets": [secret for secret in secrets if secret]}
        process.stdin.write(json.dumps(order).encode() + b"\n")
        made = cls(stop_command=stop, cwd=cwd, log=log, _process=process)
        made._reader = asyncio.ensure_future(made._read())
        return made

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            message = json.loads(line)
            self.ended = message.get("ended", self.ended)
            self.stopped = message.get("stopped", self.stopped)
            self._over.set()

    async def settle(self) -> None:
        """Let a start command that is about to fail do so: whatever answers may be somebody else's."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SETTLE_SECONDS):
                await self._over.wait()

    async def close(self) -> None:
        """Run the stop command, end what is left of the start command; never raises."""
        assert self._process.stdin is not None
        assert self._reader is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(_END_SECONDS):
                await self._reader
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()
        if self.stop_command and self.stopped != 0:
            _log.warning("the stop command %r ended with status %s; see %s", self.stop_command, self.stopped, self.log)
