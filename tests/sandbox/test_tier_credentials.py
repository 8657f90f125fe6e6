"""Where credentials come from, and what is said when they are not to be had or of somebody else: one error each.

The tier is started in this process, since each case ends before a gate would open; `test_tier_start.py` does some of
them through the command.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.sandbox.standin.account import ACCOUNT, OTHER_ACCOUNT, StandIn
from tests.sandbox.tier import Project, identity_of, project, surroundings

from sandgate.config.load import load
from sandgate.errors import EnvironmentFault, SandgateError
from sandgate.session import cache_directory
from sandgate.tiers._model import AbsentError, TierContext, Upstream
from sandgate.tiers.sandbox import TIER

NAME = "source-tester"
_TORN = r'{"Version": 1, "AccessKeyId": "ASIAX", "SecretAccessKey": "x", "SessionToken": "IQoJ\n"}'
PROFILES = {
    "chain": {
        "role_arn": f"arn:aws:iam::{ACCOUNT}:role/x", "source_profile": "admin", "mfa_serial": "arn:aws:iam::1:mfa/me",
    },
    "sso": {
        "sso_session": "corp", "sso_account_id": ACCOUNT, "sso_role_name": "Dev", "region": "eu-west-1",
    },
    "broken": {"credential_process": f"{sys.executable} -c 'raise SystemExit(3)'"},
    "torn": {"credential_process": f"echo '{_TORN}'"},
    "talking": {"credential_process": "echo IQoJ is no JSON"},
    "elsewhere": {"endpoint_url": "http://localhost:4566"},
}  # fmt: skip

Start = Callable[..., Upstream]


@pytest.fixture(scope="module")
def key(_standin: StandIn) -> tuple[str, str]:
    return identity_of(_standin, NAME)


@pytest.fixture
def start_tier(standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    """Start the tier in a project, and stop it; names of AWS lead to the stand-in."""
    resolve = socket.getaddrinfo

    def lead(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        there = str(host).endswith(".amazonaws.com")
        return resolve("127.0.0.1" if there else host, standin.front.port if there else port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", lead)

    def start(toml: str = "", env: str = "", **variables: str) -> Upstream:
        made = project(standin, tmp_path, toml=f'identity = "{NAME}"\n{toml}', env=env, **variables)
        add_profiles(Path(made.environ["AWS_CONFIG_FILE"]))
        with surroundings(made.environ):
            return asyncio.run(_started(made))

    return start


def add_profiles(path: Path) -> None:
    with path.open("a", encoding="utf-8") as file:
        for name, settings in PROFILES.items():
            file.write(f"[profile {name}]\n" + "".join(f"{key} = {value}\n" for key, value in settings.items()))
        file.write("[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.awsapps.com/start\n")


async def _started(made: Project) -> Upstream:
    config = load(cwd=made.folder, environ=made.environ, overrides={})
    context = TierContext(
        config=config,
        run_dir=made.folder / "run-1",
        work_dir=made.folder,
        cache_dir=cache_directory(config),
        gate_host="127.0.0.1",
        gate_port=45999,
        progress=lambda _text: None,
        environ=made.environ,
    )
    upstream = await TIER.start(context)
    await upstream.stop()
    await upstream.stop()
    return upstream


def pair(key: tuple[str, str]) -> dict[str, str]:
    return {"AWS_ACCESS_KEY_ID": key[0], "AWS_SECRET_ACCESS_KEY": key[1]}


def lines(entries: Mapping[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in entries.items())


def test_the_env_file_counts_and_an_exported_key_does_not(
    start_tier: Start, key: tuple[str, str], standin: StandIn
) -> None:
    admin = standin.profiles["admin"]
    found = start_tier(env=lines(pair(key)), **pair((admin.access_key_id, admin.secret)))
    assert found.aws is not None
    assert found.aws.evidence["matched"] == "user"
    assert found.aws.evidence["credentials"].endswith(".env, AWS_ACCESS_KEY_ID")


def test_in_ci_the_environment_counts_and_the_env_file_does_not(start_tier: Start, key: tuple[str, str]) -> None:
    found = start_tier(env=lines(pair(("AKIDOFSOMEBODYELSE00", "no"))), CI="true", **pair(key))
    assert found.aws is not None
    assert found.aws.evidence["credentials"].startswith("environment")


def test_a_process_of_a_profile_is_asked_with_the_users_own_environment(
    start_tier: Start, key: tuple[str, str], tmp_path: Path
) -> None:
    said = {"Version": 1, "AccessKeyId": key[0], "SecretAccessKey": key[1]}
    script = tmp_path / "process.py"
    script.write_text(f"import os\nassert os.environ['ONLY_HERE'] == 'yes'\nprint({json.dumps(said)!r})\n")
    PROFILES["process"] = {"credential_process": f"{sys.executable} {script}"}
    try:
        found = start_tier('profile = "process"', ONLY_HERE="yes")
    finally:
        del PROFILES["process"]
    assert found.aws is not None
    assert found.aws.evidence["credentials"] == "custom-process, profile process"
    assert (found.account, found.caller.split("/")[1]) == (ACCOUNT, NAME)


REFUSED: dict[str, tuple[str, str, str]] = {
    "no account": ('account = ""', "needs the id of the account", 'account = "111122223333"'),
    "forbidden account": (f'forbidden_accounts = ["{ACCOUNT}"]', "is forbidden", "wrong"),
    "another account": (f'account = "{OTHER_ACCOUNT}"\nprofile = "admin"', "and the sandbox is", "sandbox account"),
    "credentials of another account": ('profile = "other"', f"are of the account {OTHER_ACCOUNT}", "sandbox account"),
    "root": ('profile = "root"', "root user", "sandgate up"),
    "an administrator": ('profile = "admin"', "none of the identities", f"arn:aws:iam::{ACCOUNT}:user/admin"),
    "a misspelt profile": ('profile = "admim"', "no profile 'admim'", "did you mean 'admin'?"),
    "a code is wanted": ('profile = "chain"', "wants an MFA code", "sandgate up"),
    "no SSO session": ('profile = "sso"', "SSO session of the profile 'sso'", "aws sso login --profile sso"),
    "a process that fails": ('profile = "broken"', "cannot be had", "get-caller-identity --profile broken"),
    "a process that only talks": ('profile = "talking"', "cannot be had", "get-caller-identity --profile talking"),
    "a token with a line end": ('profile = "torn"', "the token holds a line end", "write it again"),
    "an endpoint of the profile": ('profile = "elsewhere"', "names an endpoint", "another profile"),
    "no such region": ('region = "xx-west-1"\nprofile = "admin"', "no region 'xx-west-1'", ""),
    "another alias": ('identities = ["admin"]\nprofile = "admin"\nexpected_alias = "sandbox"', "no alias", "correct"),
}


@pytest.mark.parametrize(("toml", "said", "hint"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_used_is_one_error(toml: str, said: str, hint: str, start_tier: Start, standin: StandIn) -> None:
    with pytest.raises(SandgateError) as caught:
        start_tier(toml)
    assert said in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.where or caught.value.hint
    assert "IQoJ" not in f"{caught.value}{caught.value.__cause__}"
    assert not standin.front.calls("sts", "AssumeRole")
    for profile in standin.profiles.values():
        assert profile.secret not in str(caught.value)


def test_a_key_that_nobody_knows(start_tier: Start) -> None:
    with pytest.raises(SandgateError, match="AWS does not know these credentials") as caught:
        start_tier(env=lines(pair(("AKIAIOSFODNN7EXAMPLE", "the-wrong-secret"))))
    assert caught.value.hint.startswith("`sandgate rotate`")
    assert "the-wrong-secret" not in str(caught.value)


def test_what_has_expired(start_tier: Start, key: tuple[str, str], standin: StandIn) -> None:
    standin.front.fault("expired", service="sts", times=0)
    with pytest.raises(SandgateError, match="the credentials have expired"):
        start_tier(env=lines(pair(key)))


def test_a_passing_fault_of_aws_is_tried_again(start_tier: Start, key: tuple[str, str], standin: StandIn) -> None:
    standin.front.fault("unavailable", service="sts", times=1)
    standin.front.fault("reset", service="iam", times=1)
    assert start_tier(env=lines(pair(key))).account == ACCOUNT


def test_an_answer_that_does_not_say_who_calls(start_tier: Start, key: tuple[str, str], standin: StandIn) -> None:
    standin.front.fault("body", service="sts", of="<Arn>[^<]*</Arn>", by="", times=0)
    with pytest.raises(EnvironmentFault, match="names no account"):
        start_tier(env=lines(pair(key)))
    assert {seen.operation for seen in standin.front.seen} == {"GetCallerIdentity"}


def test_a_role_that_does_not_let_us_in(start_tier: Start, standin: StandIn) -> None:
    iam = standin.admin_client("iam")
    iam.create_user(UserName=f"{NAME}-sns")
    made = iam.create_access_key(UserName=f"{NAME}-sns")["AccessKey"]
    with pytest.raises(SandgateError, match="the test role cannot be assumed") as caught:
        start_tier(env=lines(pair((made["AccessKeyId"], made["SecretAccessKey"]))))
    assert f"role/{NAME}-sns" in caught.value.where
    assert "trust policy" in caught.value.hint


def test_no_credentials_at_all_are_absent_not_wrong(start_tier: Start) -> None:
    with pytest.raises(AbsentError, match="there are no credentials"):
        start_tier()


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "DYNAMODB_ENDPOINT"])
@pytest.mark.parametrize("of", ["environment", "env file"])
def test_a_variable_that_names_an_emulator_ends_it_before_anything_is_asked(
    name: str, of: str, start_tier: Start, key: tuple[str, str], standin: StandIn
) -> None:
    wrong = {name: "http://127.0.0.1:8000"}
    env, variables = (lines(pair(key)), wrong) if of == "environment" else (lines({**pair(key), **wrong}), {})
    with pytest.raises(SandgateError, match=name):
        start_tier(env=env, **variables)
    assert standin.front.seen == []
