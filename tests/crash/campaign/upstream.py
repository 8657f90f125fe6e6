"""Serves the emulator on a port: run with the Python of its own environment, and owned by whoever holds its input.

It outlives every gate: that is what makes what a run left behind visible. It is as far away as AWS is, a few hundredths
of a second before and after each call, so that kills find calls on their way; only those who look need not wait.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

__all__ = ["main"]


def _end_with_input() -> None:
    while os.read(0, 4096):
        pass
    os.killpg(0, signal.SIGKILL)


_FAR = 0.03
"""Seconds that each way takes at most."""
_Message = MutableMapping[str, Any]
_Send = Callable[[_Message], Awaitable[None]]
_Receive = Callable[[], Awaitable[_Message]]


class _FarAway:
    """An application that takes its time, but for clients that call themselves `at-hand`."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        near = scope["type"] != "http" or any(b"at-hand" in value for name, value in scope["headers"])
        if near:
            await self._app(scope, receive, send)
            return

        async def later(message: _Message) -> None:
            if message["type"] == "http.response.start":
                await asyncio.sleep(random.uniform(0, _FAR))
            await send(message)

        await asyncio.sleep(random.uniform(0, _FAR))
        await self._app(scope, receive, later)


def main() -> None:
    """Serve on the port named by the first argument."""
    threading.Thread(target=_end_with_input, daemon=True).start()
    import uvicorn  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415 - in the emulator's environment only
    from ministack.app import app  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415

    uvicorn.run(
        _FarAway(app),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        lifespan="on",
        access_log=False,
        log_level="warning",
        timeout_keep_alive=3600,
    )


if __name__ == "__main__":
    main()
