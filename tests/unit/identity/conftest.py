"""Configurations of identities."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sandgate.config.load import load
from sandgate.config.model import Config


@pytest.fixture
def configure(tmp_path: Path) -> Callable[[str], Config]:
    """A configuration from the text of its file."""

    def made(text: str = "") -> Config:
        (tmp_path / "sandgate.toml").write_text(text)
        return load(cwd=tmp_path, environ={}, overrides={})

    return made
