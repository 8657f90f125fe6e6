"""A project of somebody whose AWS is the stand-in, and the program as they would start it."""

from __future__ import annotations

import io
import itertools
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
import typer.main
from botocore.loaders import JSONFileLoader, Loader
from dotenv import dotenv_values
from tests.sandbox.standin.account import ACCOUNT, REGION, StandIn
from tests.sandbox.standin.faults import Fault
from tests.sandbox.standin.keys import Key

from sandgate.cli import main

__all__ = ["Done", "Project"]

_NUMBERS = itertools.count(1)


_load = cache(JSONFileLoader().load_file)
"""Service models are large, and each session would read them again."""
_services = cache(Loader().list_available_services)
_build = cache(main.build)
_command = cache(typer.main.get_command)
"""The program's commands, which a process reads once; and this one starts it a hundred times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a command came to."""

    status: int
    out: str
    err: str


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@dataclass(slots=True, kw_only=True)
class Project:
    """A folder with a configuration, an identity of its own, and a home with the profiles."""

    standin: StandIn
    folder: Path
    home: Path
    patch: pytest.MonkeyPatch = field(repr=False)
    capture: pytest.CaptureFixture[str] = field(repr=False)
    identity: str = ""

    def __post_init__(self) -> None:
        self.identity = f"tester{next(_NUMBERS)}"
        self.folder.mkdir()
        self.configure()
        for name, value in {**self.standin.env(self.home), **self.standin.proxy_env()}.items():
            self.patch.setenv(name, value)
        for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "CI"):
            self.patch.delenv(name, raising=False)
        self.patch.setattr(JSONFileLoader, "load_file", lambda _self, path: _load(path))
        self.patch.setattr(Loader, "list_available_services", lambda _self, type_name: list(_services(type_name)))
        self.patch.setattr(main, "build", _build)
        self.patch.setattr(typer.main, "get_command", _command)
        self.patch.chdir(self.folder)

    def configure(self, text: str = 'services = ["dynamodb"]', *, account: str = ACCOUNT) -> None:
        """Write the configuration."""
        head = f'account = "{account}"\nregion = "{REGION}"\nadmin_profile = "admin"\nidentity = "{self.identity}"\n'
        (self.folder / "sandgate.toml").write_text(f"{head}{text}\n")

    def take_over(self, identity: str) -> None:
        """Have another project's identity, with one new key, as if `up` had made it here."""
        self.identity = identity
        self.configure()
        for key in self.keys():
            self.iam.delete_access_key(UserName=identity, AccessKeyId=key)
        made = self.iam.create_access_key(UserName=identity)["AccessKey"]
        self.env_file.touch(mode=0o600)
        self.env_file.write_text(
            f"AWS_ACCESS_KEY_ID={made['AccessKeyId']}\nAWS_SECRET_ACCESS_KEY={made['SecretAccessKey']}\n"
        )

    def sandgate(self, *arguments: str, typed: str | None = None) -> Done:
        """Run the program in this process.

        Args:
            arguments: of the command line.
            typed: by a person at a terminal; `None` where there is none.
        """
        self.patch.setattr(sys, "stdin", io.StringIO() if typed is None else _Terminal(typed))
        self.capture.readouterr()
        status = main.run(arguments)
        said = self.capture.readouterr()
        return Done(status=status, out=said.out, err=said.err)

    def start(self, *arguments: str, alone: bool = False, **more: str) -> subprocess.Popen[str]:
        """Start the program as a process of its own.

        Args:
            arguments: of the command line.
            alone: without a terminal that it could open, whoever runs the tests.
            **more: variables besides.
        """
        return subprocess.Popen(
            [sys.executable, "-m", "sandgate", *arguments], cwd=self.folder, env=self.standin.env(self.home, **more),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=alone,
        )  # fmt: skip

    def kill_at(self, process: subprocess.Popen[str], fault: Fault) -> None:
        """Kill a process that was started as soon as a call of it waits for its answer."""
        deadline = time.monotonic() + 60
        while not fault.happened and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        process.kill()
        said, _ = process.communicate()
        assert fault.happened, said

    @property
    def env_file(self) -> Path:
        """Of the tier sandbox."""
        return self.folder / ".env.sandbox"

    @property
    def entries(self) -> Mapping[str, str | None]:
        """Of the env file."""
        return dotenv_values(self.env_file) if self.env_file.exists() else {}

    @property
    def key(self) -> Key:
        """The one in the env file."""
        return Key(
            access_key_id=str(self.entries["AWS_ACCESS_KEY_ID"]), secret=str(self.entries["AWS_SECRET_ACCESS_KEY"])
        )

    @property
    def iam(self) -> Any:
        """To look at the account."""
        return self.standin.root_client("iam")

    def keys(self) -> dict[str, str]:
        """Ids of the user's keys, and whether each is Active."""
        found = self.iam.list_access_keys(UserName=self.identity)["AccessKeyMetadata"]
        return {key["AccessKeyId"]: key["Status"] for key in found}

    def changes(self) -> list[str]:
        """Operations that changed something, in their order."""
        looks = ("Get", "List", "Describe", "Assume")
        return [seen.operation for seen in self.standin.front.seen if not seen.operation.startswith(looks)]

    def works(self) -> bool:
        """Whether the key in the env file is one, and the user may take the role with it."""
        sts = self.standin.client("sts", self.key)
        arn = sts.get_caller_identity()["Arn"]
        role = f"arn:aws:iam::{ACCOUNT}:role/{self.identity}"
        taken = sts.assume_role(RoleArn=role, RoleSessionName="test")["AssumedRoleUser"]["Arn"]
        return bool(arn.endswith(f":user/{self.identity}") and taken.endswith(f":assumed-role/{self.identity}/test"))
