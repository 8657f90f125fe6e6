"""A gate that cannot start because of a mistake of ours says where, and quotes nothing."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from sandgate.daemon import process as daemon

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


class _Served(_Broken):
    """A gate that is told to stop once it is ready."""

    async def start(self) -> None:
        self.stopping.set()


@pytest.fixture
def no_garbage() -> Iterator[None]:
    """As `daemon.__main__` starts: garbage is not looked for."""
    before = gc.get_threshold()
    gc.disable()
    yield
    gc.set_threshold(*before)
    gc.enable()


@pytest.mark.usefixtures("no_garbage")
def test_once_it_serves_garbage_is_looked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon, "Gate", _Served)
    monkeypatch.setattr(daemon, "Config", SimpleNamespace(from_json=lambda data: data))
    order = {"config": {}, "run_dir": "", "work_dir": "", "cache_dir": "", "detached": True}
    assert asyncio.run(daemon._serve(order)) == 0
    assert gc.isenabled()
