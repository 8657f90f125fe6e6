"""What `sandgate env` prints, read by the shells themselves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from dotenv import dotenv_values

from sandgate.cli._shells import Format, cleared, remembered, render, with_memory

VALUES = (
    "plain",
    "",
    " spaces  at both ends ",
    "it's",
    "''",
    "'",
    'say "x"',
    "$HOME ${HOME} $(id) `id`",
    "a=b=c",
    "one\ntwo\n\nthree",
    "ends with a line break\n",
    "back\\slash \\n \\' \\",
    "! !! * ? ~ # ; & && | < > ( ) { } [ ] %",
    "tab\there",
    "snow ☃ ü",
    "-n",
)
CHANGES: Mapping[str, str | None] = {
    **{f"VALUE_{number}": value for number, value in enumerate(VALUES)},
    "AWS_PROFILE": None,
    "NEVER_SET": None,
    "not-a-name": None,
    "also.not": "value",
}
WANTED = {f"VALUE_{number}": value for number, value in enumerate(VALUES)}
SHELLS = [
    pytest.param(["bash", "--norc"], Format.SH, marks=pytest.mark.needs("bash"), id="bash"),
    pytest.param(["zsh", "-f"], Format.SH, marks=pytest.mark.needs("zsh"), id="zsh"),
    pytest.param(["dash"], Format.SH, marks=pytest.mark.needs("dash"), id="dash"),
    pytest.param(["fish", "--no-config"], Format.FISH, marks=pytest.mark.needs("fish"), id="fish"),
]
READ = {Format.SH: 'eval "$(cat "$FILE")"', Format.FISH: "cat $FILE | source"}


@pytest.fixture
def shell(tmp_path: Path) -> Callable[..., dict[str, str]]:
    """Run a line in a shell that has read the text; the variables of its children."""

    def run(command: list[str], form: Format, text: str, **environ: str) -> dict[str, str]:
        (tmp_path / "text").write_text(text)
        dump = f"'{sys.executable}' -c 'import json, os; print(json.dumps(dict(os.environ)))'"
        done = subprocess.run(
            [*command, "-c", f"{READ[form]}\n{dump}"],
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "FILE": str(tmp_path / "text"), **environ},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        found: dict[str, str] = json.loads(done.stdout)
        return found

    return run


@pytest.mark.parametrize(("command", "form"), SHELLS)
def test_any_text_survives(command: list[str], form: Format, shell: Callable[..., dict[str, str]]) -> None:
    found = shell(command, form, render(form, CHANGES), AWS_PROFILE="mine", VALUE_0="earlier", KEPT="kept")
    assert {name: value for name, value in found.items() if name.startswith("VALUE_")} == WANTED
    assert "AWS_PROFILE" not in found
    assert "NEVER_SET" not in found
    assert found["KEPT"] == "kept"


@pytest.mark.needs("fish")
def test_a_universal_variable_of_fish_is_told_and_not_erased(tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}

    def fish(line: str) -> str:
        done = subprocess.run(["fish", "-c", line], env=environ, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    fish("set -U -x AWS_PROFILE mine")
    said = fish(render(Format.FISH, {"AWS_PROFILE": None, "AWS_REGION": None}))
    assert "set -e -U AWS_PROFILE" in said
    assert "AWS_REGION" not in said
    assert fish("echo $AWS_PROFILE") == "mine\n"
    fish("set -e -U AWS_PROFILE")
    assert fish(render(Format.FISH, {"AWS_PROFILE": None})) == ""


def test_a_dotenv_file(tmp_path: Path) -> None:
    (tmp_path / "env").write_text(render(Format.DOTENV, CHANGES))
    assert dotenv_values(tmp_path / "env", interpolate=False) == WANTED
    # Readers that fill in `${...}` come to the same where there is none of it.
    plain = {name: value for name, value in CHANGES.items() if "${" not in (value or "")}
    (tmp_path / "env").write_text(render(Format.DOTENV, plain))
    assert dotenv_values(tmp_path / "env") == {name: WANTED[name] for name in plain if name in WANTED}
    assert "# must not be set: AWS_PROFILE" in (tmp_path / "env").read_text()


def test_json_has_every_name() -> None:
    found = json.loads(render(Format.JSON, CHANGES))
    assert found["set"] == {**WANTED, "also.not": "value"}
    assert sorted(found["unset"]) == ["AWS_PROFILE", "NEVER_SET", "not-a-name"]


def test_what_an_earlier_run_set_is_unset() -> None:
    first = with_memory({"A": "1", "B": "1", "C": None}, {})
    assert first == {"A": "1", "B": "1", "C": None, "SANDGATE_SET": "A B"}
    environ = {name: value for name, value in first.items() if value is not None}
    assert remembered(environ) == ["A", "B"]
    second = with_memory({"B": "2", "D": "2"}, environ)
    assert second == {"A": None, "B": "2", "D": "2", "SANDGATE_SET": "B D"}


def test_the_users_own_proxy_comes_back() -> None:
    told = {"HTTPS_PROXY": "http://mine:1", "https_proxy": None}
    environ = {
        "HTTPS_PROXY": "http://gate:1", "https_proxy": "http://gate:1", "AWS_REGION": "us-east-1",
        "SANDGATE_OUTSIDE": json.dumps(told), "SANDGATE_SET": "AWS_REGION HTTPS_PROXY SANDGATE_OUTSIDE https_proxy",
    }  # fmt: skip
    assert cleared(environ, "preload.cjs") == {
        "AWS_REGION": None, "HTTPS_PROXY": "http://mine:1", "https_proxy": None, "SANDGATE_OUTSIDE": None,
        "SANDGATE_SET": None, "NODE_OPTIONS": None, "JAVA_TOOL_OPTIONS": None,
    }  # fmt: skip
    assert cleared({"HTTPS_PROXY": "http://mine:1"}, "preload.cjs") == {}


def test_the_users_own_options_of_java_come_back() -> None:
    value = "-Xmx64m -XX:VMOptionsFile=/run/main-0.sandgate.vmoptions"
    set_up = with_memory({"JAVA_TOOL_OPTIONS": value, "AWS_REGION": "us-east-1"}, {})
    assert set_up["SANDGATE_SET"] == "AWS_REGION"
    environ = {name: text for name, text in set_up.items() if text is not None}
    assert cleared(environ, "preload.cjs")["JAVA_TOOL_OPTIONS"] == "-Xmx64m"


def test_the_users_proxy_exceptions_are_never_unset() -> None:
    first = with_memory({"NO_PROXY": "intranet,127.0.0.1", "A": "1"}, {})
    assert remembered({"SANDGATE_SET": first["SANDGATE_SET"] or ""}) == ["A"]


def test_what_is_no_name_is_not_remembered() -> None:
    assert remembered({"SANDGATE_SET": "A $(id) B;x C"}) == ["A", "C"]
