"""What the second account's key may do, and with whose credentials."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from botocore.credentials import Credentials

from sandgate.core.call import Call, Principal
from sandgate.errors import EnvironmentFault
from sandgate.gate.also import Also
from sandgate.gate.desk import Desk
from sandgate.tiers._model import Second
from sandgate.wire.signing.credential import Credential

REAL = Credential("AKIDREALSECOND", "real+secret/of/the/second")
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
WHO = b"Action=GetCallerIdentity&Version=2011-06-15"


def _second(fetch: Any = lambda: REAL) -> Second:
    return Second(account="111122223333", caller="arn:aws:iam::111122223333:user/other", fetch=fetch)


def _call(what: str) -> Call:
    service, _, operation = what.partition(":")
    return Call(id="1", service=service, operation=operation, principal=Principal(kind="also", name="also"))


def _key(gate: Any) -> Credentials:
    key = gate.parts.keys.issue("main", "also")
    return Credentials(key.access_key_id, key.secret_access_key)


def _who(gate: Any, key: Credentials) -> Any:
    return gate.send(gate.signed("POST", "/", service="sts", headers=FORM, body=WHO, key=key))


@pytest.mark.parametrize(
    ("what", "more", "allowed"),
    [
        ("sts:GetCallerIdentity", (), True),
        ("iam:ListAccountAliases", (), False),
        ("iam:ListAccountAliases", ("iam:ListAccountAliases",), True),
        ("sts:GetSessionToken", ("iam:ListAccountAliases",), False),
        ("dynamodb:ListTables", (), False),
        ("execute-api:Invoke", (), False),
    ],
)
def test_it_says_who_it_is_and_little_else(what: str, more: tuple[str, ...], allowed: bool) -> None:
    assert Also(_second(), more).decide(_call(what)).allowed is allowed


def test_a_refusal_names_the_option_where_one_helps() -> None:
    also = Also(_second(), ())
    assert also.decide(_call("sts:GetAccessKeyInfo")).remedy == 'also_allow = ["sts:GetAccessKeyInfo"]'
    assert "the run's own key" in also.decide(_call("s3:ListBuckets")).remedy


def test_its_calls_are_signed_with_its_credentials(gate: Any) -> None:
    gate.parts.also = Also(_second(), ())
    assert [_who(gate, key).status for key in (_key(gate), gate.key)] == [200, 200]
    signed = [visit.headers["authorization"] for visit in gate.upstream.visits]
    assert "AKIDREALSECOND" in signed[0]
    assert "AKIDREALIDENTITY" in signed[1]


def test_what_is_refused_does_not_go_out(gate: Any) -> None:
    gate.parts.also = Also(_second(), ())
    answer = gate.send(gate.json("DynamoDB_20120810.ListTables", {}, key=_key(gate)))
    assert answer.status == 403
    assert "rule second-account" in answer.text
    assert gate.upstream.visits == []


def test_credentials_that_are_not_to_be_had_are_an_error_of_the_call(gate: Any) -> None:
    def fetch() -> Credential:
        raise EnvironmentFault("the SSO session has expired")

    gate.parts.also = Also(_second(fetch), ())
    answer = _who(gate, _key(gate))
    assert answer.status == 503
    assert "the SSO session has expired" in answer.text
    assert gate.upstream.visits == []


def test_a_run_without_one_gives_no_key_for_it(gate: Any) -> None:
    async def stop(_reason: str) -> None:
        return

    desk = Desk(gate.parts, gate._listener, stop, str)
    with pytest.raises(ValueError, match="no second account"):
        asyncio.run(desk.answer("key", {"worker": "main", "kind": "also"}))
