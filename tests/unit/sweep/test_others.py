"""What other runs have to do with a resource, read from their ledgers; what cannot be read stops a sweep."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandgate.errors import RunError
from sandgate.ledger.entry import identity_of
from sandgate.ledger.state import State, fold
from sandgate.past import Past, others_than

SHARED = {"TableName": "test-orders"}
MINE = identity_of("dynamodb-table", "eu-west-1", SHARED)


def ledger(at: float, *, made: bool = True, existed: bool = False, **header: Any) -> State:
    opening = {"ledger": "open", "tier": "endpoints", "account": "111122223333", **header}
    intent = {"ledger": "intent", "id": "1", "at": at, "type": "dynamodb-table", "region": "eu-west-1", "key": SHARED}
    return fold([opening, {**intent, "existed": existed}, *([{"ledger": "made", "id": "1"}] if made else [])])


def past(name: str, state: State, *, live: bool = False, failure: str = "") -> Past:
    return Past(id=name, directory=Path("runs") / name, state=state, live=live, failure=failure)


OWN = past("own", ledger(100.0))


def test_the_last_one_that_made_it_counts() -> None:
    runs = [OWN, past("b", ledger(300.0)), past("c", ledger(200.0)), past("d", ledger(400.0, made=False))]
    found = others_than("own", runs)
    assert (found.made, found.in_use) == ({MINE: (300.0, "b")}, {})


@pytest.mark.parametrize("existed", [True, False])
def test_what_a_living_run_made_or_found_is_in_use(existed: bool) -> None:
    found = others_than("own", [OWN, past("b", ledger(50.0, made=False, existed=existed), live=True)])
    assert found.in_use == {MINE: "b"}


@pytest.mark.parametrize("header", [{"account": "000000000000"}, {"tier": "emulated", "ends_with_gate": True}])
def test_the_same_name_somewhere_else_is_another_thing(header: dict[str, Any]) -> None:
    found = others_than("own", [OWN, past("b", ledger(300.0, **header), live=True)])
    assert (found.made, found.in_use, found.known) == ({}, {}, frozenset())


def test_a_living_run_whose_ledger_cannot_be_read_may_use_anything() -> None:
    with pytest.raises(RunError, match="the run b lives"):
        others_than("own", [OWN, past("b", State(), live=True, failure="damaged")])
    assert others_than("own", [OWN, past("b", State(), failure="damaged")]).in_use == {}
