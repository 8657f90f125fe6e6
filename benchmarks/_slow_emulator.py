"""Runs inside the emulator's own environment: the emulator on a TCP port, every answer late, every call counted.

    python _slow_emulator.py PORT

`GET /_slow/0.02` makes every further call wait that many seconds; `GET /_count` says how many there were since.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import uvicorn  # type: ignore[import-not-found, unused-ignore]
from ministack.app import app  # type: ignore[import-not-found, unused-ignore]

STATE = {"delay": 0.0, "count": 0}


async def slow(scope: Any, receive: Any, send: Any) -> None:
    path = scope.get("path", "")
    if path.startswith(("/_slow/", "/_count")):
        answer = str(STATE["count"]).encode()
        if path.startswith("/_slow/"):
            STATE["delay"], STATE["count"] = float(path.removeprefix("/_slow/")), 0
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": answer})
        return
    if scope["type"] == "http":
        STATE["count"] += 1
        await asyncio.sleep(STATE["delay"])
    await app(scope, receive, send)


if __name__ == "__main__":
    uvicorn.run(slow, host="127.0.0.1", port=int(sys.argv[1]), http="httptools", loop="uvloop", log_level="warning")
