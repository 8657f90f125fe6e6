"""An identity in the stand-in as `sandgate up` makes it, made by hand, and gates that use it."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.sandbox.standin.account import ACCOUNT, StandIn

from sandgate.config.load import load
from sandgate.run import Run
from sandgate.session import start

__all__ = ["Project", "identity_of", "project", "surroundings"]

_EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def _trust(*arns: str) -> str:
    principal = {"Effect": "Allow", "Principal": {"AWS": list(arns)}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [principal]})


def identity_of(standin: StandIn, name: str) -> tuple[str, str]:
    """Make a user, its test role and its deployer role.

    Returns:
        The user's key pair.
    """
    iam = standin.admin_client("iam")
    iam.create_user(UserName=name)
    role = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    may = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role}
    document = json.dumps({"Version": "2012-10-17", "Statement": [may]})
    iam.put_user_policy(UserName=name, PolicyName="role", PolicyDocument=document)
    for made, trusted in ((name, f"arn:aws:iam::{ACCOUNT}:user/{name}"), (f"{name}-deployer", role)):
        iam.create_role(RoleName=made, AssumeRolePolicyDocument=_trust(trusted))
        iam.put_role_policy(RoleName=made, PolicyName="all", PolicyDocument=json.dumps(_EVERYTHING))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


@contextlib.contextmanager
def surroundings(environ: Mapping[str, str]) -> Iterator[None]:
    """This process in another environment, as somebody who starts a run in it."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A folder with a configuration, and the environment of whoever works in it."""

    folder: Path
    environ: Mapping[str, str]

    @contextlib.contextmanager
    def gate(self, **overrides: object) -> Iterator[Run]:
        """A gate of its own."""
        with surroundings(self.environ):
            config = load(cwd=self.folder, environ=self.environ, overrides=overrides)
            run = start(config, progress=lambda _text: None)
        try:
            yield run
        finally:
            run.close()


def project(standin: StandIn, folder: Path, *, toml: str = "", env: str = "", **variables: str) -> Project:
    """A project on the tier `sandbox`.

    Args:
        standin: its AWS.
        folder: where it shall be; gets `project` and a home.
        toml: besides tier, account and region.
        env: the env file.
        variables: of the environment.
    """
    root = folder / "project"
    root.mkdir()
    base = {"tier": "sandbox", "account": ACCOUNT, "region": standin.region, "env_file": ".env", "isolation": "prefix"}
    lines = [f'{name} = "{value}"' for name, value in base.items() if f"{name} =" not in toml]
    (root / "sandgate.toml").write_text("\n".join([*lines, toml]), encoding="utf-8")
    path = root / ".env"
    path.touch(mode=0o600)
    path.write_text(env, encoding="utf-8")
    return Project(folder=root, environ=standin.env(folder, **variables))
