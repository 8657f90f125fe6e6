"""Two accounts at once: the run's own, and one whose key says who it is."""

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

    own = {"aws_access_key_id": os.environ["PROJECT_ID"], "aws_secret_access_key": os.environ["PROJECT_SECRET"]}
    assert "AWS_ACCESS_KEY_ID" not in os.environ
    assert account(boto3.Session()) == "111122223333"
    assert account(boto3.Session(**own)) == "000000000000"
    boto3.client("iam").list_account_aliases()
    try:
        boto3.client("dynamodb").list_tables()
    except ClientError as error:
        print(error)
"""
NAMED = """
    import boto3

    def test_both():
        second = boto3.Session(profile_name="corp").client("sts").get_caller_identity()
        assert second["Arn"] == "arn:aws:iam::111122223333:user/sandgate-also"
        assert boto3.client("sts").get_caller_identity()["Account"] == "000000000000"
"""
VARIABLES = """
    [tool.sandgate]
    also_allow = ["iam:ListAccountAliases"]
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
    assert calls == [("GetCallerIdentity", "also"), ("GetCallerIdentity", "identity"), ("ListAccountAliases", "also")]
    assert default.receipt["account"] == OWN
    assert default.receipt["reached"] == {"sts": 1}


def test_its_key_is_in_a_file_for_the_user_alone(default: Any) -> None:
    path = default.run / "also-main.credentials"
    assert path.stat().st_mode & 0o777 == 0o600
    assert "aws_access_key_id = SGATE" in path.read_text()


def test_a_profile_of_its_own_beside_the_run_key(new_project: Callable[[], Any]) -> None:
    project = new_project().write({"pyproject.toml": "[tool.sandgate]\n", "test_it.py": NAMED})
    done = project.pytest("--also-profile", "corp")
    assert done.status == 0, done.out


@pytest.mark.parametrize(
    ("toml", "arguments", "complaint"),
    [
        ("", ("--also-profile", "default"), "no variables hold the run's own key"),
        ("", ("--isolate", "--also-profile", "corp"), "an isolated command sees no AWS profiles"),
        ('also_allow = ["s3:GetObject"]', (), "must be among iam:ListAccountAliases"),
    ],
)
def test_what_cannot_be_is_told(
    new_project: Callable[[], Any], toml: str, arguments: tuple[str, ...], complaint: str
) -> None:
    project = new_project().write({"pyproject.toml": f"[tool.sandgate]\n{toml}\n"})
    done = project.sandgate("run", *arguments, "--", "true")
    assert done.status in (2, 3)
    assert complaint in done.err
