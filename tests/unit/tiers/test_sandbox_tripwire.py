"""Who may call in which account, and who may not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sandgate.errors import ConfigError
from sandgate.tiers._aws_tripwire import Caller, Expected, check_alias, judge

ACCOUNT, OTHER = "111122223333", "000000000000"
EXPECTED = Expected(
    account=ACCOUNT,
    account_source="sandgate.toml",
    user="unit-tester",
    role="unit-tester",
    ci_role="unit-tester-ci",
    services=frozenset({"dynamodb"}),
    trusted=(f"arn:aws:iam::{ACCOUNT}:role/github/deploys",),
    identities=("developer", f"arn:aws:iam::{ACCOUNT}:role/Admins"),
)


def caller(rest: str, account: str = ACCOUNT) -> Caller:
    service = "sts" if rest.startswith(("assumed-role", "federated-user")) else "iam"
    return Caller(account=account, arn=f"arn:aws:{service}::{account}:{rest}")


@pytest.mark.parametrize(
    ("rest", "rule"),
    [
        ("user/unit-tester", "user"),
        ("user/some/path/unit-tester", "user"),
        ("user/unit-tester-dynamodb", "user"),
        ("assumed-role/unit-tester/sandgate-1", "test role"),
        ("assumed-role/unit-tester-dynamodb/sandgate-1", "test role"),
        ("assumed-role/unit-tester-ci/GitHubActions", "ci role"),
        ("assumed-role/deploys/GitHubActions", "trusted"),
        ("user/developer", "identities"),
        ("assumed-role/developer/me", "identities"),
        ("assumed-role/Admins/me", "identities"),
    ],
)
def test_who_is_named_may_call_and_by_which_rule(rest: str, rule: str) -> None:
    assert judge(caller(rest), EXPECTED) == rule


@pytest.mark.parametrize(
    "rest",
    [
        "user/admin",
        "user/unit-tester-s3",
        "user/unit-tester-deployer",
        "user/unit-tester2",
        "user/unit-tester-ci",
        "user/Admins",
        "user/deploys",
        "assumed-role/AdministratorAccess/me",
        "assumed-role/unit-tester-deployer/x",
        "assumed-role/other/unit-tester",
        "assumed-role/x/assumed-role/unit-tester",
        "federated-user/unit-tester",
    ],
)
def test_who_is_not_named_may_not(rest: str) -> None:
    with pytest.raises(ConfigError, match="none of the identities") as caught:
        judge(caller(rest), EXPECTED)
    assert caller(rest).arn in caught.value.message
    assert caught.value.hint


def test_the_hint_spells_a_role_as_it_can_be_configured() -> None:
    who = caller("assumed-role/AWSReservedSSO_Dev_0123/me")
    with pytest.raises(ConfigError) as caught:
        judge(who, EXPECTED)
    spelt = f"arn:aws:iam::{ACCOUNT}:role/AWSReservedSSO_Dev_0123"
    assert spelt in caught.value.hint
    assert "as `aws iam get-role` shows it" in caught.value.hint
    whole = spelt.replace("role/", "role/aws-reserved/sso.amazonaws.com/eu-west-1/")
    for trusted in (spelt, whole):
        assert judge(who, replace(EXPECTED, trusted=(trusted,))) == "trusted"


@pytest.mark.parametrize("expected", [EXPECTED, replace(EXPECTED, identities=("root", f"arn:aws:iam::{ACCOUNT}:root"))])
def test_root_never_may(expected: Expected) -> None:
    with pytest.raises(ConfigError, match="root user"):
        judge(caller("root"), expected)


def test_a_trust_in_the_whole_account_is_no_caller() -> None:
    with pytest.raises(ConfigError, match="none of"):
        judge(caller("user/admin"), replace(EXPECTED, trusted=(f"arn:aws:iam::{ACCOUNT}:root",)))


def test_another_account_is_told_with_both_numbers() -> None:
    with pytest.raises(ConfigError) as caught:
        judge(caller("user/unit-tester", OTHER), EXPECTED)
    assert OTHER in caught.value.message
    assert ACCOUNT in caught.value.message
    assert "sandgate.toml" in caught.value.where


def test_an_arn_of_another_account_names_nobody_here() -> None:
    elsewhere = replace(EXPECTED, identities=(f"arn:aws:iam::{OTHER}:role/Builders",), trusted=())
    with pytest.raises(ConfigError, match="none of"):
        judge(caller("assumed-role/Builders/me"), elsewhere)


def test_a_forbidden_account_goes_before_everything() -> None:
    with pytest.raises(ConfigError, match="forbidden"):
        judge(caller("user/unit-tester"), replace(EXPECTED, forbidden=(ACCOUNT,), forbidden_source="sandgate.toml"))


def test_other_partitions_have_their_own_arns() -> None:
    who = Caller(account=ACCOUNT, arn=f"arn:aws-cn:sts::{ACCOUNT}:assumed-role/unit-tester/x")
    assert (judge(who, EXPECTED), who.partition) == ("test role", "aws-cn")


def test_an_account_without_an_alias_has_none() -> None:
    check_alias((), "", "default")
    check_alias(("sandbox",), "sandbox", "sandgate.toml")
    check_alias(("sandbox",), "", "default")
    with pytest.raises(ConfigError, match="no alias"):
        check_alias((), "sandbox", "sandgate.toml")
    with pytest.raises(ConfigError, match="'production'"):
        check_alias(("production",), "sandbox", "sandgate.toml")
