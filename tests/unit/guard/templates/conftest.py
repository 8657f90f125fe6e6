"""A sandbox for templates: names that begin with `test-`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import pytest

from sandgate.guard.templates.check import check
from sandgate.guard.templates.examine import examine
from sandgate.guard.templates.grants import granted_outside
from sandgate.guard.templates.model import Examined, Place, Problem
from sandgate.guard.templates.read import read_part, read_template

PLACE = Place(account="111122223333", region="eu-west-1")
STACK = "test-ab"


def inside(arn: str) -> bool:
    """By name only, in this account and region."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[3] not in ("", PLACE.region) or parts[4] not in ("", PLACE.account):
        return False
    last = parts[5]
    for head in ("table/", "function:", "log-group:/aws/lambda/", "log-group:/", "log-group:", "role/service/", "role/",
                 "policy/", "group/", "layer:", "secret:", "parameter/", "rule/", "alarm:", "stateMachine:", "stream/",
                 "event-bus/", "schedule/default/", "alias/", "repository/", "user/", "subgrp:", "db:",
                 "stack/"):  # fmt: skip
        if last.startswith(head):
            last = last.removeprefix(head)
            break
    return last.startswith("test-")


grants_outside = granted_outside([
    "arn:aws:s3:::test-*",
    *(f"arn:aws:{kind}:eu-west-1:111122223333:{form}" for kind, form in (
        ("dynamodb", "table/test-*"), ("sqs", "test-*"), ("logs", "log-group:test-*"), ("lambda", "function:test-*"),
    )),
    "arn:aws:iam::111122223333:role/test-*",
])  # fmt: skip


def examined(text: str, parts: Mapping[str, str] = MappingProxyType({}), **parameters: str) -> Examined:
    """Examine the text of a template, with texts of its parts by place."""
    return examine(
        read_template(text.encode()),
        stack_name=STACK,
        parameters=parameters,
        place=PLACE,
        parts={place: read_part(part.encode(), where=place) for place, part in parts.items()},
    )


@pytest.fixture
def problems() -> Callable[..., tuple[Problem, ...]]:
    """Everything that is wrong with the text of a template: `problems(text, parts, Name="test-x")`."""

    def run(text: str, parts: Mapping[str, str] = MappingProxyType({}), **parameters: str) -> tuple[Problem, ...]:
        return check(examined(text, parts, **parameters), inside=inside, grants_outside=grants_outside)

    return run


@pytest.fixture
def members() -> Callable[..., dict[str, Any]]:
    """The members of the text of a template by logical id."""

    def run(text: str, **parameters: str) -> dict[str, Any]:
        return {one.logical_id: one for one in examined(text, {}, **parameters).members}

    return run
