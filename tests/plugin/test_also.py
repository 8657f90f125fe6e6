"""Two accounts at once: the run's own, and one whose key says who it is.

A profile of its own, beside the run key, is what docs/how-to/two-accounts.md shows, and is run there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

OWN, OTHER = "000000000000", "111122223333"
DEFAULT = """
    import os

    import boto3
    from botocore.exceptions import ClientError

    def account(session):
        return session.client("sts").get_caller_identity()["Account"]

    def whose_key(session):
        key = session.get_credentials().access_key
        return session.client("sts").get_access_key_info(AccessKeyId=key)["Account"]

    own = {"aws_access_key_id": os.environ["PROJECT_ID"], "aws_secret_access_key": os.environ["PROJECT_SECRET"]}
    assert "AWS_ACCESS_KEY_ID" not in os.environ
    assert account(boto3.Session()) == "111122223333"
    assert account(boto3.Session(**own)) == "000000000000"
    assert whose_key(boto3.Session()) == "111122223333"
    assert whose_key(boto3.Session(**own)) == "000000000000"
    boto3.client("iam").list_account_aliases()
    try:
        boto3.client("dynamodb").list_tables()
    except ClientError as error:
        print(error)
"""
VARIABLES = """
    [tool.sandgate]
    services = ["dynamodb"]
    also_allow = ["iam:ListAccountAliases", "sts:GetAccessKeyInfo"]
    variables = { PROJECT_ID = "run_key", PROJECT_SECRET = "run_secret" }
"""


@pytest.fixture(scope="module")
def default(new_project: Callable[[], Any]) -> Any:
    """A command whose default profile is the second account's."""
    project = new_project().write({"pyproject.toml": VARIABLES, "two.py": DEFAULT})
    return project.sandgate("run", "--also-profile", "default", "--", sys.executable, "two.py")


def test_the_default_may_be_the_second_account(default: Any) -> None:
    assert default.status == 9, default.out + default.err  # for the refused call
    assert "rule second-account" in default.out
    assert "dynamodb:ListTables" in default.out
    assert default.receipt["also"] == f"default: arn:aws:iam::{OTHER}:user/sandgate-also"
    assert "also     default: arn:aws:iam::111122223333" in default.err + default.out


def test_its_calls_are_told_from_the_runs_own_and_are_no_evidence(default: Any) -> None:
    calls = [(event["operation"], event["principal"]) for event in default.events("call")]
    assert calls == [
        ("GetCallerIdentity", "also"), ("GetCallerIdentity", "identity"),
        ("GetAccessKeyInfo", "also"), ("GetAccessKeyInfo", "identity"), ("ListAccountAliases", "also"),
    ]  # fmt: skip
    assert default.receipt["account"] == OWN
    assert default.receipt["reached"] == {"sts": 2}


def test_its_key_is_in_a_file_for_the_user_alone(default: Any) -> None:
    path = default.run / "also-main.credentials"
    assert path.stat().st_mode & 0o777 == 0o600
    assert "aws_access_key_id = SGATE" in path.read_text()
