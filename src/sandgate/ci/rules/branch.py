"""`branch`: a push to one of the main branches, or a change that would be merged into one."""

from __future__ import annotations

from sandgate.ci.rules._model import Answer, Facts, Rule

__all__ = ["RULE"]


def _ask(facts: Facts) -> Answer:
    event = facts.event
    where = event.ref if event.kind == "push" else event.target if event.kind in ("change", "queue") else ""
    name = where.removeprefix("refs/heads/")
    if where.startswith("refs/heads/") and name in facts.config.ci_branches:
        return Answer(holds=True, why=f"it goes to {name}")
    return Answer(holds=False, why=f"{event.name} does not go to {' or '.join(facts.config.ci_branches) or 'a branch'}")


RULE = Rule(name="branch", summary="A push to one of `ci_branches`, or a pull or merge request into one.", ask=_ask)
