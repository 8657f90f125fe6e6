"""A real gate for clients in other languages, which get nothing but its environment."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from tests.clients.tools import CACHE, JS, aws_cli, node_modules

from sandgate.config.load import load
from sandgate.run import Run
from sandgate.session import start


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The run that these tests share; each uses names of its own."""
    root = tmp_path_factory.mktemp("project")
    (root / "pyproject.toml").write_text('[tool.sandgate]\nisolation = "prefix"\n', encoding="utf-8")
    shared = start(load(cwd=root, environ={}, overrides={}), progress=lambda _text: None)
    try:
        yield shared
    finally:
        shared.stop()


@pytest.fixture(scope="session")
def clients(run: Run) -> Callable[[str], Any]:
    """boto3 clients of the same run, to look at what another client did."""
    return run.clients()


@pytest.fixture(scope="session")
def environ(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """What `sandgate run` gives its child, in a home with a canary where AWS tools look for keys."""
    home = tmp_path_factory.mktemp("home")
    (home / ".aws").mkdir()
    # The files' names begin with `.env` to the canary search only through this link: here real keys are at home.
    (home / ".env.aws").write_text(
        "[default]\n"
        f"aws_access_key_id = {os.environ['AWS_ACCESS_KEY_ID']}\n"
        f"aws_secret_access_key = {os.environ['AWS_SECRET_ACCESS_KEY']}\n"
    )
    (home / ".aws" / "credentials").symlink_to(home / ".env.aws")
    (home / ".aws" / "config").write_text("[default]\nregion = ap-south-1\ns3 =\n    addressing_style = virtual\n")
    return {**run.environment(os.environ), "HOME": str(home)}


@pytest.fixture(scope="session")
def bucket(clients: Callable[[str], Any]) -> str:
    """A bucket for all."""
    clients("s3").create_bucket(Bucket="test-clients")
    return "test-clients"


@pytest.fixture(scope="session")
def table(clients: Callable[[str], Any]) -> str:
    """A table for all, with the key `id`."""
    clients("dynamodb").create_table(
        TableName="test_clients",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return "test_clients"


@pytest.fixture(scope="session")
def javascript(
    pytestconfig: pytest.Config,
    tmp_path_factory: pytest.TempPathFactory,
    require_tool: Callable[[str], str],
    environ: Mapping[str, str],
) -> Callable[..., Any]:
    """`javascript("s3", "putString", Bucket=…)` runs that function of js/s3.mjs; its result, or its error."""
    node, npm = require_tool("node"), require_tool("npm")
    folder = tmp_path_factory.mktemp("js")
    for script in JS.glob("*.mjs"):
        shutil.copy(script, folder)
    (folder / "node_modules").symlink_to(node_modules(pytestconfig.cache.mkdir(CACHE), npm))

    def call(module: str, function: str, **arguments: object) -> Any:
        done = subprocess.run(
            [node, str(folder / "main.mjs"), module, function, json.dumps(arguments)],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.stdout.startswith("{"), done.stderr
        answer = json.loads(done.stdout)
        return answer.get("result", answer.get("error"))

    return call


@pytest.fixture(scope="session")
def aws(
    pytestconfig: pytest.Config, require_tool: Callable[[str], str], environ: Mapping[str, str]
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`aws("s3", "ls")` runs the AWS CLI, from a wheel of its own where the index is reachable."""
    program = aws_cli(pytestconfig, require_tool)

    def call(*arguments: str, **changed: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, *arguments],
            env={**environ, **changed},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return call
