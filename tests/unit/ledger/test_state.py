"""Lines into what is alive: nothing is forgotten before it is proven gone, in whatever order lines came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandgate.ledger.entry import Entry, identity_of
from sandgate.ledger.state import State, fold

Line = Mapping[str, Any]
REGION = "eu-west-1"
TABLE: Line = {"type": "dynamodb-table", "key": {"TableName": "test-t"}, "region": REGION}
KEY: Line = {"type": "kms-key", "key": {}, "region": REGION}


def _intent(call: str, what: Line = TABLE, **more: Any) -> Line:
    return {"ledger": "intent", "id": call, "at": 1.0, "operation": "x:Y", **what, **more}


def _made(call: str, **more: Any) -> Line:
    return {"ledger": "made", "id": call, **more}


def _failed(call: str) -> Line:
    return {"ledger": "failed", "id": call, "code": "X"}


def _gone(*calls: str, what: Line = TABLE, kind: str = "gone", **more: Any) -> Line:
    return {"ledger": kind, **what, "ids": list(calls), "why": "x", **more}


def _alive(*lines: Line) -> list[Entry]:
    return list(fold(lines).alive.values())


def test_an_intent_is_alive_until_its_call_failed() -> None:
    (entry,) = _alive(_intent("1"))
    assert (entry.claim, entry.complete, entry.name) == ("unknown", True, "test-t")
    assert _alive(_intent("1"), _failed("1")) == []


def test_what_is_made_has_what_the_answer_said() -> None:
    (entry,) = _alive(_intent("1", KEY, told={"Description": "d"}), _made("1", key={"KeyId": "k"}, arn="arn:k"))
    assert (entry.claim, dict(entry.key), entry.arn, entry.complete) == ("made", {"KeyId": "k"}, "arn:k", True)


def test_two_creates_without_names_are_two() -> None:
    first, second = _alive(_intent("1", KEY), _intent("2", KEY))
    assert first.identity != second.identity
    assert not first.complete
    (left,) = _alive(
        _intent("1", KEY), _intent("2", KEY), _made("1", key={"KeyId": "k"}), _gone("2", what=KEY, call="2")
    )
    assert dict(left.key) == {"KeyId": "k"}


def test_a_create_that_overtakes_a_removal_stays() -> None:
    """The removal went out when only the first claim was there."""
    (entry,) = _alive(_intent("1"), _made("1"), _intent("2"), _made("2"), _gone("1"))
    assert dict(entry.claims) == {"2": "made"}


def test_an_answer_that_comes_after_the_proof_of_absence_counts() -> None:
    """A removal, or a look, and a create that was under way all the time: which was first upstream nobody knows."""
    (entry,) = _alive(_intent("1"), _gone("1"), _made("1"))
    assert dict(entry.claims) == {"1": "made"}
    assert _alive(_intent("1"), _gone("1"), _failed("1")) == []
    (entry,) = _alive(_intent("1", KEY), _gone("1", what=KEY, call="1"), _made("1", key={"KeyId": "k"}))
    assert dict(entry.key) == {"KeyId": "k"}
    assert _alive(_intent("1"), {"ledger": "ended", "why": "x"}, _made("1")) == []


def test_what_was_there_before_is_nobodys() -> None:
    assert _alive(_intent("1", existed=True), _made("1")) == []
    (entry,) = _alive(_intent("1", existed="unknown"), _made("1"))
    assert entry.claim == "doubt", "an answer does not tell whether it was there before"
    (entry,) = _alive(_intent("1", KEY, existed="unknown"), _made("1", key={"KeyId": "k"}))
    assert (dict(entry.key), entry.claim) == ({"KeyId": "k"}, "doubt"), "but it tells which one it is"


def test_a_removal_that_only_promises_is_alive() -> None:
    (entry,) = _alive(_intent("1"), _made("1"), _gone("1", kind="going"))
    assert entry.claim == "going"
    (entry,) = _alive(_intent("1"), _made("1"), _gone("1", kind="going"), _intent("2"), _made("2"))
    assert entry.claim == "made"


def test_what_comes_along_is_alive_by_itself() -> None:
    group = {"type": "logs-log-group", "key": {"logGroupName": "/aws/lambda/f"}, "region": REGION}
    adopted = {"ledger": "adopted", "id": "1", "at": 1.0, **group, "claim": "perhaps", "why": "comes with f"}
    assert {entry.type for entry in _alive(_intent("1"), _made("1"), adopted)} == {"dynamodb-table", "logs-log-group"}
    (entry,) = _alive(_intent("1"), _made("1"), adopted, _gone("1"))
    assert (entry.type, entry.claim, entry.why) == ("logs-log-group", "perhaps", "comes with f")


def test_a_reason_is_kept_with_what_is_left() -> None:
    (entry,) = _alive(_intent("1"), _made("1"), {"ledger": "leak", **TABLE, "why": "in use"})
    assert entry.why == "in use"


def test_with_the_upstream_all_is_gone() -> None:
    assert _alive(_intent("1"), _made("1"), _intent("2", KEY), {"ledger": "ended", "why": "x"}) == []


def test_kinds_of_a_newer_sandgate_are_passed_over() -> None:
    (entry,) = _alive({"ledger": "newer", "id": "1"}, _intent("1"), {"no": "ledger"})
    assert entry.claim == "unknown"


@pytest.mark.parametrize(("type_", "same"), [("dynamodb-table", False), ("iam-user", True)])
def test_two_regions_are_two_places_unless_the_type_is_the_accounts(type_: str, same: bool) -> None:
    key = {"TableName": "t"} if type_ == "dynamodb-table" else {"UserName": "u"}
    assert (identity_of(type_, "eu-west-1", key) == identity_of(type_, "us-east-1", key)) is same


def test_only_what_is_known_as_the_runs_own_is_held() -> None:
    state = fold([_intent("1")])
    assert state.holds("dynamodb-table", REGION, TABLE["key"])
    assert not state.holds("dynamodb-table", "us-east-1", TABLE["key"])
    assert not fold([_intent("1", existed="unknown")]).holds("dynamodb-table", REGION, TABLE["key"])


# Two calls that make one table, each removed by a call that knew it or not; a line in front is never swapped with one
# of the same call, everything else may be.
_LIVES = st.sampled_from([
    ("intent",), ("intent", "made"), ("intent", "failed"), ("intent", "made", "gone"), ("intent", "gone"),
    ("intent", "made", "going"), ("intent", "made", "going", "gone"), ("intent", "gone", "made"),
    ("intent", "gone", "failed"),
])  # fmt: skip


@st.composite
def _stories(draw: st.DrawFn) -> list[tuple[str, str]]:
    lives = {call: list(draw(_LIVES)) for call in ("1", "2")}
    order = draw(st.permutations([call for call, life in lives.items() for _ in life]))
    story = [(call, lives[call].pop(0)) for call in order]
    if draw(st.booleans()):
        story.insert(draw(st.integers(0, len(story))), ("", "ended"))
    return story


def _line(call: str, kind: str) -> Line:
    if kind == "intent":
        return _intent(call)
    if kind == "ended":
        return {"ledger": "ended", "why": "x"}
    return _gone(call, kind=kind) if kind in {"gone", "going"} else {"ledger": kind, "id": call}


@given(story=_stories())
def test_alive_is_what_has_a_claim_that_nothing_has_closed(story: list[tuple[str, str]]) -> None:
    """After every line: in particular what was made is alive until it is gone, whatever the other call does."""
    state = State()
    open_: set[str] = set()
    over: set[str] = set()
    for call, kind in story:
        state.apply(_line(call, kind))
        if kind == "intent" or (kind == "made" and call not in over):
            open_.add(call)
        elif kind == "ended":
            over |= open_ | {call for call, seen in story[: story.index((call, kind))] if seen == "intent"}
            open_.clear()
        elif kind in {"failed", "gone"}:
            open_.discard(call)
        alive = list(state.alive.values())
        assert len(alive) == bool(open_)
        assert all(set(entry.claims) == open_ for entry in alive)
        if kind == "made" and open_:
            assert call in over or alive[0].claims[call] == "made"
