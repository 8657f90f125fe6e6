"""`never`: the real account is for people, not for CI."""

from __future__ import annotations

from sandgate.ci.rules._model import Answer, Facts, Rule

__all__ = ["RULE"]


def _ask(_facts: Facts) -> Answer:
    return Answer(holds=False, why="nothing in CI uses the real account")


RULE = Rule(name="never", summary="Never: only people start tests against the real account.", ask=_ask)
