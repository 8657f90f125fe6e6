"""Every attack is refused, by the right rule and in the right protocol, and no byte of it leaves; its twin passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLAIN = "below-http"
"""Refused before anybody asks whose call it is: a plain answer, and no event."""


def test_attack(attack: Any, perform: Callable[..., Any]) -> None:
    result = perform(attack.case, attack.value, attack.protocol)
    assert list(result.visits) == [], "it reached the upstream"
    assert result.stray == 0
    assert list(result.calls) == []
    if attack.rule == PLAIN:
        assert result.status in {*range(400, 500), 501}, result
        assert (list(result.refused), result.text.startswith("sandgate: ")) == ([], True), result
        return
    assert 400 <= result.status < 500, result
    (event,) = result.refused
    assert (event["rule"], event["action"]) == (attack.rule, attack.action), event
    denials = (event["value"],) if attack.rule == "not-understood" else ("AccessDenied", "AccessDeniedException", "403")
    assert result.code in denials, result


def test_twin(twin: Any, perform: Callable[..., Any]) -> None:
    result = perform(twin, twin.inside)
    assert list(result.refused) == [], result.refused
    assert (result.status, len(result.visits), result.stray) == (200, 1, 0), result
    (event,) = result.calls
    assert event["operation"] == twin.seen
    if twin.arrives:
        assert result.visits[0].target == twin.arrives
