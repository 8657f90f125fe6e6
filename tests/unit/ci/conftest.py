"""Events as providers hand them over, and configurations for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandgate.ci.event import Event
from sandgate.ci.providers._github_events import github_event
from sandgate.config.load import load
from sandgate.config.model import Config

_PAYLOADS: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "payloads.yaml").read_text())


@pytest.fixture(scope="session")
def github() -> Callable[[str], Event]:
    """`github("pull request labeled")` is that event of GitHub's."""

    def event(name: str) -> Event:
        return github_event(_PAYLOADS[name]["event"], _PAYLOADS[name]["payload"])

    return event


@pytest.fixture(scope="session")
def payloads() -> dict[str, Any]:
    """Name to event and payload."""
    return _PAYLOADS


@pytest.fixture
def configure(tmp_path: Path) -> Callable[..., Config]:
    """`configure(ci_policy="platform")`."""

    def make(**options: object) -> Config:
        (tmp_path / "sandgate.toml").write_text("")
        return load(cwd=tmp_path, environ={}, overrides=options)

    return make
