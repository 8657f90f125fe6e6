"""A gate that cannot start because of a mistake of ours says where, and quotes nothing."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from sandgate.daemon import __main__ as daemon

SECRET = "Invalid header value b'IQoJb3JpZ2luX2VjEA\\n'"


class _Broken:
    """A gate."""

    def __init__(self, *_arguments: object) -> None:
        self.stopping = asyncio.Event()

    async def start(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._fail())

    async def stop(self) -> None:
        pass

    async def _fail(self) -> None:
        raise ValueError(SECRET)


def test_it_names_the_place_and_not_the_text(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(daemon, "Gate", _Broken)
    monkeypatch.setattr(daemon, "Config", SimpleNamespace(from_json=lambda data: data))
    order = {"config": {}, "run_dir": str(tmp_path), "work_dir": "", "cache_dir": "", "detached": True}
    assert asyncio.run(daemon._serve(order)) == 6
    said = json.loads(capsys.readouterr().out)["error"]
    assert "ValueError at _fail:" in said["message"]
    assert said["where"] == str(tmp_path / "gate.log")
    assert "IQoJ" not in str(said) + caplog.text
