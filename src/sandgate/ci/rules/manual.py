"""`manual`: somebody who may write to the repository pressed the button."""

from __future__ import annotations

from sandgate.ci.rules._model import Answer, Facts, Rule

__all__ = ["RULE"]


def _ask(facts: Facts) -> Answer:
    if facts.event.kind == "manual":
        return Answer(holds=True, why="somebody started it by hand")
    return Answer(holds=False, why="nobody started it by hand")


RULE = Rule(name="manual", summary="Somebody started it by hand.", ask=_ask)
