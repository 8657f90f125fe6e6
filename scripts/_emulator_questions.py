"""Runs in the emulator's own environment: what its IAM is asked for each request on standard input.

One JSON object a line: method, target, headers, body in base64. Handlers are replaced, so nothing happens; the answer
is the list of action and resource, as the emulator itself derives them on its way to the handler.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
from typing import Any
from urllib.parse import unquote

__all__ = ["main"]

_ENVIRON = {
    "AUTH": "true",
    "GATEWAY_PORT": "4566",
    "IOT_MTLS_ENABLED": "0",
    "LOG_LEVEL": "ERROR",
    "MINISTACK_ACCOUNT_ID": "111122223333",
    "MINISTACK_HOST": "127.0.0.1",
    "MINISTACK_REGION": "eu-west-1",
    "SFTP_ENABLED": "0",
}


class _Asker:
    def __init__(self) -> None:
        os.environ.update(_ENVIRON)
        from ministack import app  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415
        from ministack.core import iam_evaluator  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415

        self._asked: list[list[str]] = []
        self._app = app.app
        iam_evaluator.enforce = self._enforce
        iam_evaluator.check_credentials = lambda *_args: None
        for name in list(app.SERVICE_HANDLERS):
            app.SERVICE_HANDLERS[name] = _nothing

    def _enforce(self, _key: str, action: str, *_args: str, resource_arn: str = "*", **_context: object) -> None:
        self._asked.append([action, resource_arn])

    async def ask(self, item: dict[str, Any]) -> list[list[str]] | None:
        """The questions; None where the emulator fails before it asks."""
        self._asked.clear()
        path, _, query = item["target"].partition("?")
        scope = {
            "type": "http",
            "http_version": "1.1",
            "scheme": "http",
            "method": item["method"],
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in item["headers"]],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 4566),
        }
        body = base64.b64decode(item["body"])

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(_message: object) -> None:
            return

        try:
            await self._app(scope, receive, send)
        except Exception:  # noqa: BLE001 - a request that it cannot take is no question
            return None
        return list(self._asked)


async def _nothing(*_args: object, **_options: object) -> tuple[int, dict[str, str], bytes]:
    return 200, {}, b""


async def _answer() -> None:
    asker = _Asker()
    for line in sys.stdin:
        sys.stdout.write(f"{json.dumps(await asker.ask(json.loads(line)))}\n")


def main() -> None:
    """Answer every line."""
    asyncio.run(_answer())


if __name__ == "__main__":
    main()
