"""Calls, and guards over sandboxes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest

from sandgate.core.call import Call, Principal
from sandgate.guard.guard import Guard
from sandgate.guard.policy import policy_of
from sandgate.guard.sandbox import Sandbox

ACCOUNT, REGION, NAMESPACE = "111122223333", "eu-west-1", "k3x9q2"
Kind = Literal["identity", "deployer", "surrogate", "function", "anonymous"]


@pytest.fixture
def call() -> Callable[..., Call]:
    """Makes calls: `call("dynamodb:PutItem", TableName="orders")`."""

    def make(name: str, /, kind: Kind = "identity", region: str = REGION, **members: object) -> Call:
        service, _, operation = name.partition(":")
        principal = Principal(kind=kind, name="main")
        return Call(
            id="1", service=service, operation=operation, parameters=members, region=region, principal=principal
        )

    return make


@pytest.fixture
def guard() -> Callable[..., Guard]:
    """Makes guards: `guard(services=("s3",), owned=("arn:…",))`."""

    def make(owned: tuple[str, ...] = (), **fields: object) -> Guard:
        values = {"account": ACCOUNT, "region": REGION, "namespace": NAMESPACE, **fields}
        return Guard(policy_of(Sandbox(**values)), owned=owned.__contains__)  # type: ignore[arg-type]

    return make
