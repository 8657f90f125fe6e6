"""By which names things are the tests' own."""

from __future__ import annotations

from collections.abc import Iterator

from sandgate.cli.checks._model import Check, Facts, Finding, State

__all__ = ["CHECK"]


def _look(facts: Facts) -> Iterator[Finding]:
    config = facts.config
    said = ", ".join(f"{prefix}- and {prefix}_" for prefix in config.prefix)
    if config.isolation == "run":
        yield Finding(state=State.OK, text=f"{said}, and the run's own namespace behind it")
        return
    text = f"{said}; isolation is prefix, so runs at the same time can meet each other's names"
    yield Finding(state=State.NOTE, text=text, remedy='isolation = "run", where tests use the fixture `namespace`')


CHECK = Check(name="prefix", place=110, look=_look)
