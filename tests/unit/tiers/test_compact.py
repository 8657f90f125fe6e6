"""Fewer words, the same meaning."""

from __future__ import annotations

import random
from fnmatch import fnmatchcase
from typing import Any

import pytest

from sandgate.guard.policy import policy_of
from sandgate.guard.sandbox import Sandbox
from sandgate.iam.catalog import catalog
from sandgate.iam.compile import compile_document
from sandgate.iam.document import Document, Statement
from sandgate.iam.evaluate import evaluate
from sandgate.iam.request import AccessRequest
from sandgate.iam.verdict import Policies
from sandgate.tiers._compact import compact, shortest

DEFAULT = policy_of(Sandbox(namespace="k3x9q2", account="000000000000", region="eu-west-1")).document
ARN = "arn:aws:sqs:eu-west-1:000000000000:test"


def statement(*actions: str, **more: Any) -> Statement:
    return Statement(**{"effect": "Allow", "actions": actions, "resources": (ARN,), **more})


@pytest.mark.parametrize(
    ("names", "others", "found"),
    [
        ({"GetA", "GetB"}, {"PutA"}, ("G*",)),
        ({"GetA", "GetB"}, {"GetC"}, ("GetA", "GetB")),
        ({"GetA", "GetAb", "GetAc"}, {"GetB"}, ("GetA*",)),
        ({"GetAb", "GetAc"}, {"GetA"}, ("GetAb", "GetAc")),
        ({"GetA"}, set(), ("GetA",)),
        ({"GetA", "GetB"}, {"getc", "gETAB"}, ("GetA", "GetB")),
        ({"A", "B"}, set(), ("*",)),
    ],
)
def test_patterns_fit_the_names_and_nothing_else(names: set[str], others: set[str], found: tuple[str, ...]) -> None:
    assert shortest(names, names | others) == found


@pytest.mark.parametrize("seed", range(5))
def test_patterns_of_any_part_of_a_service_fit_that_part(seed: int) -> None:
    known = sorted(entry.name for entry in catalog("rds").actions.values())
    chosen = set(random.Random(seed).sample(known, 60))
    patterns = [text.lower() for text in shortest(chosen, known)]
    assert {name for name in known if any(fnmatchcase(name.lower(), text) for text in patterns)} == chosen


def test_statements_that_differ_in_resources_become_one() -> None:
    found = compact(Document(statements=(statement("sqs:*", sid="A"), statement("sqs:*", sid="B", resources=("*",)))))
    assert found.statements == (statement("sqs:*", sid="A", resources=(ARN, "*")),)


def test_statements_that_differ_otherwise_stay() -> None:
    deny, exempt = statement("sqs:*", effect="Deny"), statement("sqs:*", resources=(), not_resources=(ARN,))
    both = (statement("sqs:*"), deny, exempt, statement("sqs:*", resources=(), not_resources=("*",)))
    assert set(compact(Document(statements=both)).statements) == set(both)


def test_the_default_policy_says_the_same() -> None:
    """Every action of the catalogue, on every kind of resource that the policy names, outside, and on none."""
    before, after = (Policies(identity=(compile_document(one),)) for one in (DEFAULT, compact(DEFAULT)))
    rng = random.Random(7)
    prefixes = sorted({action.partition(":")[0] for one in DEFAULT.statements for action in one.actions})
    arns = {prefix: ["*", f"arn:aws:{prefix}:eu-west-1:000000000000:prod"] for prefix in prefixes}
    for one in DEFAULT.statements:
        arns[one.actions[0].partition(":")[0]] += [arn.replace("*", "x") for arn in one.resources]
    allowed = total = 0
    for prefix in prefixes:
        for entry in catalog(prefix).actions.values():
            for arn in rng.sample(arns[prefix], min(4, len(arns[prefix]))):
                request = AccessRequest(action=f"{prefix}:{entry.name}", resource=arn)
                verdict = evaluate(request, before).allowed
                assert verdict == evaluate(request, after).allowed, request
                allowed, total = allowed + verdict, total + 1
    assert 0.1 < allowed / total < 0.9


def test_the_default_policy_is_shorter() -> None:
    assert sum(len(one.actions) for one in compact(DEFAULT).statements) < sum(
        len(one.actions) for one in DEFAULT.statements
    )
