"""`sandgate doctor` with the identity that `sandgate up` made: well, with all that can be wrong, and without AWS."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from dotenv import dotenv_values
from tests.sandbox.standin.account import ACCOUNT, StandIn

from sandgate.config.credentials import shown_key

CONFIGURATION = f"""
tier = "sandbox"
account = "{ACCOUNT}"
region = "eu-west-1"
admin_profile = "admin"
identity = "doctor-tester"
services = ["s3", "sqs"]
"""
REAL = {"credentials", "account", "clock", "exported", "environment", "policy", "ci-secrets"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project whose identity is there."""

    root: Path
    environ: Mapping[str, str]

    def sandgate(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "sandgate", *arguments],
            cwd=self.root,
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def doctor(self, **environ: str) -> tuple[int, dict[str, list[tuple[str, str]]]]:
        """Exit status, and of each check what it found: state and text."""
        done = self.sandgate("doctor", "--json", **environ)
        assert done.stderr.startswith(("", "sandgate: asking")), done.stderr
        for secret in (*self.keys.values(), *environ.values()):
            assert secret not in done.stdout + done.stderr
        found: dict[str, list[tuple[str, str]]] = {}
        for entry in json.loads(done.stdout)["findings"]:
            found.setdefault(entry["check"], []).append((entry["state"], entry["text"]))
        return done.returncode, found

    @property
    def keys(self) -> dict[str, str]:
        found = dotenv_values(self.root / ".env.sandbox")
        return {name: value for name, value in found.items() if name.startswith("AWS_") and value}


