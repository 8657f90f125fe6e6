"""One stand-in for AWS for all tests of this folder, per pytest worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.sandbox.project import Project
from tests.sandbox.standin.account import StandIn


@pytest.fixture(scope="session")
def _standin() -> Iterator[StandIn]:
    made = StandIn()
    yield made
    made.stop()


@pytest.fixture
def standin(_standin: StandIn) -> Iterator[StandIn]:
    """The stand-in, with no faults and nothing seen yet; tests make things of names of their own."""
    _standin.front.heal()
    _standin.front.seen.clear()
    _standin.front.strangers.clear()
    _standin.escapes.unlink(missing_ok=True)
    yield _standin
    _standin.front.heal()
    assert _standin.front.strangers == []
    assert not _standin.escapes.exists(), _standin.escapes.read_text(encoding="utf-8")


@pytest.fixture
def project(
    standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Project:
    """A project with an identity of its own, which is not there yet."""
    return Project(
        standin=standin, folder=tmp_path / "project", home=tmp_path / "home", patch=monkeypatch, capture=capsys
    )
