"""A sandbox for templates: names that begin with `test-`, and a judge of documents that looks at resources alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from sandgate.guard.templates.check import check
from sandgate.guard.templates.examine import examine
from sandgate.guard.templates.model import Examined, Place, Problem
from sandgate.guard.templates.read import read_template

PLACE = Place(account="111122223333", region="eu-west-1")
STACK = "test-ab"
UNSCOPABLE = frozenset({"ec2:DescribeRegions", "cloudwatch:PutMetricData"})


def inside(arn: str) -> bool:
    """By name only, in this account and region."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[3] not in ("", PLACE.region) or parts[4] not in ("", PLACE.account):
        return False
    last = parts[5]
    for head in ("table/", "function:", "log-group:/aws/lambda/", "log-group:/", "log-group:", "role/service/", "role/",
                 "policy/", "group/", "layer:", "secret:", "parameter/", "rule/", "alarm:", "stateMachine:", "stream/",
                 "event-bus/", "schedule/default/", "alias/", "repository/", "user/"):  # fmt: skip
        if last.startswith(head):
            last = last.removeprefix(head)
            break
    return last.startswith("test-")


def grants_outside(document: Mapping[str, object]) -> tuple[str, ...]:
    """Resources of Allow statements that are not inside."""
    found: list[str] = []
    statements: Any = document["Statement"]
    for statement in statements:
        actions = statement.get("Action", ["*"])
        actions = actions if isinstance(actions, list) else [actions]
        found += [
            resource
            for resource in statement.get("Resource", ["*"])
            if not inside(resource) and not (resource == "*" and UNSCOPABLE.issuperset(actions))
        ]
    return tuple(found)


def examined(text: str, **parameters: str) -> Examined:
    """Examine the text of a template."""
    return examine(read_template(text.encode()), stack_name=STACK, parameters=parameters, place=PLACE)


@pytest.fixture
def problems() -> Callable[..., tuple[Problem, ...]]:
    """Everything that is wrong with the text of a template."""

    def run(text: str, **parameters: str) -> tuple[Problem, ...]:
        return check(examined(text, **parameters), inside=inside, grants_outside=grants_outside)

    return run


@pytest.fixture
def members() -> Callable[..., dict[str, Any]]:
    """The members of the text of a template by logical id."""

    def run(text: str, **parameters: str) -> dict[str, Any]:
        return {one.logical_id: one for one in examined(text, **parameters).members}

    return run
