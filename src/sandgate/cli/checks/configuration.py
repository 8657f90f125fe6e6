"""Which configuration holds here, and which tier it leads to."""

from __future__ import annotations

from collections.abc import Iterator

from sandgate.cli.checks._model import Check, Facts, Finding, State
from sandgate.core.registry import case_names, nearest

__all__ = ["CHECK"]


def _look(facts: Facts) -> Iterator[Finding]:
    config = facts.config
    file = config.file.name if config.file else "none here: every option has its default"
    alias = f" (asked for as {config.asked_tier})" if config.asked_tier != config.tier else ""
    known = case_names("sandgate.tiers")
    if config.tier not in known:
        close = nearest(config.tier, [*known, *config.tier_aliases])
        yield Finding(
            state=State.MEND,
            text=f"unknown tier {config.tier!r}, from {config.sources['tier']}",
            remedy=f"did you mean {close!r}?" if close else "`sandgate tiers` lists them",
        )
        return
    yield Finding(state=State.OK, text=f"{file}, tier {config.tier}{alias}, region {config.region}")
    if config.ci:
        yield Finding(state=State.NOTE, text="CI is set: only the environment is read, env files are not")


CHECK = Check(name="configuration", place=20, look=_look)
