"""What is said where nothing can be isolated, and what an isolated command sees of the machine."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from sandgate.cli._bwrap import Layout
from sandgate.cli._isolate import Isolation, remedy_of
from sandgate.cli._visible import check_project, home_inside, inside_environment, layout_of
from sandgate.config.load import load
from sandgate.errors import EnvironmentFault, UsageError

Look = Callable[..., Layout]


@pytest.mark.parametrize(
    ("switch", "value", "word"),
    [
        ("kernel/unprivileged_userns_clone", "0", "unprivileged_userns_clone=1"),
        ("user/max_user_namespaces", "0", "max_user_namespaces=10000"),
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "AppArmor"),
        ("kernel/unprivileged_userns_clone", "1", "docker run"),
        ("kernel/something_else", "0", "docker run"),
    ],
)
def test_the_remedy_follows_the_kernels_switches(tmp_path: Path, switch: str, value: str, word: str) -> None:
    path = tmp_path / switch
    path.parent.mkdir()
    path.write_text(f"{value}\n")
    assert word in remedy_of(tmp_path)


def test_other_systems_are_told_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    config = load(cwd=tmp_path, environ={}, overrides={})
    with pytest.raises(EnvironmentFault, match="needs Linux") as caught:
        Isolation.prepared(config, {}, "/bin/true")
    assert "container" in caught.value.hint


@pytest.mark.parametrize(("home", "inside"), [("/people/ann", "/people/ann"), ("/", "/home/user"), ("x", "/home/user")])
def test_there_is_a_home_whatever_the_variable_says(home: str, inside: str) -> None:
    assert home_inside({"HOME": home}) == Path(inside)


def test_the_environment_is_of_the_inside() -> None:
    before = {"HOME": "/people/ann", "XDG_CACHE_HOME": "/c", "SSH_AUTH_SOCK": "/s", "TMPDIR": "/t", "AWS_REGION": "r"}
    assert inside_environment(before) == {
        "HOME": "/people/ann",
        "AWS_REGION": "r",
        **dict.fromkeys(("TMPDIR", "TMP", "TEMP"), "/tmp"),
    }


@pytest.fixture
def look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Look:
    """The layout for a project below a home."""
    project = tmp_path / "home" / "p"
    (project / "sub").mkdir(parents=True)
    (project / "sandgate.toml").touch()
    monkeypatch.chdir(project / "sub")

    def of(**overrides: object) -> Layout:
        return layout_of(
            load(cwd=Path.cwd(), environ={}, overrides=overrides),
            {"HOME": str(tmp_path / "home")},
            "/bin/true",
            private=(project / "tmp" / "sg-1", tmp_path / "elsewhere"),
            empty=Path("/e"),
            mounts=(),
            readable=(),
        )

    return of


def test_files_with_secrets_are_masked(look: Look, tmp_path: Path) -> None:
    project = tmp_path / "home" / "p"
    files = [project / name for name in ("secrets.txt", ".env", ".env.local", ".envrc", "sub/.env.test")]
    for path in files:
        path.touch()
    (project / "sub" / "environment.py").touch()
    assert set(look(env_file="secrets.txt").masked) == set(files)


def test_env_files_of_other_tiers_are_masked_too(look: Look, tmp_path: Path) -> None:
    project = tmp_path / "home" / "p"
    for name in ("keys-sandbox.txt", "keys-integration.txt", "keys-other.txt"):
        (project / name).touch()
    masked = set(look(env_file="keys-{tier}.txt", tier="endpoints").masked)
    assert masked == {project / "keys-sandbox.txt", project / "keys-integration.txt"}


def test_an_env_file_that_is_a_link_is_masked_where_it_is(look: Look, tmp_path: Path) -> None:
    project = tmp_path / "home" / "p"
    (project / "real").touch()
    (project / ".env").symlink_to("real")
    assert look().masked == (project / "real",)


def test_an_env_file_that_is_not_visible_needs_no_mask(look: Look, tmp_path: Path) -> None:
    (tmp_path / "home" / "secrets").touch()
    assert look(env_file=str(tmp_path / "home" / "secrets")).masked == ()


def test_sockets_of_servers_are_masked(look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that others left there are masked, and what is not visible needs none; names may be relative ones."""
    project = tmp_path / "home" / "p"
    (project / ".sandgate").mkdir()
    with contextlib.ExitStack() as opened:
        for folder, name in ((project, "a b.sock"), (project / ".sandgate", "own"), (tmp_path, "not visible")):
            monkeypatch.chdir(folder)  # since paths of sockets must be short
            opened.enter_context(socket.socket(socket.AF_UNIX)).bind(name)
        monkeypatch.chdir(project / "sub")
        (listed := tmp_path / "unix").write_text(
            "Num       RefCount Protocol Flags    Type St Inode Path\n"
            f"0: 2 0 10000 1 1 1 {project}/a b.sock\n0: 2 0 10000 1 1 2 {project}/.sandgate/own\n"
            f"0: 2 0 10000 1 1 3 {tmp_path}/not visible\n0: 2 0 10000 1 1 4 @abstract\n0: 2 0 10000 1 1 5\n"
            "0: 2 0 10000 1 1 6 ../a b.sock\n0: 2 0 10000 1 1 7 gone\n"
        )
        monkeypatch.setattr("sandgate.cli._visible._SOCKETS", listed)
        assert look().masked == (project / "a b.sock",)


def test_what_runs_outside_later_is_fixed(look: Look, tmp_path: Path) -> None:
    project = tmp_path / "home" / "p"
    (project / ".git").mkdir()
    assert set(look().fixed) == {project / ".git", project / "sandgate.toml"}


def test_own_folders_in_the_project_are_emptied(look: Look, tmp_path: Path) -> None:
    project = tmp_path / "home" / "p"
    assert look().emptied == (project / ".sandgate", project / "tmp" / "sg-1")


def test_the_commands_environment_is_shown(tmp_path: Path, look: Look) -> None:
    """The interpreter of this very process, at least, and nothing that holds a home or the project."""
    shown = look().python
    assert any(Path(os.__file__).is_relative_to(path) for path in (*shown, Path("/usr")))
    assert not any((tmp_path / "home").is_relative_to(path) for path in shown)


@pytest.mark.parametrize("home", [".", "sub"])
def test_a_project_that_holds_the_home_is_refused(tmp_path: Path, home: str) -> None:
    (tmp_path / "sub").mkdir()
    config = load(cwd=tmp_path, environ={}, overrides={})
    with pytest.raises(UsageError, match="home"):
        check_project(config, {"HOME": str(tmp_path / home)})
