"""Runs on the tier `sandbox` from their start to their receipt, through the command and across gates."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.sandbox.standin.account import ACCOUNT, StandIn
from tests.sandbox.tier import Project, identity_of, project, surroundings

from sandgate.errors import ExitCode, SandgateError
from sandgate.session import resume
from sandgate.sweeping import sweep

NAME = "start-tester"
ASK = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"


@pytest.fixture(scope="module")
def env_file(_standin: StandIn) -> str:
    key = identity_of(_standin, NAME)
    return f"AWS_ACCESS_KEY_ID={key[0]}\nAWS_SECRET_ACCESS_KEY={key[1]}\n"


def run_command(made: Project) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sandgate", "run", "--", sys.executable, "-c", ASK]
    return subprocess.run(
        command, cwd=made.folder, env=dict(made.environ), capture_output=True, text=True, timeout=120, check=False
    )


def receipt_of(made: Project) -> dict[str, object]:
    (path,) = made.folder.glob(".sandgate/runs/*/receipt.json")
    receipt: dict[str, object] = json.loads(path.read_text())
    return receipt


def test_the_receipt_says_what_was_reached_and_as_whom(standin: StandIn, env_file: str, tmp_path: Path) -> None:
    made = project(standin, tmp_path, toml=f'identity = "{NAME}"', env=env_file)
    done = run_command(made)
    assert (done.returncode, done.stdout.strip()) == (0, ACCOUNT), done.stderr
    receipt = receipt_of(made)
    shown = {name: receipt[name] for name in ("green", "tier", "asked", "account", "alias", "matched", "upstream")}
    assert shown == {
        "green": True, "tier": "sandbox", "asked": "sandbox", "account": ACCOUNT, "alias": "", "matched": "user",
        "upstream": "stand-in",
    }  # fmt: skip
    assert f"assumed-role/{NAME}/" in str(receipt["caller"])
    assert "by the rule user" in done.stderr


def test_without_credentials_a_run_may_fall_back_and_says_so(standin: StandIn, tmp_path: Path) -> None:
    made = project(standin, tmp_path, toml='fallback = "emulated"')
    done = run_command(made)
    assert (done.returncode, done.stdout.strip()) == (0, "000000000000"), done.stderr
    assert "NO CREDENTIALS for the tier 'sandbox'" in done.stderr
    assert "NOT on the tier that was asked for" in done.stderr
    receipt = receipt_of(made)
    assert [receipt[name] for name in ("tier", "asked", "upstream")] == ["emulated", "sandbox", ""]
    assert standin.front.seen == []


def test_wrong_credentials_are_no_reason_to_fall_back(standin: StandIn, tmp_path: Path) -> None:
    wrong = "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\nAWS_SECRET_ACCESS_KEY=the-secret\n"
    made = project(standin, tmp_path, toml='fallback = "emulated"', env=wrong)
    done = run_command(made)
    assert done.returncode == ExitCode.ENVIRONMENT
    assert "AWS does not know these credentials" in done.stderr
    assert "the-secret" not in done.stderr + done.stdout


def test_a_variable_that_names_an_emulator_ends_it(standin: StandIn, env_file: str, tmp_path: Path) -> None:
    made = project(standin, tmp_path, env=env_file, DYNAMODB_ENDPOINT="http://localhost:8000")
    done = run_command(made)
    assert done.returncode == ExitCode.CONFIG
    assert "do not set DYNAMODB_ENDPOINT" in " ".join(done.stderr.split())
    assert standin.front.seen == []


def test_a_run_is_swept_where_it_was_and_nowhere_else(standin: StandIn, env_file: str, tmp_path: Path) -> None:
    made = project(standin, tmp_path, toml=f'identity = "{NAME}"\nfallback = "emulated"', env=env_file)
    with made.gate() as run:
        key = [{"AttributeName": "k", "KeyType": "HASH"}]
        kind = [{"AttributeName": "k", "AttributeType": "S"}]
        run.clients()("dynamodb").create_table(
            TableName="test-left", KeySchema=key, AttributeDefinitions=kind, BillingMode="PAY_PER_REQUEST"
        )
        run.mark()  # what was answered is written by then
        run.kill()
    with surroundings(made.environ):
        (made.folder / ".env").write_text("")
        with pytest.raises(SandgateError, match="there are no credentials"):
            resume(run.directory, progress=lambda _text: None)
        (made.folder / ".env").write_text(env_file)
        again = resume(run.directory, progress=lambda _text: None)
        swept = sweep(again)
        again.stop()
    assert [entry.name for entry in swept.removed] == ["test-left"]
    assert "test-left" not in standin.admin_client("dynamodb").list_tables()["TableNames"]
