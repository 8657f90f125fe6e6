"""What pytest loads by its entry point: one option, and the decision whether there is anything to do here.

Nothing else is imported at this time: a project that does not use sandgate must not notice that it is installed.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest

from sandgate.pytest_plugin.options import ALWAYS, add_options, where_to_look

__all__ = ["pytest_addoption", "pytest_load_initial_conftests"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare `--tier`, which makes sandgate active by itself."""
    add_options(parser, ALWAYS)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Generator[None]:
    """Open the run before any conftest is imported: clients made at import time must already reach the gate.

    A wrapper, and first among them, so that no other plugin's part of this hook comes before.
    """
    if _asked_for(early_config):
        from sandgate.pytest_plugin.opening import open_session  # noqa: PLC0415 - see the module's docstring

        open_session(early_config, parser, args)
    return (yield)


def _asked_for(config: pytest.Config) -> bool:
    """Whether anything here mentions sandgate; reading what it says comes later."""
    if os.environ.get("SANDGATE_RUN_DIR") or config.known_args_namespace.sandgate_tier is not None:
        return True
    folder = where_to_look(config)
    return any(_mentions(place) for place in (folder, *folder.parents))


def _mentions(folder: Path) -> bool:
    shared = folder / "pyproject.toml"
    try:
        return (folder / "sandgate.toml").is_file() or (shared.is_file() and b"sandgate" in shared.read_bytes())
    except OSError:
        return False  # a file that we may not read is not ours
