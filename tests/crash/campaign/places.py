"""An emulator that the test owns, the lister beside it, and a project whose runs end there."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from tests.crash.campaign.recipes import RECIPES
from tests.ports import free_port

from sandgate.config.load import load
from sandgate.session import cache_directory
from sandgate.tiers._venv import emulator_python

__all__ = ["HERE", "REGION", "Emulator", "Snapshot", "differences", "emulator", "make_project", "until"]

HERE = Path(__file__).parent
REGION = "eu-west-1"
SERVICES = (
    "apigateway", "apigatewayv2", "cloudformation", "cloudwatch", "cognito-identity", "cognito-idp", "dynamodb", "ec2",
    "ecr", "events", "firehose", "iam", "kinesis", "kms", "lambda", "logs", "s3", "scheduler", "secretsmanager", "sns",
    "sqs", "ssm", "stepfunctions", "sts",
)  # fmt: skip

Snapshot = Mapping[str, Mapping[str, str]]
"""Kind, to what is called how, to what it holds."""


@dataclass
class Emulator:
    """An upstream that outlives every gate."""

    port: int
    process: subprocess.Popen[bytes]
    lister: subprocess.Popen[str]
    _clients: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def client(self, service: str) -> Any:
        """As root, around every gate."""
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self.url,
                region_name=REGION,
                aws_access_key_id="test",
                aws_secret_access_key="test",
                aws_session_token="",
                config=Config(user_agent_extra="at-hand"),
            )
        return self._clients[service]

    def look(self) -> Snapshot:
        """What is alive."""
        assert self.lister.stdin is not None
        assert self.lister.stdout is not None
        self.lister.stdin.write("look\n")
        self.lister.stdin.flush()
        found: Snapshot = json.loads(self.lister.stdout.readline())
        return found

    def plant(self, recipes: Sequence[str] = tuple(RECIPES), name: str = "test-foreign") -> None:
        """Make what is nobody's of ours."""
        for recipe in recipes:
            RECIPES[recipe](self.client, f"{name}-{recipe.replace('_', '-')}")


def differences(before: Snapshot, now: Snapshot) -> list[str]:
    """What came, went or changed."""
    found = []
    for kind in sorted({*before, *now}):
        was, is_ = before.get(kind, {}), now.get(kind, {})
        found += [f"new: {kind} {name}" for name in sorted(is_.keys() - was.keys())]
        found += [f"gone: {kind} {name}" for name in sorted(was.keys() - is_.keys())]
        found += [f"changed: {kind} {name}" for name in sorted(was.keys() & is_.keys()) if was[name] != is_[name]]
    return found


@cache
def _python() -> Path:
    config = load(cwd=HERE, environ={}, overrides={})
    return emulator_python(cache_directory(config), config.ministack_version, lambda _text: None)


@contextlib.contextmanager
def emulator(folder: Path) -> Iterator[Emulator]:
    """One that lives as long as the block."""
    port, home = free_port(), str(folder)
    quiet = {"IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0", "PERSIST_STATE": "0"}
    with (folder / "upstream.log").open("wb") as log:
        process = subprocess.Popen(
            [str(_python()), "-I", str(HERE / "upstream.py"), str(port)],
            env={"PATH": os.environ["PATH"], "HOME": home, "TMPDIR": home, "GATEWAY_PORT": str(port), **quiet},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    listing = subprocess.Popen(
        [sys.executable, str(HERE / "lister.py"), f"http://127.0.0.1:{port}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        until(lambda: _answers(port))
        yield Emulator(port, process, listing)
    finally:
        for one in (process, listing):
            one.kill()
            one.communicate()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def until(what: Callable[[], object], seconds: float = 120) -> None:
    """Poll until something is true, or fail."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.01)


def make_project(root: Path, upstream: Emulator) -> None:
    """A project whose every service ends at that emulator."""
    tables = "".join(f'[tool.sandgate.endpoints.{service}]\nurl = "{upstream.url}"\n' for service in SERVICES)
    text = f'[tool.sandgate]\ntier = "endpoints"\nregion = "{REGION}"\nisolation = "run"\n{tables}'
    root.mkdir(exist_ok=True)
    (root / "pyproject.toml").write_text(text, encoding="utf-8")
