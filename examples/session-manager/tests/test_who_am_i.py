"""Who am I, in which account, and what may I not do?"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import settings
from session_manager import SessionManager


def test_it_is_the_caller_of_the_run(manager: SessionManager, sandgate: Any) -> None:
    assert (manager.account, manager.arn) == (sandgate.account, sandgate.caller)
    assert manager.region == settings.REGION


def test_an_account_need_not_have_an_alias(manager: SessionManager) -> None:
    aliases = manager.client("iam").list_account_aliases()["AccountAliases"]
    assert manager.alias == (aliases[0] if aliases else None)


def test_the_account_of_a_key_is_known(manager: SessionManager, assumed: SessionManager) -> None:
    key = assumed.environment()["AWS_ACCESS_KEY_ID"]
    assert manager.client("sts").get_access_key_info(AccessKeyId=key)["Account"] == manager.account


def test_its_own_credentials_have_no_end(manager: SessionManager) -> None:
    assert not manager.is_expired(timedelta(days=10_000))


def test_a_client_is_made_once_for_each_region(manager: SessionManager) -> None:
    assert manager.client("sts") is manager.client("sts", settings.REGION)
    assert manager.client("sts", "us-east-1").meta.region_name == "us-east-1"


@pytest.mark.parametrize(
    ("action", "parameters"),
    [
        ("iam:CreateAccessKey", {"UserName": settings.IDENTITY}),
        ("iam:AttachUserPolicy", {"UserName": settings.IDENTITY,
                                  "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
        ("iam:UpdateAssumeRolePolicy", {"RoleName": settings.IDENTITY, "PolicyDocument": "{}"}),
        ("iam:CreateUser", {"UserName": "somebody-else"}),
    ],
)  # fmt: skip
def test_it_may_not_change_who_it_is(
    action: str, parameters: dict[str, str], manager: SessionManager, expect_denied: Any
) -> None:
    iam = manager.client("iam")
    method = next(name for name, api in iam.meta.method_to_api_mapping.items() if api == action.partition(":")[2])
    with expect_denied(action):
        getattr(iam, method)(**parameters)


def test_it_may_not_take_the_role_that_deploys(manager: SessionManager, expect_denied: Any) -> None:
    with expect_denied("sts:AssumeRole"):
        manager.assume_role(f"arn:aws:iam::{manager.account}:role/{settings.IDENTITY}-deployer")
