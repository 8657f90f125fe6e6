"""The identity's key pair: its one source, what is said when it is not there, and which exported key is stale."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest

from sandgate.config.credentials import (
    MissingKeys,
    account_of_key,
    missing_keys,
    read_keys,
    shown_key,
    stale_key,
)
from sandgate.config.load import load
from sandgate.config.model import Config
from sandgate.config.notices import notices
from sandgate.errors import ConfigError

OURS, THEIRS = "AKIA" + "OURSOURSOURSOURS", "AKIA" + "THEIRSTHEIRSTHEI"
FILE = f"AWS_ACCESS_KEY_ID={OURS}\nAWS_SECRET_ACCESS_KEY='s3cret/of+ours='\n"
PAIR = {"AWS_ACCESS_KEY_ID": THEIRS, "AWS_SECRET_ACCESS_KEY": "s3cret/of+theirs"}
OWN_NAMES = 'key_variables = ["CI_KEY", "CI_SECRET"]\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".env.sandbox").write_text(FILE)
    (tmp_path / ".env.sandbox").chmod(0o600)
    return tmp_path


def config(folder: Path, text: str = "", tier: str = "sandbox", **environ: str) -> Config:
    (folder / "sandgate.toml").write_text(text)
    return load(cwd=folder, environ=environ, overrides={"tier": tier})


def test_the_env_file_is_the_only_source(project: Path) -> None:
    found = read_keys(config(project), PAIR)
    assert found is not None
    assert (found.access_key_id, found.secret_access_key) == (OURS, "s3cret/of+ours=")
    assert found.source == f"{project / '.env.sandbox'}, AWS_ACCESS_KEY_ID"
    assert OURS not in repr(found)
    assert "s3cret" not in repr(found)


@pytest.mark.parametrize(
    "wrong",
    [
        {"AWS_ACCESS_KEY_ID": "s3cret\n"},
        {"AWS_SECRET_ACCESS_KEY": "s3cret of somebody"},
        {"AWS_SESSION_TOKEN": "s3cret\n"},
        {"AWS_SESSION_TOKEN": "s3cr\u00e9t"},
    ],
)
def test_what_no_key_can_be_is_named_and_not_shown(tmp_path: Path, wrong: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as caught:
        read_keys(config(tmp_path, CI="true"), {**PAIR, "AWS_SESSION_TOKEN": "token", **wrong})
    assert next(iter(wrong)) in caught.value.message
    assert "s3cr" not in str(caught.value) + caught.value.hint


def test_exported_keys_do_not_count_outside_of_ci(tmp_path: Path) -> None:
    assert read_keys(config(tmp_path), PAIR) is None


def test_in_ci_the_environment_is_the_only_source(project: Path) -> None:
    found = read_keys(config(project, CI="true"), {**PAIR, "AWS_SESSION_TOKEN": "token"})
    assert found is not None
    assert (found.access_key_id, found.session_token, found.source) == (
        THEIRS,
        "token",
        "environment, AWS_ACCESS_KEY_ID",
    )


def test_a_job_s_session_counts_where_the_secrets_have_other_names(project: Path) -> None:
    found = read_keys(config(project, OWN_NAMES, CI="true"), {**PAIR, "AWS_SESSION_TOKEN": "token"})
    assert found is not None
    assert found.session_token == "token"
    with pytest.raises(MissingKeys):
        read_keys(config(project, OWN_NAMES, CI="true"), PAIR)


@pytest.mark.parametrize("environ", [{}, dict.fromkeys(PAIR, ""), {"AWS_PROFILE": "x"}])
def test_nothing_in_ci_is_one_error_that_names_what_is_missing(environ: dict[str, str], project: Path) -> None:
    with pytest.raises(MissingKeys) as caught:
        read_keys(config(project, OWN_NAMES, CI="true"), environ)
    said = str(caught.value)
    assert "the variables CI_KEY and CI_SECRET are not set or empty" in said
    assert "repository secrets CI_KEY and CI_SECRET" in said
    assert "sandgate ci secrets push" in said


@pytest.mark.parametrize(
    "environ", [{"AWS_WEB_IDENTITY_TOKEN_FILE": "/x"}, {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "x"}]
)
def test_a_job_that_can_fetch_credentials_may_do_so(environ: dict[str, str], project: Path) -> None:
    assert read_keys(config(project, CI="true"), environ) is None
    assert read_keys(config(project, 'profile = "p"', CI="true"), {}) is None


@pytest.mark.parametrize("half", PAIR)
def test_half_a_pair_is_told(half: str, tmp_path: Path) -> None:
    other = next(name for name in PAIR if name != half)
    (tmp_path / ".env.sandbox").write_text(f"{half}=x\n")
    with pytest.raises(ConfigError, match=f"{other} is missing"):
        read_keys(config(tmp_path), PAIR)
    with pytest.raises(ConfigError, match=f"(?s){other} is missing.*repository secret"):
        read_keys(config(tmp_path, CI="true"), {half: "x"})


def test_what_is_missing_is_told_with_the_file_that_should_have_it(project: Path) -> None:
    error = missing_keys(config(project, tier="integration"))
    assert "AWS_SECRET_ACCESS_KEY, does not exist" in error.message
    assert "there is .env.sandbox" in error.where
    assert "`sandgate up --tier integration`" in error.hint


def test_a_stale_exported_key_is_told_and_not_shown(project: Path) -> None:
    stale = stale_key(config(project), PAIR)
    assert stale is not None
    assert (stale.variable, stale.shown, stale.file_shown) == ("AWS_ACCESS_KEY_ID", "AKIA…THEI", "AKIA…OURS")
    said = " ".join(notices(config(project), PAIR))
    assert "AWS_ACCESS_KEY_ID is exported as AKIA…THEI" in said
    assert THEIRS not in said
    assert OURS not in said


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"AWS_ACCESS_KEY_ID": OURS},
        {"AWS_ACCESS_KEY_ID": ""},
        {"AWS_ACCESS_KEY_ID": THEIRS, "SANDGATE_RUN_DIR": "/x"},
    ],
)
def test_no_key_and_the_same_key_are_not_stale(environ: dict[str, str], project: Path) -> None:
    assert stale_key(config(project), environ) is None
    assert notices(config(project), environ) == ()


def test_a_key_id_tells_its_account() -> None:
    number = (1 << 40 | 111122223333) << 7 | 0b1010101
    made = "ASIA" + base64.b32encode(number.to_bytes(6, "big") + b"rest").decode()
    assert account_of_key(made) == "111122223333"
    assert account_of_key("AKIA" + "A" * 16) == ""
    assert account_of_key("short") == ""
    assert account_of_key("AKIA" + "z!" * 8) == ""
    assert shown_key("short") == "…"


def test_an_env_file_that_others_may_read_is_told(project: Path) -> None:
    (project / ".env.sandbox").chmod(0o644)
    (said,) = notices(config(project), {})
    assert said == f"others may read .env.sandbox, which holds credentials: chmod 600 {project / '.env.sandbox'}"
    (project / ".env.sandbox").write_text("REGION=x\n")
    assert notices(config(project), {}) == ()


@pytest.mark.needs("git")
def test_an_env_file_that_git_tracks_is_told(project: Path) -> None:
    subprocess.run(["git", "init", "-q", str(project)], check=True)
    assert notices(config(project), {}) == ()
    subprocess.run(["git", "-C", str(project), "add", ".env.sandbox"], check=True)
    (said,) = notices(config(project), {})
    assert said.startswith("git tracks .env.sandbox, which holds credentials: git rm --cached")


def test_ci_says_once_that_the_file_is_not_read(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    (said,) = notices(config(project, CI="true"), PAIR)
    assert said == "CI is set, so .env.sandbox is not read; only the environment counts"
    assert notices(config(tmp_path_factory.mktemp("empty"), CI="true"), PAIR) == ()
