"""`nightly`: the schedule started it."""

from __future__ import annotations

from sandgate.ci.rules._model import Answer, Facts, Rule

__all__ = ["RULE"]


def _ask(facts: Facts) -> Answer:
    if facts.event.kind == "schedule":
        return Answer(holds=True, why="the schedule started it")
    return Answer(holds=False, why=f"{facts.event.name} is no schedule")


RULE = Rule(name="nightly", summary="A schedule started it.", ask=_ask)
