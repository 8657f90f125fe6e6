"""From credentials to roles, and how they are renewed while a run goes on; AWS is a script of answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from sandgate.config.identity import IdentityNames, identity_names
from sandgate.config.load import load
from sandgate.errors import ConfigError, EnvironmentFault, SandgateError
from sandgate.tiers._aws_clock import AwsClock
from sandgate.tiers._aws_credentials import Source
from sandgate.tiers._aws_sessions import Sessions, Standing, settle
from sandgate.tiers._aws_sts import AwsCalls, AwsDenied
from sandgate.tiers._aws_tripwire import Caller, Expected
from sandgate.tiers._model import Denial
from sandgate.wire.signing.credential import Credential

ACCOUNT = "111122223333"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
KEY = Credential("AKIDUSER", "the-secret")
WHO = {"AKIDUSER": f"arn:aws:iam::{ACCOUNT}:user/unit-tester"}
EXPECTED = Expected(
    account=ACCOUNT, account_source="x", user="unit-tester", role="unit-tester", services=frozenset({"s3"})
)


@dataclass
class Script:
    """AWS, as far as it is asked."""

    who: Mapping[str, str] = field(default_factory=lambda: dict(WHO))
    denied: dict[str, AwsDenied] = field(default_factory=dict)
    """Role to what its AssumeRole answers; `""` is GetCallerIdentity."""
    lasts: timedelta = timedelta(hours=1)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    clock: AwsClock = field(default_factory=lambda: AwsClock(lambda: NOW))
    made: int = 0

    def caller(self, credential: Credential) -> Caller:
        if "" in self.denied:
            raise self.denied[""]
        name = credential.access_key_id
        role = name.partition(":")[2]
        arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/x" if role else self.who[name]
        return Caller(account=arn.split(":")[4], arn=arn)

    def assume(self, credential: Credential, role: str, session: str, external_id: str = "") -> Credential:
        assert session == "sandgate-run"
        name = role.rpartition("/")[2]
        self.asked.append((credential.access_key_id, name, external_id))
        if name in self.denied:
            raise self.denied[name]
        self.made += 1
        return Credential(f"ASIA{self.made}:{name}", "s", "t", NOW + self.lasts)


def names_of(tmp_path: Path, text: str = "") -> Callable[[str], IdentityNames]:
    (tmp_path / "sandgate.toml").write_text(text)
    config = load(cwd=tmp_path, environ={}, overrides={})
    return lambda service: identity_names(config, service)


def settled(
    script: Script, tmp_path: Path, key: Credential = KEY, expected: Expected = EXPECTED, text: str = ""
) -> Standing:
    source = Source(read=lambda: key, described="env file .env", remedy="`sandgate rotate`")
    return settle(source, cast("AwsCalls", script), expected, names_of(tmp_path, text), "sandgate-run")


def test_a_user_takes_the_test_role_and_that_the_deployers(tmp_path: Path) -> None:
    script = Script()
    standing = settled(script, tmp_path)
    assert script.asked == [("AKIDUSER", "unit-tester", ""), ("ASIA1:unit-tester", "unit-tester-deployer", "")]
    assert standing.rule == "user"
    assert standing.caller.arn.endswith(":assumed-role/unit-tester/x")
    assert standing.credentials["deployer"].access_key_id == "ASIA2:unit-tester-deployer"
    assert "the-secret" not in repr(standing)


def test_a_user_of_one_service_takes_its_own_role(tmp_path: Path) -> None:
    script = Script(who={"AKIDUSER": f"arn:aws:iam::{ACCOUNT}:user/unit-tester-s3"})
    settled(script, tmp_path)
    assert [role for _, role, _ in script.asked] == ["unit-tester-s3", "unit-tester-s3-deployer"]


def test_an_external_id_is_said_to_the_test_role_alone(tmp_path: Path) -> None:
    script = Script()
    settled(script, tmp_path, text="external_id = true")
    assert [said for _, _, said in script.asked] == ["sandgate-unit-tester", ""]


def test_a_session_of_the_test_role_is_taken_as_it_is(tmp_path: Path) -> None:
    script = Script()
    standing = settled(script, tmp_path, key=Credential("ASIA0:unit-tester", "s", "t"))
    assert [role for _, role, _ in script.asked] == ["unit-tester-deployer"]
    assert standing.rule == "test role"


def test_who_is_named_as_it_is_takes_no_role(tmp_path: Path) -> None:
    script = Script(who={"AKIDUSER": f"arn:aws:iam::{ACCOUNT}:user/admin"})
    expected = Expected(account=ACCOUNT, account_source="", user="u", role="u", identities=("admin",))
    standing = settled(script, tmp_path, expected=expected)
    assert script.asked == []
    assert set(standing.credentials.values()) == {KEY}


def test_nothing_is_assumed_before_the_tripwire_has_answered(tmp_path: Path) -> None:
    script = Script(who={"AKIDUSER": f"arn:aws:iam::{ACCOUNT}:user/admin"})
    with pytest.raises(ConfigError):
        settled(script, tmp_path)
    assert script.asked == []


@pytest.mark.parametrize(
    ("where", "code", "said"),
    [
        ("", "ExpiredToken", "have expired"),
        ("", "InvalidClientTokenId", "does not know"),
        ("", "SignatureDoesNotMatch", "does not say whose"),
        ("unit-tester", "AccessDenied", "the test role cannot be assumed"),
        ("unit-tester-deployer", "AccessDenied", "the deployer role cannot be assumed"),
    ],
)
def test_what_aws_refuses_is_said_with_a_remedy(where: str, code: str, said: str, tmp_path: Path) -> None:
    script = Script(denied={where: AwsDenied(code, "User is not authorized", "")})
    with pytest.raises(EnvironmentFault, match=said) as caught:
        settled(script, tmp_path)
    assert code in caught.value.message
    assert caught.value.where
    assert "the-secret" not in str(caught.value)


class Renewing:
    """Credentials of a run, whose renewal is scripted too."""

    def __init__(self, tmp_path: Path) -> None:
        self.script = Script()
        self.tmp_path = tmp_path
        self.error: SandgateError | None = None
        self.times = 0
        self.clock = 100.0
        self.sessions = Sessions(self.renew(), self.renew, cast("AwsCalls", self.script), clock=lambda: self.clock)

    def renew(self) -> Standing:
        self.times += 1
        if self.error is not None:
            raise self.error
        return settled(self.script, self.tmp_path)

    def denial(self, code: str = "ExpiredToken", date: str = "") -> Denial:
        return Denial(code=code, message="", date=date, credential=self.sessions.standing.credentials["identity"])


@pytest.fixture
def renewing(tmp_path: Path) -> Renewing:
    return Renewing(tmp_path)


@pytest.mark.parametrize(
    "code", ["ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "InvalidAccessKeyId"]
)
def test_what_has_expired_is_renewed_once_for_all_who_were_denied(code: str, renewing: Renewing) -> None:
    denials = [renewing.denial(code)] * 3

    async def mend() -> list[bool]:
        return await asyncio.gather(*(renewing.sessions.mend(denial) for denial in denials))

    assert asyncio.run(mend()) == [True, True, True]
    assert renewing.times == 2
    assert renewing.sessions.death() == ""


@pytest.mark.parametrize("code", ["AccessDenied", "ThrottlingException", ""])
def test_other_denials_are_the_callers_own(code: str, renewing: Renewing) -> None:
    assert not asyncio.run(renewing.sessions.mend(renewing.denial(code)))
    assert renewing.times == 1


def test_credentials_that_a_call_minted_are_not_ours_to_renew(renewing: Renewing) -> None:
    denial = Denial(code="ExpiredToken", message="", date="", credential=None)
    assert not asyncio.run(renewing.sessions.mend(denial))


def test_a_skewed_clock_is_followed_without_new_credentials(renewing: Renewing) -> None:
    date = "Fri, 02 Jan 2026 03:44:05 GMT"
    assert asyncio.run(renewing.sessions.mend(renewing.denial("RequestTimeTooSkewed", date)))
    assert renewing.times == 1
    assert renewing.script.clock.offset == timedelta(minutes=40)


def test_a_renewal_that_fails_is_not_tried_again_at_once_and_is_the_cause_of_death(renewing: Renewing) -> None:
    renewing.error = EnvironmentFault("the key is gone")
    for _ in range(3):
        assert not asyncio.run(renewing.sessions.mend(renewing.denial()))
    assert renewing.times == 2
    assert "the key is gone" in renewing.sessions.death()
    renewing.error, renewing.clock = None, 200.0
    assert asyncio.run(renewing.sessions.mend(renewing.denial()))
    assert renewing.sessions.death() == ""


def test_how_long_they_last_is_told_by_the_first_to_end(renewing: Renewing) -> None:
    assert renewing.sessions.left == timedelta(hours=1)
