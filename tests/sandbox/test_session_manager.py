"""The example `session-manager` as its user goes: up, the suite on the account, the library by itself, down."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from boto_session_manager.api import BotoSesManager
from botocore.config import Config
from botocore.exceptions import ClientError
from dotenv import dotenv_values
from tests.sandbox.standin.account import ACCOUNT, REGION, StandIn
from tests.system.forges import REPOSITORY, forge

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "session-manager"
IDENTITY = "session-manager-tester"
TOKEN = "ghp_" + "canary" * 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """The example in a folder of somebody whose AWS is the stand-in."""

    folder: Path
    environ: Mapping[str, str]

    def run(self, *command: str) -> str:
        """Run a command that must succeed; what it said."""
        done = subprocess.run(
            command, cwd=self.folder, env=self.environ, capture_output=True, text=True, check=False, timeout=180
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def python(self, *arguments: str) -> str:
        """Run Python."""
        return self.run(sys.executable, *arguments)

    @property
    def receipt(self) -> dict[str, Any]:
        """Of the newest run."""
        runs = self.folder / ".sandgate" / "runs"
        return dict(json.loads((max(runs.iterdir()) / "receipt.json").read_text()))

    @property
    def entries(self) -> Mapping[str, str | None]:
        """Of the env file."""
        return dotenv_values(self.folder / ".env.sandbox")


def copied(standin: StandIn, folder: Path) -> Copy:
    """A copy of it, and the administrator's profile that it names."""
    shutil.copytree(EXAMPLE, folder / "p", ignore=shutil.ignore_patterns("__pycache__", ".sandgate", ".pytest_cache"))
    environ = standin.env(folder)
    environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environ['PATH']}"
    admin = standin.profiles[standin.admin_profile]
    for name, head, text in (
        ("AWS_CONFIG_FILE", "profile sandbox-admin", f"region = {REGION}"),
        ("AWS_SHARED_CREDENTIALS_FILE", "sandbox-admin",
         f"aws_access_key_id = {admin.access_key_id}\naws_secret_access_key = {admin.secret}"),
    ):  # fmt: skip
        with Path(environ[name]).open("a", encoding="utf-8") as file:
            file.write(f"[{head}]\n{text}\n")
    return Copy(folder=folder / "p", environ=environ)


def test_the_suite_holds_on_the_account(standin: StandIn, tmp_path: Path) -> None:
    copy = copied(standin, tmp_path)
    copy.python("-m", "sandgate", "up", "--yes", "--no-ci")

    copy.python("-m", "pytest", "-q", "--tier", "sandbox", "--also-profile", standin.other_profile)
    receipt = copy.receipt
    assert (receipt["green"], receipt["tier"], receipt["upstream"]) == (True, "sandbox", "stand-in")
    assert (receipt["account"], receipt["leftovers"]) == (ACCOUNT, [])
    assert receipt["tests"].keys() <= {"passed", "skipped"}
    assert receipt["also"] == f"{standin.other_profile}: arn:aws:iam::{standin.other_account}:user/admin"
    assert f":assumed-role/{IDENTITY}/" in receipt["caller"]
    _by_itself(standin, copy)

    _scripts(standin, copy)

    copy.python("-m", "sandgate", "down", "--yes", "--no-ci")
    assert left(standin, IDENTITY) == []


def _scripts(standin: StandIn, copy: Copy) -> None:
    """Those that the tasks of the CDK call: a new key, which goes to CI, and then none at all."""
    first = copy.entries["SESSION_MANAGER_KEY_ID"]
    with forge(TOKEN) as github:
        there = Copy(
            folder=copy.folder, environ={**copy.environ, **github.environ(), "SANDGATE_REPOSITORY": REPOSITORY}
        )
        there.python("cdk/create_access_key.py")
        assert copy.entries["SESSION_MANAGER_KEY_ID"] != first
        assert github.secrets == {}
        there.python(".mise/tasks/setup_github_action_secret.py")
        assert {name: secret.value for name, secret in github.secrets.items()} == copy.entries
        there.python("cdk/delete_access_key.py")
        assert github.secrets == {}
    assert not any(name.startswith("SESSION_MANAGER_") for name in copy.entries)
    iam = standin.root_client("iam")
    assert iam.list_access_keys(UserName=IDENTITY)["AccessKeyMetadata"] == []


def left(standin: StandIn, identity: str) -> list[str]:
    """Users and roles of the identity, or of its tests."""
    iam = standin.root_client("iam")
    users = [one["UserName"] for one in iam.list_users()["Users"]]
    roles = [one["RoleName"] for one in iam.list_roles()["Roles"]]
    return [name for name in (*users, *roles) if name.startswith((identity, "test-"))]


def _by_itself(standin: StandIn, copy: Copy) -> None:
    """The library with the user's own key and no gate: as its own tests take the test role, by a random name."""
    user = BotoSesManager(
        aws_access_key_id=copy.entries["SESSION_MANAGER_KEY_ID"],
        aws_secret_access_key=copy.entries["SESSION_MANAGER_SECRET_KEY"],
        region_name=REGION,
        default_client_kwargs={
            "verify": str(standin.ca_bundle),
            "config": Config(proxies={"https": f"http://127.0.0.1:{standin.front.proxy_port}"}),
        },
    )
    assert (user.aws_account_id, user.aws_account_alias) == (ACCOUNT, None)
    assert user.principal_arn == f"arn:aws:iam::{ACCOUNT}:user/{IDENTITY}"
    taken = user.assume_role(role_arn=f"arn:aws:iam::{ACCOUNT}:role/{IDENTITY}")
    assert taken.principal_arn.startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/{IDENTITY}/")
    assert (taken.aws_account_alias, taken.is_expired()) == (None, False)
    with pytest.raises(ClientError, match="AccessDenied"):
        user.assume_role(role_arn=f"arn:aws:iam::{ACCOUNT}:role/{IDENTITY}-deployer")
    with pytest.raises(ClientError, match="AccessDenied"):
        user.get_client("iam").list_users()
