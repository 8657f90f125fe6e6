"""Calls that are asked about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandgate.core.call import Call, Principal
from sandgate.iam.actions import Place, requests_of
from sandgate.iam.request import AccessRequest

PLACE = Place(account="111122223333")


@pytest.fixture
def asked() -> Callable[..., tuple[AccessRequest, ...]]:
    """The access requests of a call in eu-west-1 of account 111122223333."""

    def of(name: str, /, kind: Any = "identity", **parameters: object) -> tuple[AccessRequest, ...]:
        service, _, operation = name.partition(".")
        principal = Principal(kind=kind, name="main")
        call = Call(
            id="1", service=service, operation=operation, parameters=parameters, region="eu-west-1", principal=principal
        )
        return requests_of(call, PLACE)

    return of


@pytest.fixture
def needs(asked: Callable[..., tuple[AccessRequest, ...]]) -> Callable[..., list[str]]:
    """The same as `action resource`, with the long and frequent parts of ARNs left out."""

    def of(name: str, /, kind: Any = "identity", **parameters: object) -> list[str]:
        return [
            f"{request.action} {request.resource}".replace(":eu-west-1:111122223333:", ":::")
            for request in asked(name, kind, **parameters)
        ]

    return of
