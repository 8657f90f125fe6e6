"""What cannot begin is told before anything is built or a gate is started."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from sandgate.cli._story import version_choice
from sandgate.cli.main import run
from sandgate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Say = tuple[int, str]


@pytest.fixture
def sandgate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Say]:
    """`sandgate` in a project with one story, whose text and arguments are given; status and what it said."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SANDGATE_RUN_DIR", raising=False)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "lamp"\n[tool.sandgate]\ncache_dir = "cache"\n')
    (tmp_path / "stories" / "first").mkdir(parents=True)

    def call(text: str, *arguments: str) -> Say:
        (tmp_path / "stories" / "first" / "story.toml").write_text(f"{text}[[steps]]\nrun = 'true'\n")
        errors = io.StringIO()
        return run(["story", "run", "first", *arguments], stderr=errors), errors.getvalue()

    return call


@pytest.mark.parametrize(
    ("text", "arguments", "status", "said"),
    [
        ("requires = ['LAMP_BUCKET']\n", (), 3, "needs LAMP_BUCKET"),
        ("", ("--runtime", "dockr"), 2, "did you mean 'docker'"),
        ("runtimes = ['podman']\n", ("--runtime", "process"), 2, "does not run in process"),
        ("", ("--no-build",), 2, "no build of lamp yet"),
        ("", ("--local", "--version", "==1"), 2, "exclude each other"),
        ("", ("--version", "1.0"), 2, "is no version"),
        ("package = 'nowhere'\n", ("--local",), 2, "is about no tool"),
        ("tool = 'other'\npackage = 'nowhere'\n", ("--local",), 2, "nothing to build"),
        ("package = 'nowhere'\nexamples = ['gone']\n", (), 3, "no example 'gone'"),
        ("package = 'nowhere'\nexamples = ['..']\n", (), 3, "outside of the project"),
        ("package = 'nowhere'\npython = '3.1'\n", (), 4, "cannot make a virtual environment"),
        ("package = 'nowhere'\nsetup = ['echo oh; exit 3']\n", (), 4, "cannot set the story up"),
        (
            "package = 'nowhere'\nsetup_timeout = 1\nsetup = ['echo oh; sleep 600']\n",
            (),
            4,
            "cannot set the story up: it was ended after 1 s",
        ),
        ("", ("--version", "==999.0"), 4, "cannot install lamp==999.0"),
    ],
)
def test_what_is_wrong_is_told(
    sandgate: Callable[..., Say],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    text: str,
    arguments: tuple[str, ...],
    status: int,
    said: str,
) -> None:
    for name in ("UV_OFFLINE", "PIP_NO_INDEX"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    found, errors = sandgate(text, *arguments)
    assert (found, said in errors) == (status, True), errors
    assert not (tmp_path / ".sandgate" / "runs").exists()
    assert [path.name for path in (tmp_path / "cache").glob("stories/*")] == []


def test_a_runtime_that_is_not_here_says_why(sandgate: Callable[..., Say], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    for runtime in ("docker", "podman", "buildah"):
        status, errors = sandgate("", "--runtime", runtime)
        assert (status, f"{runtime} is not installed" in errors) == (4, True), errors


def test_a_variable_that_is_set_is_not_missing(sandgate: Callable[..., Say], tmp_path: Path) -> None:
    (tmp_path / "stories" / ".env").write_text("LAMP_BUCKET=b\nAWS_SECRET_ACCESS_KEY=of-mine\n")
    status, errors = sandgate("requires = ['LAMP_BUCKET']\n")
    assert status == 3
    assert "AWS_SECRET_ACCESS_KEY holds a value of its own" in errors
    assert "of-mine" not in errors
    (tmp_path / "stories" / ".env").write_text("LAMP_BUCKET=b\n")
    status, errors = sandgate("requires = ['LAMP_BUCKET']\n", "--no-build")
    assert (status, "no build of lamp yet" in errors) == (2, True)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "first/", "../stories/first", "-first", "fir st", "\udcff", 'a"b', "a\x1bb"]
)
def test_a_story_is_a_folder_in_stories(sandgate: Callable[..., Say], tmp_path: Path, name: str) -> None:
    sandgate("", "--no-build")
    for place in (tmp_path, tmp_path / "stories"):
        (place / "test.sh").write_text("true")
    errors = io.StringIO()
    assert run(["story", "run", "--", name], stderr=errors) == 2
    assert f"there is no story {name!r}" in errors.getvalue()
    assert run(["story", "init", "--", name], stderr=errors) == 2
    assert f"{name!r} is no name for a story" in errors.getvalue()
    assert not (tmp_path / "stories" / "common.mk").exists()


@pytest.mark.parametrize(
    "text", ["[steps.capture]\nAWS_ENDPOINT_URL_S3 = '(.)'\n", "[temporary]\nAWS_PROFILE = 's3-bucket'\n"]
)
def test_what_a_story_finds_leads_past_no_gate(sandgate: Callable[..., Say], tmp_path: Path, text: str) -> None:
    path = tmp_path / "stories" / "second" / "story.toml"
    path.parent.mkdir()
    before = "[[steps]]\nrun = 'true'\n" if "capture" in text else ""
    after = "" if before else "[[steps]]\nrun = 'true'\n"
    path.write_text(f"package = 'nowhere'\n{before}{text}{after}")
    errors = io.StringIO()
    assert run(["story", "run", "second"], stderr=errors) == 3
    assert "is set by the run, and not by what a story finds" in errors.getvalue()


@pytest.mark.parametrize(
    ("version", "local", "no_build", "chosen"),
    [
        ("", False, False, ("index", "")),
        ("==1.2", False, False, ("version", "==1.2")),
        ("", True, False, ("local", "")),
        ("", False, True, ("no-build", "")),
    ],
)
def test_which_build(version: str, local: bool, no_build: bool, chosen: tuple[str, str]) -> None:
    assert version_choice(version, local=local, no_build=no_build) == chosen


@pytest.mark.parametrize("version", ["1.0", "==1 --pre", "== 1", "==", "@ http://x"])
def test_a_version_is_nothing_else(version: str) -> None:
    with pytest.raises(UsageError):
        version_choice(version, local=False, no_build=False)


@pytest.mark.parametrize("line", ["story init third", "story list", "story run first"])
def test_stories_are_in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SANDGATE_RUN_DIR", raising=False)
    (tmp_path / "pyproject.toml").write_text("[tool.sandgate]\n")
    (tmp_path / "stories").touch()
    errors = io.StringIO()
    assert run(line.split(), stderr=errors) == 3
    said = f"error: stories are in a folder, and this is none\nwhere: {tmp_path / 'stories'}\nhint:  "
    assert errors.getvalue().startswith(said)


def test_a_story_that_cannot_be_written_is_one_error(sandgate: Callable[..., Say], tmp_path: Path) -> None:
    sandgate("", "--no-build")
    (tmp_path / "stories" / "third").touch()
    errors = io.StringIO()
    assert run(["story", "init", "third"], stderr=errors) == 4
    place = tmp_path / "stories" / "third" / "Makefile"
    assert errors.getvalue() == f"error: cannot be written: File exists\nwhere: {place}\n"
