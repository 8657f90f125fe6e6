"""Policies that are too large for one are several that say the same."""

from __future__ import annotations

import pytest

from sandgate.errors import ConfigError
from sandgate.guard.policy import LIMITS, size_of
from sandgate.iam.document import Document, Statement
from sandgate.identity.parts import parts_of


def _long(count: int, sid: str = "S") -> Statement:
    arns = tuple(f"arn:aws:sqs:eu-west-1:111122223333:test-queue-{number:04}" for number in range(count))
    return Statement(effect="Allow", sid=sid, actions=("sqs:SendMessage", "sqs:ReceiveMessage"), resources=arns)


def test_small_ones_stay_whole() -> None:
    document = Document(statements=(_long(3), _long(4, "T")))
    assert parts_of(document) == (document,)


def test_a_long_statement_is_spread_by_its_resources() -> None:
    document = Document(statements=(_long(300), _long(1, "T")))
    parts = parts_of(document)
    assert len(parts) > 2
    assert all(size_of(part) <= LIMITS["managed policy"] for part in parts)
    pieces = [statement for part in parts for statement in part.statements if statement.sid.startswith("S")]
    assert sorted(arn for piece in pieces for arn in piece.resources) == sorted(_long(300).resources)
    assert {piece.actions for piece in pieces} == {("sqs:SendMessage", "sqs:ReceiveMessage")}
    for part in parts:
        sids = [statement.sid for statement in part.statements]
        assert len(sids) == len(set(sids)), "IAM takes each Sid once"


def test_then_by_its_actions() -> None:
    actions = tuple(f"sqs:Action{number:04}" for number in range(800))
    parts = parts_of(Document(statements=(Statement(effect="Allow", actions=actions, resources=("*",)),)))
    assert sorted(action for part in parts for one in part.statements for action in one.actions) == sorted(actions)


def test_more_than_a_role_can_have_is_an_error() -> None:
    with pytest.raises(ConfigError, match="IAM gives a role 10"):
        parts_of(Document(statements=(_long(1500),)))


def test_what_cannot_be_spread_is_an_error() -> None:
    arns = _long(300).resources
    statement = Statement(effect="Allow", sid="Not", actions=("sqs:*",), not_resources=arns)
    with pytest.raises(ConfigError, match="larger than the 6,144") as caught:
        parts_of(Document(statements=(statement,), where="own.json"))
    assert caught.value.where == "own.json, statement Not"
