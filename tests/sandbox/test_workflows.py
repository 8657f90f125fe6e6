"""The example `platform-workflows` as its user goes: up, the suite on the account, down."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.sandbox.standin.account import ACCOUNT, REGION, StandIn

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "platform-workflows"
EFFORT = int(os.environ.get("SANDGATE_EFFORT", "1"))
BUCKET = f"prod-{REGION}-starport-layer-bucket.s3.{REGION}.amazonaws.com"
CHOSEN = () if EFFORT >= 2 else ("-k", "not test_database_provisioning or TestCommandLine")
NEEDED = {"ecr": "GetDownloadUrlForLayer", "secretsmanager": "PutSecretValue", "ssm": "DeleteParameter"}


def python(folder: Path, environ: Mapping[str, str], *arguments: str) -> str:
    """Run Python, which must succeed; what it said."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def test_the_suite_holds_on_the_account(standin: StandIn, tmp_path: Path) -> None:
    """With the rights that `up` gives, and not a line changed; nothing stays on the account.

    Most tests of databases ask the account for no more than one of them does, and all of them run on the other tier.
    """
    folder = tmp_path / "p"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__", ".sandgate", ".pytest_cache"))
    # The bucket of layers is on this machine here, and such a place must be listed.
    environ = standin.env(tmp_path, AWS_PROFILE=standin.admin_profile, SANDGATE_EGRESS=BUCKET)
    environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environ['PATH']}"
    python(folder, environ, "-m", "sandgate", "up", "--yes", "--no-ci", "--tier", "sandbox")
    del environ["AWS_PROFILE"]

    python(folder, environ, "-m", "pytest", "-q", "--tier", "sandbox", "tests/integration", *CHOSEN)
    (path,) = (folder / ".sandgate" / "runs").glob("*/receipt.json")
    receipt: dict[str, Any] = json.loads(path.read_text())
    assert (receipt["green"], receipt["tier"], receipt["account"]) == (True, "sandbox", ACCOUNT)
    assert (receipt["upstream"], receipt["leftovers"], receipt["refused"]["total"]) == ("stand-in", [], 0)
    assert receipt["tests"].keys() <= ({"passed"} if os.environ.get("SANDGATE_REQUIRE_ALL") else {"passed", "skipped"})
    assert all(receipt["calls"][service][operation] for service, operation in NEEDED.items())
    assert list((folder / ".sandgate" / "databases").iterdir()) == []
    assert left(standin) == {"ecr": [], "secretsmanager": [], "ssm": []}

    environ["AWS_PROFILE"] = standin.admin_profile
    python(folder, environ, "-m", "sandgate", "down", "--yes", "--no-ci", "--tier", "sandbox")


def left(standin: StandIn) -> dict[str, list[str]]:
    """What of the suite is still on the account."""
    look = standin.root_client
    secrets = look("secretsmanager").list_secrets(IncludePlannedDeletion=True)["SecretList"]
    found = {
        "ecr": [one["repositoryName"] for one in look("ecr").describe_repositories()["repositories"]],
        "secretsmanager": [one["Name"] for one in secrets],
        "ssm": [one["Name"] for one in look("ssm").describe_parameters()["Parameters"]],
    }
    return {service: [name for name in names if "test" in name] for service, names in found.items()}