@pytest.fixture(scope="module")
def project(_standin: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    folder = tmp_path_factory.mktemp("doctor")
    root = folder / "project"
    root.mkdir()
    (root / "sandgate.toml").write_text(CONFIGURATION)
    made = Project(root=root, environ=_standin.env(folder))
    done = made.sandgate("up", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    yield made
    done = made.sandgate("down", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def change(project: Project) -> Iterator[Callable[[str, str], Path]]:
    """Write a file of the project for the length of a test."""
    before: dict[Path, tuple[bytes, int] | None] = {}

    def write(name: str, text: str) -> Path:
        path = project.root / name
        before.setdefault(path, (path.read_bytes(), path.stat().st_mode) if path.exists() else None)
        path.write_text(text)
        return path

    yield write
    for path, was in before.items():
        if was is None:
            path.unlink()
        else:
            path.write_bytes(was[0])
            path.chmod(was[1])


def test_all_is_well(standin: StandIn, project: Project) -> None:
    status, found = project.doctor()
    assert status == 0, found
    assert found.keys() >= REAL
    assert {state for entries in found.values() for state, _ in entries} == {"ok"}, found
    ((_, text),) = found["credentials"]
    key = project.keys["AWS_ACCESS_KEY_ID"]
    assert text.startswith(f"AKIA…{key[-4:]} from .env.sandbox, AWS_ACCESS_KEY_ID, of user/doctor-tester, ")
    assert text.endswith(" s old")
    assert found["account"] == [("ok", f"{ACCOUNT}, no alias")]
    assert found["clock"][0][1].endswith(("to the second", "AWS's"))
    assert found["policy"] == [("ok", "user and roles of doctor-tester are what the configuration says")]
    # Whose the credentials are is asked once, though three checks need it.
    users = [seen.access_key_id for seen in standin.front.calls("sts", "GetCallerIdentity")]
    assert users.count(key) == 1


def test_another_key_that_works_is_told(standin: StandIn, project: Project) -> None:
    iam = standin.root_client("iam")
    other = iam.create_access_key(UserName="doctor-tester")["AccessKey"]["AccessKeyId"]
    try:
        status, found = project.doctor()
    finally:
        iam.delete_access_key(UserName="doctor-tester", AccessKeyId=other)
    text = f"user/doctor-tester has another key that works, {shown_key(other)}"
    assert (status, found["credentials"][1:]) == (0, [("note", text)])


def test_everything_that_is_wrong_is_told_at_once(
    standin: StandIn, project: Project, change: Callable[[str, str], Path]
) -> None:
    change("sandgate.toml", f'{CONFIGURATION}expected_alias = "sandbox-of-us"\n')
    change("notes.md", f"the key:\n\n    {project.keys['AWS_ACCESS_KEY_ID']}\n")
    change(".env.sandbox", (project.root / ".env.sandbox").read_text()).chmod(0o644)
    other = standin.profiles["admin"]
    exported = {"AWS_ACCESS_KEY_ID": other.access_key_id, "AWS_SECRET_ACCESS_KEY": other.secret}
    done = project.sandgate("doctor", **exported, DYNAMODB_ENDPOINT="http://localhost:8000")
    assert done.returncode == 10, done.stdout + done.stderr
    for secret in (*project.keys.values(), *exported.values()):
        assert secret not in done.stdout + done.stderr
    said = " ".join(done.stdout.split())
    for wanted in (
        "can read .env.sandbox (mode 0644) -> chmod 600 .env.sandbox",
        f"{ACCOUNT} has no alias, and sandbox-of-us is expected",
        f"it claims to be doctor-tester's, and is user/admin's of {ACCOUNT} -> unset AWS_ACCESS_KEY_ID",
        "DYNAMODB_ENDPOINT names http://localhost:8000",
        "access keys stand in notes.md:3",
    ):
        assert wanted in said, done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_policies_that_are_not_what_the_configuration_says(
    standin: StandIn, project: Project, change: Callable[[str, str], Path]
) -> None:
    change("sandgate.toml", CONFIGURATION.replace('"s3", ', ""))
    iam = standin.root_client("iam")
    everything = json.dumps({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    iam.put_user_policy(UserName="doctor-tester", PolicyName="more", PolicyDocument=everything)
    try:
        status, found = project.doctor()
    finally:
        iam.delete_user_policy(UserName="doctor-tester", PolicyName="more")
    assert status == 10
    said = dict.fromkeys(text for state, text in found["policy"] if state == "mend")
    assert "user doctor-tester: 1 statement that the configuration does not make" in said
    assert [text for text in said if text.startswith("role doctor-tester:") and "does not make" in text]


def test_a_clock_that_is_wrong(standin: StandIn, project: Project) -> None:
    standin.front.clock = timedelta(minutes=20)
    status, found = project.doctor()
    assert status == 10
    ((state, text),) = found["clock"]
    assert (state, text.endswith("s behind AWS's: AWS refuses signatures")) == ("mend", True)
    assert 1195 <= int(text.split()[0]) <= 1205
    assert found["credentials"][0][0] == "mend"
    assert "does not accept its signature" in found["credentials"][0][1]


def test_somebody_whom_the_configuration_does_not_name(
    standin: StandIn, project: Project, change: Callable[[str, str], Path]
) -> None:
    other = standin.profiles["other"]
    pair = f"AWS_ACCESS_KEY_ID={other.access_key_id}\nAWS_SECRET_ACCESS_KEY={other.secret}\n"
    change(".env.sandbox", pair).chmod(0o600)
    status, found = project.doctor()
    assert status == 10
    account = f"the credentials are of the account {standin.other_account}, and the sandbox is {ACCOUNT}"
    assert found["account"] == [("mend", account)]


def test_a_key_that_is_revoked(standin: StandIn, project: Project) -> None:
    key: Any = standin.front.keys.get(project.keys["AWS_ACCESS_KEY_ID"])
    key.active = False
    try:
        status, found = project.doctor()
    finally:
        key.active = True
    assert status == 10
    ((state, text),) = found["credentials"]
    assert (state, "AWS does not know it (InvalidClientTokenId)" in text) == ("mend", True)
    assert found["account"] == [("unknown", f"{ACCOUNT}; AWS refuses the credentials (InvalidClientTokenId)")]


def test_without_aws_what_could_not_be_looked_at_is_told(standin: StandIn, project: Project) -> None:
    standin.front.fault("reset", times=0)
    status, found = project.doctor()
    assert status == 0, found
    unknown = {check for check, entries in found.items() if entries[0][0] == "unknown"}
    assert unknown == {"credentials", "account", "clock", "policy"}
    assert "AWS cannot be asked" in found["clock"][0][1]


def test_a_run_by_another_name_of_the_tier_has_the_env_file_of_that_name(
    standin: StandIn, project: Project, change: Callable[[str, str], Path]
) -> None:
    change(".env.integration", (project.root / ".env.sandbox").read_text() + "APP_NAME='the sandbox'\n").chmod(0o600)
    change(".env.sandbox", "APP_NAME=another\n")
    change("sandgate.toml", f'{CONFIGURATION}env_pass = ["APP_*"]\n')
    other = standin.profiles["admin"]
    exported = {"AWS_ACCESS_KEY_ID": other.access_key_id, "AWS_SECRET_ACCESS_KEY": other.secret}
    code = "import boto3, os; print(os.environ['APP_NAME'], boto3.client('sts').get_caller_identity()['Arn'])"
    done = project.sandgate("run", "--tier", "integration", "--", sys.executable, "-c", code, **exported)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith(f"the sandbox arn:aws:sts::{ACCOUNT}:assumed-role/doctor-tester/")
    # Nobody has called with what the shell exports, and that is told without showing it.
    assert other.access_key_id not in {seen.access_key_id for seen in standin.front.seen}
    assert done.stderr.count("AWS_ACCESS_KEY_ID is exported as AKIA…") == 1
    assert other.access_key_id not in done.stdout + done.stderr
