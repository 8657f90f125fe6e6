"""Contract tests: the real parsers, on the command line that all of them share, with requests good and bad."""

from __future__ import annotations

import copy
import io
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from scripts import (
    database_provision,
    database_request_parser,
    image_request_parser,
    secret_provision,
    secret_request_parser,
)

ROOT = Path(__file__).resolve().parents[2]
PARSERS: Mapping[str, Callable[[list[str]], int]] = {
    "IMG": image_request_parser.main,
    "RDS": database_request_parser.main,
    "SEC": secret_request_parser.main,
}
REQUESTS = {path.stem: path for path in sorted((ROOT / "requests").glob("*.yaml"))}


def parser_of(document: Mapping[str, Any]) -> Callable[[list[str]], int]:
    return PARSERS[str(document["id"])[:3]]


def refused(main: Callable[[list[str]], int], text: str | bytes, tmp_path: Path, capsys: Any) -> str:
    """What the parser says of a request that it refuses; it writes nothing then."""
    request, out = tmp_path / "request.yaml", tmp_path / "out.json"
    request.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert main(["--request", str(request), "--out", str(out)]) == 2
    assert not out.exists()
    said = capsys.readouterr()
    assert said.out == ""
    assert all(line.startswith(str(request)) for line in said.err.splitlines())
    return str(said.err)


