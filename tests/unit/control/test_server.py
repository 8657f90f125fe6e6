"""The control socket: who may speak, and what a wrong message gets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from sandgate.control.server import serve_control


async def _echo(command: str, fields: Mapping[str, object]) -> Mapping[str, object] | None:
    if command == "port":
        raise KeyError("worker")
    return None if command == "test" else {"command": command, **fields}


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder whose path is short enough for a socket, wherever tests keep their files."""
    with tempfile.TemporaryDirectory(prefix="sg-test-") as folder:
        yield Path(folder)


def _answers(path: Path, *lines: bytes) -> list[dict[str, object]]:
    """What the server says to these lines before it hangs up."""

    async def talk() -> bytes:
        server = await serve_control(path, _echo)
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(b"".join(line + b"\n" for line in lines))
        writer.write_eof()
        said = b""
        with contextlib.suppress(ConnectionResetError):  # hung up on before it was listened to
            said = await asyncio.wait_for(reader.read(), 60)
        writer.close()
        server.close()
        return said

    return [json.loads(line) for line in asyncio.run(talk()).splitlines()]


def test_each_message_is_answered_in_order(place: Path) -> None:
    said = _answers(place / "s", b'{"do":"key","worker":"gw0"}', b'{"do":"test","id":"t"}', b'{"do":"status"}')
    assert said == [{"ok": True, "command": "key", "worker": "gw0"}, {"ok": True, "command": "status"}]


@pytest.mark.parametrize("line", [b"{", b"[]", b"{}", b'"status"', b'{"do":"explode"}', b'{"do":"port"}'])
def test_a_wrong_message_is_told_and_the_next_one_answered(line: bytes, place: Path) -> None:
    first, second = _answers(place / "s", line, b'{"do":"status"}')
    assert (first["ok"], second["ok"]) == (False, True)


def test_another_user_is_told_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = os.getuid() + 1
    monkeypatch.setattr("sandgate.control.server.os.getuid", lambda: other)
    assert _answers(place / "s", b'{"do":"key","worker":"main"}') == []
