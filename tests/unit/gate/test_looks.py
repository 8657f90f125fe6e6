"""A sweep may look at what only its details tell apart; nobody else may, and nothing more."""

from __future__ import annotations

import pytest

from sandgate.core.call import SWEEPER, Call, Principal
from sandgate.gate.looks import is_look_of_a_sweep


@pytest.mark.parametrize(
    ("operation", "kind", "worker", "may"),
    [
        ("DescribeKey", "deployer", SWEEPER, True),
        ("DescribeKey", "deployer", "main", False),
        ("DescribeKey", "identity", SWEEPER, False),
        ("DescribeKey", "identity", "main", False),
        ("ScheduleKeyDeletion", "deployer", SWEEPER, False),
        ("Decrypt", "deployer", SWEEPER, False),
    ],
)
def test_who_may_look(operation: str, kind: str, worker: str, may: bool) -> None:
    principal = Principal(kind=kind, name="x", worker=worker)  # type: ignore[arg-type]
    call = Call(id="1", service="kms", operation=operation, region="eu-west-1", principal=principal)
    assert is_look_of_a_sweep(call) is may
