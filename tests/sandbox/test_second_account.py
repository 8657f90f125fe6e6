"""A second account beside the sandbox, by a profile of the user's: who it is, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError
from tests.sandbox.standin.account import ACCOUNT, OTHER_ACCOUNT, StandIn
from tests.sandbox.tier import Project, identity_of, project

from sandgate.errors import SandgateError
from sandgate.run import Run

NAME = "two-accounts"


@pytest.fixture(scope="module")
def made(_standin: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project of the sandbox, whose user has profiles of two accounts."""
    key_id, secret = identity_of(_standin, NAME)
    env = f"AWS_ACCESS_KEY_ID={key_id}\nAWS_SECRET_ACCESS_KEY={secret}\n"
    return project(_standin, tmp_path_factory.mktemp("two"), toml=f'identity = "{NAME}"', env=env)


@pytest.fixture(scope="module")
def run(made: Project) -> Iterator[Run]:
    with made.gate(also_profile="other") as run:
        yield run


def test_both_say_who_they_are(run: Run, standin: StandIn) -> None:
    first, second = (
        run.boto_session(kind).client("sts", endpoint_url=run.gate_url).get_caller_identity()
        for kind in ("identity", "also")
    )
    assert (first["Account"], second["Account"]) == (ACCOUNT, OTHER_ACCOUNT)
    assert second["Arn"] == f"arn:aws:iam::{OTHER_ACCOUNT}:user/admin"
    assert run.evidence["also"] == f"other: {second['Arn']}"
    asked = standin.front.calls("sts", "GetCallerIdentity")
    assert asked[-1].access_key_id == standin.profiles["other"].access_key_id


def test_an_administrators_profile_may_do_nothing_else(run: Run, standin: StandIn) -> None:
    session = run.boto_session("also")
    with pytest.raises(ClientError, match="rule second-account"):
        session.client("iam", endpoint_url=run.gate_url).list_users()
    with pytest.raises(ClientError, match="rule second-account"):
        session.client("sts", endpoint_url=run.gate_url).get_session_token()
    assert not standin.front.calls("iam", "ListUsers")
    assert not standin.front.calls("sts", "GetSessionToken")


def test_the_files_of_the_run_hold_no_key_of_it(run: Run, standin: StandIn) -> None:
    run.facts()
    secret = standin.profiles["other"].secret.encode()
    assert not [path for path in run.directory.rglob("*") if path.is_file() and secret in path.read_bytes()]


@pytest.mark.parametrize(
    ("profile", "complaint"),
    [("root", "is the root of its account"), ("othr", "did you mean 'other'")],
)
def test_what_is_not_taken(made: Project, standin: StandIn, profile: str, complaint: str) -> None:
    with pytest.raises(SandgateError, match=complaint), made.gate(also_profile=profile):
        pytest.fail(f"a run has started on {standin.account}")
