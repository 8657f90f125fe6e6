"""Which emulator had a resource: lines that say what is there now, and what that means for what was made before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from sandgate.ledger.state import State, fold, is_sound

Line = Mapping[str, Any]
OPEN: Line = {"ledger": "open", "schema": 1, "at": 1.0, "namespace": "k3f9x2"}
FIRST, SECOND = "a:1:7", "a:1:8"
HERE = "127.0.0.1:8000"


def there(instance: str, *services: str, address: str = HERE) -> Line:
    named = {service: {"address": address, "instance": instance} for service in services or ("sns", "sqs")}
    return {"ledger": "upstream", "at": 2.0, "services": named}


def intent(call: str, name: str = "test-x", **more: Any) -> Line:
    what = {"type": "sns-topic", "key": {"Name": name}, "region": "eu-west-1", "operation": "sns:CreateTopic"}
    return {"ledger": "intent", "id": call, "at": 3.0, **what, **more}


def made(call: str) -> Line:
    return {"ledger": "made", "id": call}


def queue(call: str) -> Line:
    return intent(call, type="sqs-queue", key={"QueueName": "test-x"}, operation="sqs:CreateQueue")


def anew(*lines: Line) -> dict[str, bool]:
    return {entry.type: entry.anew for entry in fold([OPEN, *lines]).alive.values()}


MADE = (intent("1"), made("1"))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((there(FIRST), *MADE), False),
        ((there(FIRST), *MADE, there(FIRST)), False),
        ((there(FIRST), *MADE, there(SECOND)), True),
        ((there(FIRST), *MADE, there(SECOND, address="127.0.0.1:9000")), True),
        ((*MADE, there(SECOND)), False),  # an old ledger does not say where that was
        ((there(FIRST), *MADE, there("a:2:8")), False),
        ((there(FIRST), there(SECOND), *MADE), False),
        ((there(FIRST), intent("1"), there(SECOND), made("1")), False),  # the answer came from the second
        ((there(FIRST), *MADE, there(SECOND), intent("2")), True),  # and whether that made one nobody knows
        ((there(FIRST), *MADE, there(SECOND), intent("2"), made("2")), False),
        ((there(FIRST), *MADE, there(SECOND), {**intent("2"), "ledger": "adopted", "claim": "made"}), False),
        ((there(FIRST), *MADE, there(SECOND), {**intent("2"), "ledger": "adopted", "claim": "doubt"}), True),
    ],
)
def test_what_was_made_in_an_emulator_that_has_ended(lines: tuple[Line, ...], expected: bool) -> None:
    assert anew(*lines) == {"sns-topic": expected}


def test_each_service_has_an_emulator_of_its_own() -> None:
    assert anew(there(FIRST), *MADE, queue("2"), there(SECOND, "sqs")) == {"sns-topic": False, "sqs-queue": True}


def test_what_no_type_knows_is_of_the_service_of_its_call() -> None:
    lines = (there(FIRST, "glue"), intent("1", type="", operation="glue:CreateJob"), there(SECOND, "glue"))
    assert anew(*lines) == {"": True}


@pytest.mark.parametrize(("name", "own"), [("test-x", False), ("test-k3f9x2-x", True)])
def test_a_shared_name_is_not_the_runs_any_more(name: str, own: bool) -> None:
    state = fold([OPEN, there(FIRST), intent("1", name), made("1"), there(SECOND)])
    assert state.holds("sns-topic", "eu-west-1", {"Name": name}) is own
    (entry,) = state.alive.values()
    assert state.may_be_anothers(entry) is not own


def _held(now: Mapping[str, str]) -> list[str]:
    state: State = fold([OPEN, there(FIRST, "sns"), *MADE, queue("2")])
    return [entry.type for entry in state.ended_with_emulator(now)]


def test_whoever_looks_from_outside_sees_what_has_ended() -> None:
    assert _held({HERE: FIRST}) == []
    assert _held({}) == []
    assert _held({HERE: "a:1:"}) == ["sns-topic"]
    assert _held({HERE: SECOND}) == ["sns-topic"]


@pytest.mark.parametrize(
    ("place", "sound"),
    [
        ({"address": HERE, "instance": FIRST}, True),
        ({"address": "::1:80", "instance": FIRST}, True),
        ({"address": "127.0.0.1", "instance": FIRST}, False),
        ({"address": 8000, "instance": FIRST}, False),
        ({"instance": FIRST}, False),
        ({"address": HERE, "instance": "a"}, False),
        ({"address": HERE, "instance": 7}, False),
    ],
)
def test_a_damaged_line_is_seen_before_anybody_reads_it(place: Mapping[str, object], *, sound: bool) -> None:
    assert is_sound(fold([OPEN, {"ledger": "upstream", "services": {"sns": place}}])) is sound
