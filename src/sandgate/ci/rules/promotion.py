"""`promotion`: what is tested is about to become production."""

from __future__ import annotations

import fnmatch

from sandgate.ci.rules._model import Answer, Facts, Rule

__all__ = ["RULE"]

_INPUT = "promote"


def _ask(facts: Facts) -> Answer:
    event = facts.event
    if event.kind in ("release", "deployment"):
        return Answer(holds=True, why=f"{event.name} promotes {event.ref or 'it'}")
    if event.kind == "manual" and event.inputs.get(_INPUT, "").lower() == "true":
        return Answer(holds=True, why=f"started by hand with {_INPUT}")
    goes_to = event.target if event.kind in ("change", "queue") else event.ref if event.kind == "push" else ""
    for pattern in facts.config.ci_promotion_refs:
        if goes_to and fnmatch.fnmatchcase(goes_to, pattern):
            return Answer(holds=True, why=f"it goes to {goes_to}")
    return Answer(holds=False, why=f"{event.name} promotes nothing")


RULE = Rule(
    name="promotion",
    summary="A release or deployment, what is pushed or merged into `ci_promotion_refs`, or a start by hand with the "
    "input `promote`.",
    ask=_ask,
)
