"""What single checks find, as far as this machine alone can tell."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from sandgate.cli.checks import configuration, credentials, env_file, exported, keys_in_files, prefix, runs
from sandgate.cli.checks._model import Check, Facts
from sandgate.cli.checks.policy import differences
from sandgate.config.load import load
from sandgate.iam.parse import parse_document

Seen = list[tuple[str, str, str]]
Look = Callable[..., Seen]
KEY = "AKIA" + "QWERTYUIOPASDFGH"
PAIR = f"AWS_ACCESS_KEY_ID={KEY}\nAWS_SECRET_ACCESS_KEY=s3cret\n"


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """What a check finds in a project: state, text, remedy."""

    def found(module: object, text: str = "", tier: str = "sandbox", environ: Mapping[str, str] | None = None) -> Seen:
        check = getattr(module, "CHECK")  # noqa: B009
        assert isinstance(check, Check)
        (tmp_path / "sandgate.toml").write_text(text)
        config = load(cwd=tmp_path, environ=environ or {}, overrides={"tier": tier})
        facts = Facts(config=config, environ=environ or {}, here=tmp_path, now=0.0)
        return [(entry.state, entry.text, entry.remedy) for entry in check.look(facts)]

    return found


def env(folder: Path, text: str = PAIR, mode: int = 0o600) -> None:
    (folder / ".env.sandbox").write_text(text)
    (folder / ".env.sandbox").chmod(mode)


def repository(folder: Path, *tracked: str, ignore: str = "") -> None:
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    (folder / ".gitignore").write_text(ignore)
    if tracked:
        subprocess.run(["git", "-C", str(folder), "add", "-f", *tracked], check=True)


def test_an_env_file_that_is_not_there(look: Look) -> None:
    assert look(env_file) == [("ok", ".env.sandbox does not exist", "")]


def test_an_env_file_as_it_should_be(look: Look, tmp_path: Path) -> None:
    env(tmp_path)
    repository(tmp_path, ignore=".env.*\n")
    assert look(env_file) == [("ok", ".env.sandbox holds credentials, read by its owner alone", "")]
    assert look(env_file, environ={"CI": "true"}) == [("ok", "not read in CI", "")]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_an_env_file_that_others_can_read(mode: int, look: Look, tmp_path: Path) -> None:
    env(tmp_path, mode=mode)
    assert look(env_file)[0] == (
        "mend",
        f"others on this machine can read .env.sandbox (mode {mode:04o})",
        "chmod 600 .env.sandbox",
    )


def test_an_env_file_that_git_would_publish(look: Look, tmp_path: Path) -> None:
    env(tmp_path)
    repository(tmp_path)
    assert look(env_file) == [
        (
            "mend",
            "git does not ignore .env.sandbox, so `git add .` would publish it",
            "echo '/.env.sandbox' >> .gitignore",
        )
    ]
    repository(tmp_path, ".env.sandbox", ignore=".env.*\n")
    ((state, text, remedy),) = look(env_file)
    assert (state, text) == ("mend", "git tracks .env.sandbox")
    assert remedy.startswith("git rm --cached .env.sandbox;")


def test_an_env_file_without_credentials_is_nobody_s_secret(look: Look, tmp_path: Path) -> None:
    env(tmp_path, "SANDGATE_REGION=eu-west-1\n", 0o644)
    repository(tmp_path, ".env.sandbox")
    assert [state for state, _, _ in look(env_file)] == ["note"]


@pytest.mark.parametrize(
    ("name", "line", "found"),
    [
        ("notes.md", f"Access Key ID: {KEY}", True),
        ("dev/secrets/sandbox.md", f"- key `{KEY}`", True),
        ("a.txt", "Secret Access Key: " + "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzKEYa", True),
        ("a.md", "aws_secret_access_key = " + "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", False),
        ("a.md", "AKIA" + "IOSFODNN7EXAMPLE", False),
        ("a.md", f"x{KEY}", False),
        ("a.md", f"{KEY}7", False),
        ("a.py", f"KEY = '{KEY}'", False),
        ("node_modules/a.md", KEY, False),
    ],
)
def test_keys_in_files_are_told_by_place(*, name: str, line: str, found: bool, look: Look, tmp_path: Path) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"# heading\n\n{line}\n")
    ((state, text, remedy),) = look(keys_in_files)
    assert state == ("mend" if found else "ok")
    assert (f"{name}:3" in text) is found
    if found:
        assert ".env.sandbox (mode 0600, ignored by git)" in remedy
    assert KEY not in text + remedy


def test_of_other_files_those_that_git_tracks_are_searched(look: Look, tmp_path: Path) -> None:
    env(tmp_path)
    for name in ("tracked.py", "free.py", "binary.py"):
        (tmp_path / name).write_bytes(f"KEY = '{KEY}'\n".encode() + (b"\0" if name == "binary.py" else b""))
    repository(tmp_path, "tracked.py", "binary.py", ".env.sandbox")
    ((state, text, _),) = look(keys_in_files)
    assert (state, text) == ("mend", "access keys stand in tracked.py:1; nothing is read from there")


def test_many_places_are_counted(look: Look, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(f"{KEY}\n" * 5)
    assert "a.md:1, a.md:2, a.md:3 and 2 more;" in look(keys_in_files)[0][1]


def test_credentials_that_are_missing(look: Look, tmp_path: Path) -> None:
    env(tmp_path, "AWS_ACCESS_KEY_ID=x\n")
    ((state, text, remedy),) = look(credentials)
    assert (state, "AWS_SECRET_ACCESS_KEY is missing" in text, "set AWS_SECRET_ACCESS_KEY" in remedy) == (
        "mend",
        True,
        True,
    )


def test_an_exported_key_where_the_file_has_none(look: Look) -> None:
    ((state, text, remedy),) = look(exported, environ={"AWS_ACCESS_KEY_ID": KEY})
    assert (state, text) == ("note", "AWS_ACCESS_KEY_ID is exported as AKIA…DFGH, which runs do not use")
    assert ".env.sandbox" in remedy
    assert look(exported, environ={"AWS_ACCESS_KEY_ID": KEY, "SANDGATE_RUN_DIR": "/x"})[0][0] == "ok"


def test_an_exported_key_without_its_secret_is_nobody_s(look: Look, tmp_path: Path) -> None:
    env(tmp_path)
    ((state, text, remedy),) = look(exported, environ={"AWS_ACCESS_KEY_ID": "AKIA" + "B" * 16})
    assert (state, "it claims to be unit-tester's" in text, "unset AWS_ACCESS_KEY_ID" in remedy) == ("mend", True, True)


def test_a_tier_that_does_not_exist(look: Look) -> None:
    ((state, text, remedy),) = look(configuration, tier="integraton")
    assert (state, remedy) == ("mend", "did you mean 'integration'?")
    assert text == "unknown tier 'integraton', from command line, --tier"


def test_names_that_runs_share_are_told(look: Look) -> None:
    assert look(prefix)[0][0] == "ok"
    assert look(prefix, 'isolation = "prefix"')[0][0] == "note"


def test_an_abandoned_run_that_owns_something(look: Look, tmp_path: Path) -> None:
    assert look(runs)[0][:2] == ("ok", "0 known, 0 live, none that has ended owns anything")
    folder = tmp_path / ".sandgate" / "runs" / "20260101-000000-abcdef"
    folder.mkdir(parents=True)
    (folder / "ledger.jsonl").write_text("not a ledger\n")
    ((state, text, remedy),) = look(runs)
    assert (state, "cannot be read" in text, remedy) == ("mend", True, "`sandgate status` says more")


def test_policies_are_compared_statement_by_statement() -> None:
    said = {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "A", "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "*"},
            {"Effect": "Deny", "Action": "iam:*", "Resource": ["*"]},
        ],
    }
    same = json.loads(json.dumps(said))
    same["Statement"][0] |= {"Sid": "B", "Action": ["s3:PutObject", "s3:GetObject"], "Resource": ["*"]}
    wanted = [parse_document(said)]
    assert list(differences("role r", [same], wanted)) == []
    assert list(differences("role r", [{**same, "Statement": same["Statement"][:1]}], wanted)) == [
        "role r: lacks 1 statement of the configuration"
    ]
    more = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    assert list(differences("role r", [same, {"Statement": more}], wanted)) == [
        "role r: 1 statement that the configuration does not make"
    ]
