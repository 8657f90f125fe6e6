"""Whether the emulator's environment is there; making it is left to the first run."""

from __future__ import annotations

from collections.abc import Iterator

from sandgate.cli.checks._model import Check, Facts, Finding, State

__all__ = ["CHECK"]


def _look(facts: Facts) -> Iterator[Finding]:
    from sandgate.session import cache_directory  # noqa: PLC0415 - `--help` must not pay for it
    from sandgate.tiers._venv import emulator_made  # noqa: PLC0415

    version = facts.config.ministack_version
    if emulator_made(cache_directory(facts.config), version):
        yield Finding(state=State.OK, text=f"MiniStack {version}, in the cache")
    else:
        text = f"MiniStack {version} is not in the cache; the first run on the tier emulated installs it"
        yield Finding(state=State.NOTE, text=text, remedy="sandgate run --allow-empty --tier emulated -- true")


CHECK = Check(name="emulator", place=30, look=_look)
