"""What single checks find, as far as this machine alone can tell."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from sandgate.cli.checks import (
    account,
    clock,
    configuration,
    credentials,
    env_file,
    exported,
    keys_in_files,
    prefix,
    runs,
)
from sandgate.cli.checks._aws import Who
from sandgate.cli.checks._model import Check, Facts
from sandgate.cli.checks.policy import differences
from sandgate.config.load import load
from sandgate.iam.parse import parse_document

Seen = list[tuple[str, str, str]]
Look = Callable[..., Seen]
KEY = "AKIA" + "QWERTYUIOPASDFGH"
SOURCE = "aws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = x\nsource_profile = mine"
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
    assert look(env_file, 'env_file = "/dev/null"') == [("ok", "null holds no credentials", "")]


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
    (tmp_path / "kept").write_bytes((tmp_path / ".env.sandbox").read_bytes())
    (tmp_path / "kept").chmod(0o600)
    repository(tmp_path, "kept", ignore=".env.*\n")
    (tmp_path / ".env.sandbox").unlink()
    (tmp_path / ".env.sandbox").symlink_to("kept")
    assert ("mend", "git tracks kept") in [(state, text) for state, text, _ in look(env_file)], "through a link"


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


@pytest.mark.parametrize(
    ("profile", "state", "said", "remedy"),
    [
        ("credential_process = false", "mend", "cannot be had", "get-caller-identity --profile mine"),
        (f"role_arn = arn:aws:iam::111122223333:role/x\nmfa_serial = me\n{SOURCE}", "mend", "wants an MFA code", "SSO"),
        (f"role_arn = arn:aws:iam::111122223333:role/x\nregion = eu-west-1\n{SOURCE}", "unknown", "cannot be reached",
         "look at the network"),
    ],
)  # fmt: skip
def test_a_profile_that_gives_no_credentials_is_to_mend_unless_nobody_answers(
    profile: str, state: str, said: str, remedy: str, look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text(f"[profile mine]\n{profile}\n")
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(socket, "getaddrinfo", _nowhere)
    ((found, text, how),) = look(credentials, 'profile = "mine"\n')
    assert (found, said in text, remedy in how) == (state, True, True), (text, how)


def _nowhere(*_arguments: object, **_options: object) -> None:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


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


ARN = "arn:aws:iam::111122223333:user/unit-tester"
DAY = 86400.0


@pytest.fixture
def answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have AWS say something of the env file's key."""
    env(tmp_path)

    def answer(who: Who, *, made: float | None = None, aliases: tuple[str, ...] = ()) -> None:
        for module in (credentials, account, clock):
            monkeypatch.setattr(module, "who", lambda _facts: who)
        monkeypatch.setattr(credentials, "key_made", lambda _facts: made)
        monkeypatch.setattr(account, "aliases", lambda _facts: aliases)

    return answer


@pytest.mark.parametrize(
    ("made", "state", "age", "remedy"),
    [
        (None, "ok", "", ""),
        (-12 * DAY, "ok", ", 12 d old", ""),
        (-91 * DAY, "note", ", 91 d old", "sandgate rotate"),
    ],
)
def test_an_old_key_is_told(
    made: float | None, state: str, age: str, remedy: str, answers: Callable[..., None], look: Look
) -> None:
    answers(Who(account="111122223333", arn=ARN), made=made)
    said = f"AKIA…DFGH from .env.sandbox, AWS_ACCESS_KEY_ID, of user/unit-tester{age}"
    assert look(credentials) == [(state, said, remedy)]


@pytest.mark.parametrize(
    ("code", "said", "remedy"),
    [
        ("InvalidClientTokenId", "AWS does not know it (InvalidClientTokenId)", "`sandgate up` makes a new one"),
        ("ExpiredToken", "the session has expired", "log in again: aws sso login"),
        ("SignatureDoesNotMatch", "AWS does not accept its signature (SignatureDoesNotMatch)", "look at the clock"),
    ],
)
def test_a_key_that_aws_refuses(code: str, said: str, remedy: str, answers: Callable[..., None], look: Look) -> None:
    answers(Who(code=code))
    ((state, text, how),) = look(credentials)
    assert (state, text) == ("mend", f"AKIA…DFGH from .env.sandbox, AWS_ACCESS_KEY_ID: {said}")
    assert how.startswith(remedy)


@pytest.mark.parametrize(
    ("options", "arn", "said"),
    [
        ("", ARN, "names no account"),
        ('account = "000000000000"', ARN, "are of the account 111122223333, and the sandbox is 000000000000"),
        ('account = "111122223333"\nforbidden_accounts = ["111122223333"]', ARN, "which is forbidden"),
        ('account = "111122223333"', "arn:aws:iam::111122223333:root", "the account's root user"),
        ('account = "111122223333"', "arn:aws:iam::111122223333:user/admin", "none of the identities"),
        (
            'account = "111122223333"\nexpected_alias = "ours"',
            ARN,
            "111122223333 has alias theirs, and ours is expected",
        ),
    ],
)
def test_an_account_that_is_not_the_sandbox(
    options: str, arn: str, said: str, answers: Callable[..., None], look: Look
) -> None:
    answers(Who(account="111122223333", arn=arn), aliases=("theirs",))
    wrong = [(text, remedy) for state, text, remedy in look(account, options) if state == "mend"]
    assert len(wrong) == 1
    assert said in wrong[0][0]
    assert wrong[0][1]


def test_an_account_as_it_should_be(answers: Callable[..., None], look: Look) -> None:
    answers(Who(account="111122223333", arn=ARN), aliases=("ours",))
    assert look(account, 'account = "111122223333"\nexpected_alias = "ours"') == [
        ("ok", "111122223333, alias ours", "")
    ]


@pytest.mark.parametrize(
    ("skew", "state", "said"),
    [
        (0.4, "ok", "agrees with AWS's to the second"),
        (-30.0, "ok", "30 s behind AWS's"),
        (61.0, "note", "61 s ahead of AWS's"),
        (-301.0, "mend", "301 s behind AWS's: AWS refuses signatures"),
    ],
)
def test_a_clock(skew: float, state: str, said: str, answers: Callable[..., None], look: Look) -> None:
    answers(Who(skew=skew))
    assert [entry[:2] for entry in look(clock)] == [(state, said)]
