"""What a child process is: the same caller, by Python and by the AWS CLI."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest
from session_manager import SessionManager

ASK = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"


@pytest.fixture(params=["manager", "assumed"])
def caller(request: pytest.FixtureRequest) -> SessionManager:
    """The identity itself, and a session of a role."""
    found: SessionManager = request.getfixturevalue(request.param)
    return found


def test_python_is_the_same_caller(caller: SessionManager) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASK], env=caller.environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == caller.arn


def test_the_aws_cli_is_the_same_caller(caller: SessionManager) -> None:
    if shutil.which("aws") is None:
        pytest.skip("the AWS CLI is not installed")
    command = ["aws", "sts", "get-caller-identity", "--output", "json"]
    done = subprocess.run(command, env=caller.environment(), capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["Arn"] == caller.arn


def test_this_process_keeps_its_own(manager: SessionManager, assumed: SessionManager) -> None:
    before = dict(os.environ)
    child = assumed.environment()
    assert dict(os.environ) == before
    assert child["AWS_SESSION_TOKEN"]
    assert child["AWS_ACCESS_KEY_ID"] != manager.environment()["AWS_ACCESS_KEY_ID"]
    assert "AWS_SESSION_TOKEN" not in manager.environment()
