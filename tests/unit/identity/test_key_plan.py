"""What happens to keys, from what there is."""

from __future__ import annotations

from typing import Any

import pytest

from sandgate.errors import ConfigError
from sandgate.identity.key_plan import KeyFacts, KeyPlan, plan_rotation, plan_up
from sandgate.identity.keys import AccessKey

USER = "arn:aws:iam::111122223333:user/unit-tester"


def key(name: str, *, active: bool = True) -> AccessKey:
    return AccessKey(id=name, active=active, created=1.0)


def facts(*keys: AccessKey, **more: Any) -> KeyFacts:
    return KeyFacts(**{"user": USER, "keys": keys, "env_file": ".env", "now": 100.0, **more})


def short(plan: KeyPlan) -> tuple[list[str], bool, str, str]:
    return [one.id for one, _ in plan.delete_first], plan.make, plan.replaces, plan.disable


OURS = {"kept": "A", "kept_is": USER}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (facts(), ([], True, "", "")),
        (facts(key("A"), **OURS), ([], False, "", "")),
        (facts(key("A"), key("B"), **OURS), ([], False, "", "")),
        (facts(key("B"), key("C"), lost=("B",)), (["B"], True, "", "")),
        (facts(key("A"), key("B"), lost=("B",), **OURS), (["B"], False, "", "")),
        (facts(key("A"), key("B", active=False), due={"B": 99.0}, **OURS), (["B"], False, "", "")),
        (facts(key("A"), key("B", active=False), due={"B": 101.0}, **OURS), ([], False, "", "")),
        (facts(key("A"), key("B"), replaced="B", **OURS), ([], False, "", "B")),
        (facts(key("A"), key("B"), kept="A"), (["A"], True, "A", "")),
        (facts(key("B"), kept="GONE"), ([], True, "GONE", "")),
    ],
)
def test_up(given: KeyFacts, expected: object) -> None:
    assert short(plan_up(given)) == expected


@pytest.mark.parametrize(
    ("given", "others"),
    [
        (facts(key("A"), **OURS), []),
        (facts(key("A"), key("B"), **OURS), ["B"]),
        (facts(key("B")), ["B"]),
        (facts(key("A"), key("B", active=False), **OURS), []),
        (facts(key("A"), key("B"), lost=("B",), **OURS), []),
        (facts(key("A"), key("B"), replaced="B", **OURS), []),
    ],
)
def test_a_key_that_stays_without_anybody_knowing_of_it_is_told(given: KeyFacts, others: list[str]) -> None:
    assert [one.id for one in plan_up(given).others] == others


@pytest.mark.parametrize(
    ("given", "everything", "expected"),
    [
        (facts(key("A"), **OURS), False, ([], True, "A", "A")),
        (facts(key("A"), key("B"), replaced="B", **OURS), False, ([], False, "", "B")),
        (facts(key("A"), key("B", active=False), due={"B": 101.0}, **OURS), False, (["B"], True, "A", "A")),
        (facts(key("A"), key("B"), lost=("B",), **OURS), False, (["B"], True, "A", "A")),
        (facts(key("A"), key("B"), **OURS), True, (["A", "B"], True, "", "")),
        (facts(key("B"), key("C")), True, (["B", "C"], True, "", "")),
    ],
)
def test_rotation(given: KeyFacts, everything: bool, expected: object) -> None:
    assert short(plan_rotation(given, everything=everything)) == expected


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (facts(key("B"), kept="X", kept_is="arn:aws:iam::111122223333:user/me"), "a key of arn:aws"),
        (facts(key("B"), key("C")), "has 2 access keys already"),
        (facts(key("B"), key("C", active=False), due={"C": 101.0}), "replaced by a rotation from here"),
    ],
)
def test_up_that_would_harm_somebody(given: KeyFacts, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        plan_up(given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (facts(key("A")), "no working key"),
        (facts(key("A"), key("B"), **OURS), "has 2 access keys already"),
    ],
)
def test_a_rotation_that_cannot_be(given: KeyFacts, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        plan_rotation(given)
