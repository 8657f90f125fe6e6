"""The three tasks of the example `session-manager`, in their order, by the command line of the CDK.

Two synths, a bootstrap, a deployment and a removal take about half a minute of a processor, so this runs where
SANDGATE_EFFORT is 2 or more.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock
from tests.sandbox.standin.account import ACCOUNT, REGION, StandIn
from tests.sandbox.test_session_manager import Copy, copied, left
from tests.system.forges import REPOSITORY, forge

NPM = Path(__file__).with_name("npm")
IDENTITY = "cdk-tester"
STACK = f"sandgate-{IDENTITY}"
TOKEN = "ghp_" + "canary" * 6


def _command_line(cache: Path, npm: str) -> Path:
    """Folder of the locked program, installed once and kept beside pytest's other caches."""
    folder = cache / hashlib.sha256((NPM / "package-lock.json").read_bytes()).hexdigest()[:12]
    with FileLock(cache / "lock"):
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for name in ("package.json", "package-lock.json", ".npmrc"):
                shutil.copy(NPM / name, folder)
            command = [npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"]
            subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
            (folder / "complete").touch()
    return folder / "node_modules" / ".bin"


@pytest.mark.slow
@pytest.mark.needs("node", "npm")
def test_three_tasks_in_their_order(
    standin: StandIn,
    tmp_path: Path,
    pytestconfig: pytest.Config,
    require_tool: Callable[[str], str],
    effort: int,
) -> None:
    if effort < 2:
        pytest.skip("the CDK's command line takes half a minute of a processor; SANDGATE_EFFORT=2 runs it")
    cache = pytestconfig.cache.mkdir("sandbox-cdk")
    programs = _command_line(cache, require_tool("npm"))
    copy = copied(standin, tmp_path)
    settings = copy.folder / "pyproject.toml"
    settings.write_text(settings.read_text().replace('identity = "session-manager-tester"', f'identity = "{IDENTITY}"'))
    with forge(TOKEN) as github:
        environ = {
            **copy.environ, **standin.proxy_env(), **github.environ(),
            "SANDGATE_REPOSITORY": REPOSITORY,
            "PATH": f"{programs}{os.pathsep}{copy.environ['PATH']}",
            "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(cache / "jsii"),
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "CDK_DISABLE_VERSION_CHECK": "true",
        }  # fmt: skip
        copy = Copy(folder=copy.folder, environ=environ)
        # Said although it is the default: the emulator takes an empty list for one that holds an empty policy.
        rights = ("--cloudformation-execution-policies", "arn:aws:iam::aws:policy/AdministratorAccess")
        # Outside the app's folder, so that it is not synthesised for that.
        copy.run("cdk", "bootstrap", f"aws://{ACCOUNT}/{REGION}", "--profile", "sandbox-admin", "--no-notices", *rights)

        _task(copy, "cdk-up")
        stacks = standin.root_client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        assert stacks[0]["StackStatus"] == "CREATE_COMPLETE"
        assert {name: secret.value for name, secret in github.secrets.items()} == copy.entries

        _task(copy, "cov")
        assert (copy.receipt["green"], copy.receipt["tier"]) == (True, "sandbox")
        assert f":assumed-role/{IDENTITY}/" in copy.receipt["caller"]

        _task(copy, "cdk-down")
        assert github.secrets == {}
    assert not any(name.startswith("SESSION_MANAGER_") for name in copy.entries)
    assert left(standin, IDENTITY) == []
    standin.restart()  # what the bootstrap has made stays


def _task(copy: Copy, name: str) -> None:
    """Run a task as mise does: its lines, one after the other."""
    task = tomllib.loads((copy.folder / "mise.toml").read_text())["tasks"][name]["run"]
    for line in [task] if isinstance(task, str) else task:
        copy.run("sh", "-c", line)
