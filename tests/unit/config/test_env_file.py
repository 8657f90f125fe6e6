"""Env files: which one belongs to a tier, what is read of it, and what of it tests may have."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from sandgate.config.env_file import env_values, in_ci, passed_values, protected_names
from sandgate.config.load import load
from sandgate.config.model import Config
from sandgate.errors import ConfigError

LONG = "a" * 5000


def config(folder: Path, text: str = "", environ: Mapping[str, str] | None = None, **typed: Any) -> Config:
    (folder / "sandgate.toml").write_text(text)
    return load(cwd=folder, environ=environ or {}, overrides=typed)


@pytest.mark.parametrize(
    ("text", "typed", "tier", "asked", "file"),
    [
        ("", {}, "emulated", "emulated", ".env.emulated"),
        ("", {"tier": "endpoints"}, "endpoints", "endpoints", ".env.endpoints"),
        ("", {"tier": "integration"}, "sandbox", "integration", ".env.integration"),
        ("", {"tier": "dev"}, "endpoints", "dev", ".env.dev"),
        ('tier = "dev"', {}, "endpoints", "dev", ".env.dev"),
        ('env_file = "dev/.env.{tier}"', {"tier": "integration"}, "sandbox", "integration", "dev/.env.integration"),
        ('[tier_aliases]\nlocal = "emulated"', {"tier": "local"}, "emulated", "local", ".env.local"),
        ('[tier_aliases]\nlocal = "emulated"', {"tier": "dev"}, "dev", "dev", ".env.dev"),
        ('env_file = ".env"', {"tier": "dev", "env_file": "x.env"}, "endpoints", "dev", "x.env"),
    ],
)  # fmt: skip
def test_a_tier_has_its_file(
    text: str, typed: dict[str, Any], tier: str, asked: str, file: str, tmp_path: Path
) -> None:
    (tmp_path / "x.env").touch()
    found = config(tmp_path, text, **typed)
    assert (found.tier, found.asked_tier, found.env_path) == (tier, asked, tmp_path / file)


def test_an_alias_says_where_it_comes_from(tmp_path: Path) -> None:
    found = config(tmp_path, tier="integration")
    assert found.sources["tier"] == "command line, --tier, where 'integration' is 'sandbox'"


def test_the_gate_is_told_all_of_it(tmp_path: Path) -> None:
    found = config(tmp_path, environ={"CI": "true"}, tier="integration")
    assert (again := Config.from_json(found.to_json())) == found
    assert (again.asked_tier, again.ci) == ("integration", True)
    old = {name: value for name, value in found.to_json().items() if name not in {"asked_tier", "ci"}}
    assert (Config.from_json(old).asked_tier, Config.from_json(old).ci) == ("sandbox", False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[tier_aliases]\nemulated = "sandbox"', "is a tier itself"),
        ('[tier_aliases]\n"a/b" = "sandbox"', "is not a name for a tier"),
        ('env_file = ".env.{teir}"', "knows {tier} only"),
        ('env_file = ".env.{"', "knows {tier} only"),
        ('env_file = ""', "must be the path"),
        ('env_file = "~nosuchuser/x"', "env_file: begins with a home folder that does not exist"),
        ('env_file = "~{tier}/x"', "env_file: begins with a home folder that does not exist"),
        pytest.param(f'env_file = "{LONG}"', "env_file: is too long for a path", id="long env_file"),
        pytest.param(f'tier = "{LONG}"', "tier: must be the name of a tier", id="long tier"),
        ('tier = "~nosuchuser"', "tier: must be the name of a tier"),
        ('[tier_aliases]\na = "~x"', "a must be the name of a tier"),
        ('env_pass = ["AWS_*"]', "would hand a credential"),
        ('env_pass = ["SANDGATE_TIER"]', "a setting of the gate"),
        ('env_pass = ["two words"]', "not the name of a variable"),
    ],
)
def test_what_cannot_be_is_refused(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        config(tmp_path, text)
    assert said in caught.value.message


def test_a_file_by_tier_may_be_absent_and_a_fixed_one_may_not(tmp_path: Path) -> None:
    assert env_values(config(tmp_path, 'env_file = "__dev__/.env.{tier}"')) == {}
    with pytest.raises(ConfigError, match="does not exist"):
        config(tmp_path, 'env_file = "my.env"')
    assert config(tmp_path, 'env_file = "my.env"', {"CI": "1"}).ci
    assert load(cwd=tmp_path, environ={}, overrides={}, creating=True).env_path == tmp_path / "my.env"


def test_settings_of_a_tier_come_from_its_own_file(tmp_path: Path) -> None:
    (tmp_path / ".env.dev").write_text("SANDGATE_REGION=eu-west-1\n")
    (tmp_path / ".env.integration").write_text("SANDGATE_REGION=ap-south-1\nSANDGATE_TIER=sandbox\n")
    assert config(tmp_path, tier="dev").region == "eu-west-1"
    assert config(tmp_path, tier="integration").region == "ap-south-1"
    assert config(tmp_path).region == "us-east-1"


def test_a_tier_s_file_cannot_choose_another_tier(tmp_path: Path) -> None:
    (tmp_path / ".env.dev").write_text("SANDGATE_TIER=sandbox\n")
    with pytest.raises(ConfigError, match="cannot choose another one") as caught:
        config(tmp_path, tier="dev")
    assert caught.value.where == f"{tmp_path / '.env.dev'}, SANDGATE_TIER"


def test_one_file_for_all_may_name_the_tier(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SANDGATE_TIER=dev\n")
    found = config(tmp_path, 'env_file = ".env"')
    assert (found.tier, found.asked_tier) == ("endpoints", "dev")


LINES = r"""
# a comment
PLAIN=value # and its end
export EXPORTED=yes
SPACES="two  words"
BARE=two words
SINGLE='it is "quoted" # no comment'
DOUBLE="it's \"quoted\""
EQUALS=a=b==c=
HASH=a#b
DOLLAR=${HOME}$X
EMPTY=
NO_VALUE
TWICE=1
TWICE=2
MANY="one
two"
SNOW=☃
"""
VALUES = {
    "PLAIN": "value",
    "EXPORTED": "yes",
    "SPACES": "two  words",
    "BARE": "two words",
    "SINGLE": 'it is "quoted" # no comment',
    "DOUBLE": 'it\'s "quoted"',
    "EQUALS": "a=b==c=",
    "HASH": "a#b",
    "DOLLAR": "${HOME}$X",
    "EMPTY": "",
    "TWICE": "2",
    "MANY": "one\ntwo",
    "SNOW": "☃",
}


def test_values_survive(tmp_path: Path) -> None:
    (tmp_path / ".env.emulated").write_text(LINES)
    assert env_values(config(tmp_path)) == VALUES


def test_a_line_that_is_none_is_named_and_not_shown(tmp_path: Path) -> None:
    (tmp_path / ".env.emulated").write_text("A=1\nB='the-secret\nC=2\n")
    with pytest.raises(ConfigError) as caught:
        config(tmp_path)
    assert caught.value.where == f"{tmp_path / '.env.emulated'}, line 2"
    assert "the-secret" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_told_and_not_shown(tmp_path: Path) -> None:
    path = tmp_path / ".env.emulated"
    path.write_bytes(b"AWS_SECRET_ACCESS_KEY=canary\xff\n")
    with pytest.raises(ConfigError, match="it is not UTF-8") as caught:
        config(tmp_path)
    assert (caught.value.where, "UTF-8" in caught.value.hint) == (str(path), True)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (r"'APP=canary'=canary", "'APP' of the env file has a = in its name"),
        ("APP=can\0ary", "'APP' of the env file has a NUL character"),
        ("APP\0=canary", r"'APP\x00' of the env file has a NUL character"),
    ],
)
def test_an_entry_that_no_process_can_be_given_is_named_and_its_value_not_shown(
    line: str, said: str, tmp_path: Path
) -> None:
    path = tmp_path / ".env.emulated"
    path.write_text(f"A=1\n# a = within quotes is no entry without a value\n'B=2'\n\n{line}\nC=3\n")
    with pytest.raises(ConfigError) as caught:
        config(tmp_path)
    assert (said in caught.value.message, caught.value.where) == (True, f"{path}, line 5")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(("make", "said"), [(Path.mkdir, "directory"), (os.mkfifo, "cannot be read again")])
def test_what_is_no_file_is_told_when_the_configuration_is_read(
    make: Callable[[Path], None], said: str, tmp_path: Path
) -> None:
    make(tmp_path / ".env.emulated")
    with pytest.raises(ConfigError, match=said):
        config(tmp_path)
    assert config(tmp_path, environ={"CI": "true"}).ci, "there nobody reads it"


def test_a_link_that_leads_in_a_circle_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env.emulated").symlink_to(".env.emulated")
    with pytest.raises(ConfigError, match="the env file cannot be read"):
        config(tmp_path)
    assert protected_names(config(tmp_path, environ={"CI": "true"})) == frozenset()


def test_the_env_file_may_be_the_null_device(tmp_path: Path) -> None:
    found = config(tmp_path, env_file="/dev/null")
    assert (str(found.env_path), env_values(found), passed_values(found)) == ("/dev/null", {}, {})


def test_in_ci_only_the_environment_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env.emulated").write_text("SANDGATE_REGION=eu-west-1\nX=1\n")
    found = config(tmp_path, 'env_pass = ["X"]', {"CI": "true", "SANDGATE_REGION": "eu-west-2"})
    assert (found.region, env_values(found), passed_values(found)) == ("eu-west-2", {}, {})
    assert config(tmp_path, "", {"CI": "true"}).region == "us-east-1"


@pytest.mark.parametrize(
    ("value", "is_ci"),
    [("true", True), ("1", True), ("woodpecker", True), ("", False), ("0", False), ("False", False), (None, False)],
)
def test_what_counts_as_ci(value: str | None, *, is_ci: bool) -> None:
    assert in_ci({} if value is None else {"CI": value}) is is_ci


def test_tests_get_what_is_named_and_no_credential(tmp_path: Path) -> None:
    (tmp_path / ".env.emulated").write_text(
        "APP_NAME='my app'\nAPP_KEY=AKIAX\nOTHER=1\nTABLE=t=1\nAWS_ACCESS_KEY_ID=AKIAX\nGITHUB_TOKEN=g\nMINE=key\n"
        "SANDGATE_REGION=eu-west-1\n"
    )
    text = 'env_pass = ["APP_*", "TABLE", "*"]\nkey_variables = ["MINE", "SECRET"]\n'
    assert passed_values(config(tmp_path, text)) == {"APP_NAME": "my app", "OTHER": "1", "TABLE": "t=1"}
    assert passed_values(config(tmp_path, 'env_pass = ["APP_*"]')) == {"APP_NAME": "my app"}
    assert passed_values(config(tmp_path)) == {}


def test_what_the_file_of_another_tier_has_is_not_inherited(tmp_path: Path) -> None:
    for name, line in {
        ".env.dev": "DYNAMODB_ENDPOINT=http://localhost:8000",
        ".env.integration": "ROLE=x",
        ".env": "PLAIN=1\nnot a line at = all '",
        ".env.example": "HOME=/",
    }.items():
        (tmp_path / name).write_text(f"{line}\n")
    assert protected_names(config(tmp_path, tier="integration")) >= {"DYNAMODB_ENDPOINT", "ROLE", "PLAIN"}
    assert "HOME" not in protected_names(config(tmp_path))


def test_in_ci_what_may_be_passed_is_inherited(tmp_path: Path) -> None:
    (tmp_path / ".env.emulated").write_text("APP=1\nOTHER=2\nAWS_PROFILE=x\n")
    found = config(tmp_path, 'env_pass = ["APP", "*_PROFILE"]', {"CI": "true"})
    assert protected_names(found) == {"OTHER", "AWS_PROFILE"}
