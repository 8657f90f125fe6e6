"""A run that is interrupted again while it is being ended for an interruption."""

from __future__ import annotations

import signal
from pathlib import Path
from types import SimpleNamespace

import pytest

from sandgate import session
from sandgate.cli._gated import gated
from sandgate.config.load import load


def test_who_presses_ctrl_c_once_more_is_told_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No gate is needed for that, and none could be made to end at just that moment."""
    ended: list[str] = []

    def kill() -> None:
        signal.raise_signal(signal.SIGINT)
        ended.append("whole")

    def press(*_: object) -> int:
        raise KeyboardInterrupt

    run = SimpleNamespace(id="20261122-000000-abcdef", directory=tmp_path, kill=kill)
    monkeypatch.setattr(session, "start", lambda *_, **__: run)
    config = load(cwd=tmp_path, environ={}, overrides={})
    with pytest.raises(KeyboardInterrupt):
        gated(config, ("true",), press)
    assert ended == ["whole"]
    assert "20261122-000000-abcdef: ended at once, without a receipt\n" in capsys.readouterr().err
