"""Refusals outside of pytest: any command's run is red, each is explained once, and the guard is off only if typed."""

from __future__ import annotations

import sys
from typing import Any

import pytest

SWALLOWED = """
import boto3, json, os
boto3.client("sts").get_caller_identity()
stranger = boto3.client("s3", aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="x")
for _ in range(3):
    try:
        stranger.get_object(Bucket="somebody-elses", Key="x")
    except stranger.exceptions.ClientError:
        pass
iam, name = boto3.client("iam"), f"test-{os.environ['SANDGATE_NAMESPACE']}-functions"
trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
document = json.dumps({"Version": "2012-10-17", "Statement": trust})
role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
try:
    boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="tests")
except iam.exceptions.ClientError:
    pass
iam.delete_role(RoleName=name)
"""
CALL = "import boto3; boto3.client('sts').get_caller_identity()"


def command(project: Any) -> list[str]:
    return [sys.executable, str(project.write("swallowed.py", SWALLOWED))]


def test_a_content_command_with_refusals_is_red(project: Any) -> None:
    said = project.sandgate("run", "--", *command(project))
    assert said.status == 9, said.err
    assert said.err.count("s3:GetObject (3x) by rule unknown-key") == 1
    assert "to allow it: use the AWS_ACCESS_KEY_ID" in said.err
    assert "denied   by the upstream: sts:AssumeRole 1" in said.err
    assert "red because the gate refused 3 calls" in said.err
    assert [line for line in said.err.splitlines() if len(line) > 80 and " " in line.strip()] == []
    assert project.receipt["denied_upstream"] == {"sts:AssumeRole": 1}
    (group,) = project.receipt["refusals"]
    assert (group["count"], group["counted"], group["tests"]) == (3, 3, [])


def test_its_own_failure_comes_first(project: Any) -> None:
    said = project.sandgate("run", "--", "sh", "-c", '"$@"; exit 5', "sh", *command(project))
    assert said.status == 5
    assert "red because the gate refused 3 calls" in said.err


def test_report_shows_only(project: Any) -> None:
    said = project.sandgate("run", "--on-refusal", "report", "--", *command(project))
    assert said.status == 0, said.err
    assert "s3:GetObject (3x) by rule unknown-key" in said.err


@pytest.mark.parametrize(("options", "status"), [((), 9), (("--on-refusal", "report"), 0)])
def test_a_run_that_was_started_is_judged_when_it_stops(project: Any, options: tuple[str, ...], status: int) -> None:
    assert project.sandgate("start", *options).status == 0
    line = f'eval "$({sys.executable} -P -m sandgate env)"; exec {" ".join(command(project))}'
    done = project.shell(line)
    assert done.returncode == 0, done.stderr
    said = project.sandgate("stop")
    assert said.status == status, said.out
    assert "s3:GetObject (3x) by rule unknown-key" in said.out


@pytest.mark.parametrize("way", ["run", "shell", "start"])
def test_without_the_guard_it_is_said_and_written(project: Any, way: str) -> None:
    arguments = {
        "run": ["run", "--unsafe-no-guard", "--", sys.executable, "-c", CALL],
        "shell": ["shell", "--unsafe-no-guard", "-c", f'{sys.executable} -c "{CALL}"'],
        "start": ["start", "--unsafe-no-guard", "--allow-empty"],
    }[way]
    said = project.sandgate(*arguments)
    assert said.status == 0, said.err
    assert "sandgate: guard OFF (--unsafe-no-guard)" in said.err
    last = project.sandgate("stop").out if way == "start" else said.err
    assert "  guard    OFF (--unsafe-no-guard)" in last
    assert project.receipt["guard"] == "off"


def test_colour_is_for_terminals(project: Any) -> None:
    arguments = ["run", "--unsafe-no-guard", "--", "true"]
    assert "\x1b[" not in project.sandgate(*arguments).err
    shown = project.start(*arguments, terminal=True).end().err
    assert "\x1b[33m  guard    OFF" in shown
    assert "\x1b[31m  red because no call reached" in shown


@pytest.mark.parametrize("place", ["file", "variable", "env file"])
def test_the_guard_is_not_switched_off_by_a_file_or_variable(project: Any, place: str) -> None:
    environ = {}
    if place == "file":
        project.write("pyproject.toml", "[tool.sandgate]\nunsafe_no_guard = true\n")
    elif place == "env file":
        project.write(".env.emulated", "SANDGATE_UNSAFE_NO_GUARD=1\n")
    else:
        environ = {"SANDGATE_UNSAFE_NO_GUARD": "1"}
    said = project.sandgate("run", "--", "true", environ=environ)
    assert (said.status, said.error["hint"]) == (3, "type --unsafe-no-guard")
    assert "can only be given on the command line" in said.error["error"]
    assert not project.runs.exists()
