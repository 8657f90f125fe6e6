"""Taking a role: who one is then, for how long, and what the role may not do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError
from session_manager import SessionManager
from tests.conftest import trust


def test_it_is_somebody_else_in_the_same_account(manager: SessionManager, assumed: SessionManager, role: str) -> None:
    name = role.rpartition("/")[2]
    assert assumed.arn.startswith(f"arn:aws:sts::{manager.account}:assumed-role/{name}/")
    assert assumed.arn != manager.arn
    assert (assumed.account, assumed.region) == (manager.account, manager.region)


def test_each_session_has_a_name_of_its_own(manager: SessionManager, assumed: SessionManager, role: str) -> None:
    assert manager.assume_role(role).arn not in (manager.arn, assumed.arn)
    assert manager.assume_role(role, session_name="by-name").arn.endswith("/by-name")


def test_it_ends_when_it_was_asked_to(manager: SessionManager, assumed: SessionManager, role: str) -> None:
    before = datetime.now(UTC)
    short = manager.assume_role(role, duration=timedelta(minutes=15))
    assert short.expires is not None
    assert assumed.expires is not None
    assert timedelta(minutes=13) < short.expires - before < timedelta(minutes=17)
    assert short.expires < assumed.expires
    assert not short.is_expired()
    assert not short.is_expired(timedelta(minutes=10))
    assert short.is_expired(timedelta(minutes=20))


def test_it_may_what_its_policy_says_and_no_more(
    assumed: SessionManager, greeting: str, eventually: Any, expect_denied: Any
) -> None:
    ssm = assumed.client("ssm")
    # A role's policy takes its time on AWS as the role itself does.
    read = eventually(lambda: ssm.get_parameter(Name=greeting)["Parameter"], ignoring=ClientError)
    assert read["Value"] == "hello"
    with expect_denied("ssm:PutParameter", by="upstream"):
        ssm.put_parameter(Name=greeting, Value="goodbye", Type="String", Overwrite=True)
    with expect_denied("iam:ListAccountAliases", by="upstream"):
        assumed.client("iam").list_account_aliases()


def test_it_may_not_take_a_role_itself(assumed: SessionManager, role: str, expect_denied: Any) -> None:
    with expect_denied("sts:AssumeRole", by="upstream"):
        assumed.assume_role(role)


def test_an_external_id_is_asked_for(
    manager: SessionManager, namespace: Any, eventually: Any, expect_denied: Any
) -> None:
    iam, name = manager.client("iam"), namespace.role("outside")
    asked = {"StringEquals": {"sts:ExternalId": "a-word"}}
    principal = f"arn:aws:iam::{manager.account}:root"
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(principal, asked))["Role"]["Arn"]
    try:
        # Who may, first: else a role that is not known yet would pass for one that refuses.
        assert eventually(lambda: manager.assume_role(arn, external_id="a-word"), ignoring=ClientError).arn
        with expect_denied("sts:AssumeRole", by="upstream"):
            manager.assume_role(arn, external_id="another")
        with expect_denied("sts:AssumeRole", by="upstream"):
            manager.assume_role(arn)
    finally:
        iam.delete_role(RoleName=name)
