"""`label`: somebody put the label on the pull request."""

from __future__ import annotations

from sandgate.ci.rules._model import Answer, Facts, Rule

__all__ = ["RULE"]


def _ask(facts: Facts) -> Answer:
    label = facts.config.ci_label
    if facts.event.kind not in ("change", "queue", "after"):
        return Answer(holds=False, why=f"{facts.event.name} has no labels")
    if label in facts.event.labels:
        return Answer(holds=True, why=f"it has the label {label!r}")
    return Answer(holds=False, why=f"it lacks the label {label!r}")


RULE = Rule(
    name="label",
    summary="The pull or merge request has the label `ci_label`.",
    ask=_ask,
)