@pytest.mark.parametrize("name", REQUESTS)
def test_the_requests_of_this_repository_are_good(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    document = yaml.safe_load(REQUESTS[name].read_text())
    assert parser_of(document)(["--request", str(REQUESTS[name])]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == document["id"]


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("secret_request_parser", "payments-db"),
        ("database_request_parser", "orders-database"),
        ("image_request_parser", "images"),
    ],
)
def test_as_a_command(module: str, name: str) -> None:
    command = [sys.executable, "-m", f"scripts.{module}", "--request", str(REQUESTS[name]), "--format", "compact"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


@pytest.mark.parametrize("name", REQUESTS)
def test_a_dry_run_writes_nothing(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main, out = parser_of(yaml.safe_load(REQUESTS[name].read_text())), tmp_path / "out.json"
    assert main(["--request", str(REQUESTS[name]), "--out", str(out), "--dry-run"]) == 0
    assert not out.exists()
    assert "was not written" in capsys.readouterr().out


BAD: list[tuple[str, str, Any, str]] = [
    ("payments-db", "id", "SEC-1", "id: must be SEC- and four digits, not 'SEC-1'"),
    ("payments-db", "id", 1, "id: must be a text, not a whole number"),
    ("payments-db", "name", "Db_Credentials", "name: must be lower-case letters and digits"),
    ("payments-db", "name", None, "name: must be a text, not nothing"),
    ("payments-db", "environment", "production", "environment: must be one of dev, test, staging, prod"),
    ("payments-db", "risk", ["high"], "risk: must be a text, not a list"),
    ("payments-db", "spec", "secretsmanager", "spec: must be a mapping, not a text"),
    ("payments-db", "spec.length", "40", "spec.length: must be a whole number, not a text"),
    ("payments-db", "spec.length", True, "spec.length: must be a whole number, not a truth value"),
    ("payments-db", "spec.length", 8, "spec.length: must be 16 to 128, not 8"),
    ("payments-db", "spec.recoveryWindowDays", 31, "spec.recoveryWindowDays: must be 7 to 30, not 31"),
    ("payments-db", "spec.rotationClass", "quarterly", "spec.rotationClass: must be one of none, standard, high"),
    ("payments-db", "spec.rotationClass", "none", "spec.rotationClass: must not be none where the risk is high"),
    ("payments-db", "spec.readers", "arn:aws:iam::111122223333:root", "spec.readers: must be a list, not a text"),
    ("payments-db", "spec.readers", ["*"], "spec.readers.0: must be the ARN of a user, a role or an account, not '*'"),
    ("payments-db", "spec.lenght", 40, "spec.lenght: is no field of such a request"),
    ("payments-db", "rotation", "x", "rotation: is no field of such a request"),
    ("payments-db", "platform", "../etc", "platform: must be words with - or / between them"),
    ("payments-api-key", "spec.readers", [], "spec.readers: is nothing that a parameter has"),
    ("payments-api-key", "spec.length", 20, "spec.length: is for a generated value"),
    ("orders-database", "spec.databaseName", "my-app", "spec.databaseName: must be lower-case letters, digits and _"),
    ("orders-database", "spec.databaseName", "rdsadmin", "spec.databaseName: must not be rdsadmin"),
    ("orders-database", "spec.username", 'a"; DROP ROLE x; --', "spec.username: must be lower-case letters"),
    ("orders-database", "spec.username", "pg_monitor", "spec.username: must be lower-case letters"),
    ("orders-database", "spec.username", "a" * 64, "spec.username: must be lower-case letters"),
    ("orders-database", "spec.access", "superuser", "spec.access: must be one of owner, readwrite, readonly"),
    ("images", "spec.images", [], "spec.images: must not be empty"),
    ("images", "spec.images", {"image": "a:b"}, "spec.images: must be a list, not a mapping"),
    ("images", "spec.images", ["backstage:latest"], "spec.images.0: must be a mapping, not a text"),
    ("images", "spec.images", [{"image": "backstage"}], "spec.images.0.image: must be name and tag"),
    ("images", "spec.images", [{"image": "aa:b", "repository": "A/b"}], "spec.images.0.repository: must be a repos"),
    ("images", "spec.target", "gcp", "spec.target: must be aws, the only target"),
]


@pytest.mark.parametrize(("name", "field", "value", "says"), BAD)
def test_bad_fields_are_named(
    name: str, field: str, value: Any, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = copy.deepcopy(yaml.safe_load(REQUESTS[name].read_text()))
    *folders, last = field.split(".")
    place = document
    for folder in folders:
        place = place[folder]
    place[last] = value
    main = parser_of(yaml.safe_load(REQUESTS[name].read_text()))
    assert says in refused(main, yaml.safe_dump(document), tmp_path, capsys)


@pytest.mark.parametrize("name", REQUESTS)
def test_all_that_is_wrong_is_said_at_once(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main = parser_of(yaml.safe_load(REQUESTS[name].read_text()))
    said = refused(main, "id: 7\nspec: {}\nextra: 1\n", tmp_path, capsys)
    assert "id: must be a text" in said
    assert "owner: is missing" in said
    assert "extra: is no field of such a request" in said


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "a request is a mapping, not nothing"),
        ("- a\n- b\n", "a request is a mapping, not a list"),
        ("id: [\n", "line 2"),
        ("id: A\nid: B\n", "line 1: id stands there twice"),
        ("1: one\n", "1 is no name"),
        ("id: !!python/object/apply:os.system ['true']\n", "line 1"),
        ("a: &a [*a]\n", "is missing"),
        (b"id: \xff\n", "not UTF-8 at byte 4"),
        ("id: " + "[" * 2000, "request.yaml"),
        ("id: 2026-13-45\n", "month must be in 1..12"),
        ("id: " + "1" * 5000, "holds a value that is not what it is written as"),
        ("id: !!bool maybe\n", "holds a value that is not what it is written as"),
        ("id: !!timestamp soon\n", "holds a value that is not what it is written as"),
        ("id: !!int ''\n", "holds a value that is not what it is written as"),
        ("? [a, b]\n: c\n", "a list is no name"),
    ],
)
def test_what_is_no_request(
    parser: str, text: str | bytes, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert says in refused(PARSERS[parser], text, tmp_path, capsys)


def test_what_is_endless_by_its_aliases_is_named_and_not_written_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A few lines that are gigabytes once somebody writes them down."""
    lines = ["x0: &x0 [a, a, a, a, a, a, a, a]"]
    lines += [f"x{number}: &x{number} [{', '.join([f'*x{number - 1}'] * 8)}]" for number in range(1, 20)]
    text = "\n".join([*lines, "spec: {provider: secretsmanager, readers: [*x19]}", ""])
    said = refused(secret_request_parser.main, text, tmp_path, capsys)
    assert "spec.readers.0: must be the ARN of a user, a role or an account, not a list" in said


def test_a_long_value_is_cut(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(secret_request_parser.main, f"id: {'x' * 100_000}\n", tmp_path, capsys)
    assert len(said) < 2000


@pytest.mark.parametrize(
    ("main", "arguments"),
    [
        (secret_provision.main, ["create", "--request", str(REQUESTS["payments-db"])]),
        (database_provision.main, ["--request", str(REQUESTS["orders-database"]), "--master-secret", "m"]),
    ],
)
def test_nobody_says_where_aws_is(
    main: Callable[[list[str]], int],
    arguments: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    assert main(arguments) == 1
    assert capsys.readouterr().err == "secretsmanager: You must specify a region.\n"


def test_a_value_that_is_no_text(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """It is refused before anybody is called, and is not in the message."""
    stream = io.TextIOWrapper(io.BytesIO(b"canary\xff"), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", stream)
    assert secret_provision.main(["create", "--request", str(REQUESTS["payments-api-key"])]) == 1
    said = capsys.readouterr().err
    assert "is no text in UTF-8" in said
    assert "canary" not in said


def test_no_such_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert secret_request_parser.main(["--request", str(tmp_path / "nowhere.yaml")]) == 2
    assert "No such file" in capsys.readouterr().err


def test_a_place_to_write_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "nowhere" / "out.json")
    assert secret_request_parser.main(["--request", str(REQUESTS["payments-db"]), "--out", out]) == 1
    assert "nowhere" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["payments-db", "payments-api-key", "orders-database"])
def test_what_reads_a_secret_names_what_is_written(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Producer and consumer agree without AWS already."""
    document = yaml.safe_load(REQUESTS[name].read_text())
    parser_of(document)(["--request", str(REQUESTS[name])])
    parsed = json.loads(capsys.readouterr().out)
    (entry,) = parsed["externalSecret"]["spec"]["data"]
    assert entry["remoteRef"]["key"] == parsed["secret"]["name"]
