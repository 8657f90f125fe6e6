"""Engines that are spoken to as docker is: a program that writes down what it was asked stands for one."""

from __future__ import annotations

import subprocess
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sandgate.errors import EnvironmentFault
from sandgate.stories.model import Step, Story
from sandgate.stories.packages import Package
from sandgate.stories.runtimes._model import GateFacts, Plan, runtimes

if TYPE_CHECKING:
    from collections.abc import Callable

PROGRAM = """#!{python}
import os, pathlib, sys
log = pathlib.Path("{log}")
with log.open("a") as file:
    file.write(" ".join(sys.argv[1:]) + "\\n")
words = sys.argv[1:]
if words[0] == "info" and "{refuses}" == "info":
    sys.exit("the daemon is not there")
if "host" in words and "{refuses}" in ("host", "all"):
    sys.exit("there is no such network")
if words[0] == "run" and "--entrypoint" not in words and not sys.argv[0].endswith("buildah"):
    sys.exit("the image's own program has begun")
if words[0] == "exec" and "-c" in words and "{refuses}" == "all":
    sys.exit(1)
if "platform" in " ".join(words):
    print("3.11.7")
if words[0] == "ps":
    print("other sandgate-story-4194400-dead sandgate-story-1-lives sandgate-kept-4194400-dead")
if words[0] == "images":
    print("localhost/other localhost/sandgate-story-4194400-dead localhost/sandgate-kept-4194400-dead")
"""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Callable[[], list[str]]]:
    """`engine("host")` puts a docker and a podman on the path that refuse that; gives what they were asked."""

    def make(refuses: str) -> Callable[[], list[str]]:
        folder, log = tmp_path / "bin", tmp_path / "asked"
        folder.mkdir()
        log.touch()
        for name in ("buildah", "docker", "podman"):
            (folder / name).write_text(PROGRAM.format(python=sys.executable, log=log, refuses=refuses))
            (folder / name).chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
        return lambda: log.read_text().splitlines()

    return make


def plan(folder: Path) -> Plan:
    own = folder / "story"
    own.mkdir()
    (own / "test.sh").write_text("true\n")
    (folder / "w").mkdir()
    story = Story(
        name="s", folder=str(own), steps=(Step(run="./test.sh"),), prefix="LAMP",
        dockerfile="FROM x\n", in_image="sh test.sh",
    )  # fmt: skip
    package = Package(name="lamp", requirement="lamp==2", version="==2")
    return Plan(story=story, package=package, folder=folder / "w", project=folder)


def gate(door: Callable[[], Path]) -> GateFacts:
    return GateFacts(port=4711, proxy_port=4712, lay_out=lambda folder, _inside: folder.mkdir(), door=door)


@pytest.mark.parametrize("name", ["docker", "podman"])
def test_a_container_is_on_the_hosts_network_where_the_gate_is_reached_from_there(
    tmp_path: Path, engine: Callable[[str], Callable[[], list[str]]], name: str
) -> None:
    asked = engine("nothing")
    runtime = runtimes()[name]
    assert runtime.absent() == ""
    with runtime.build(plan(tmp_path)) as built, built.enter(gate(door=Path)) as place:
        command = place.command("ignored", {"AWS_SECRET_ACCESS_KEY": "s", "HOME": "/h", "PATH": "/p"})
        assert "this machine's network" in place.notes[0]
    lines = asked()
    build = next(line for line in lines if line.startswith("build"))
    assert "--build-arg LAMP_PKG=lamp --build-arg LAMP_VERSION===2" in build
    assert "--no-cache" in build
    started = next(line for line in lines if line.startswith("run --detach"))
    container = started.split("--name ")[1].split()[0]
    assert "--network host" in started
    assert f"--volume {tmp_path}/w/kit:/opt/sandgate-kit:ro --security-opt label=disable" in started
    assert any(line.startswith(f"exec {container} python3 -c") and line.endswith(" 4711 4712") for line in lines)
    assert command.line == (
        name, "exec", "--env", "AWS_SECRET_ACCESS_KEY", container, "/bin/sh", "-ec", "sh test.sh"
    )  # fmt: skip
    assert command.environ["AWS_SECRET_ACCESS_KEY"] == "s"
    assert command.environ["PATH"] != "/p"
    assert lines[-1] == f"rmi --force localhost/{container}"
    assert f"rm --force {container}" in lines
    assert "rm --force sandgate-story-4194400-dead" in lines
    assert "rmi --force localhost/sandgate-story-4194400-dead" in lines
    assert not any("-kept-" in line for line in lines)
    assert not any("sandgate-story-1-lives" in line for line in lines)


@pytest.mark.parametrize("name", ["docker", "buildah"])
def test_an_image_has_the_python_that_the_story_asks_for(
    tmp_path: Path, engine: Callable[[str], Callable[[], list[str]]], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    engine("nothing")
    monkeypatch.setattr("sandgate.stories.runtimes._images._download", lambda *_: None)
    given = plan(tmp_path)
    for wanted, fits in (("3.11", True), ("3.1", False)):
        story = replace(given.story, dockerfile="", python=wanted)
        (tmp_path / wanted).mkdir()
        outcome = (
            nullcontext() if fits else pytest.raises(EnvironmentFault, match=r"asks for Python 3.1, and got 3.11.7")
        )
        with outcome, runtimes()[name].build(replace(given, story=story, folder=tmp_path / wanted)):
            pass


def test_a_chroot_gets_no_secret_by_the_list_of_processes(
    tmp_path: Path, engine: Callable[[str], Callable[[], list[str]]]
) -> None:
    engine("nothing")
    secret = 's\'$HOME\n"x"'
    with runtimes()["buildah"].build(plan(tmp_path)) as built, built.enter(gate(door=Path)) as place:
        command = place.command("ignored", {"AWS_SECRET_ACCESS_KEY": secret, "HOME": "/h"})
        assert '"x"' not in "".join((*command.line, *command.environ.values()))  # which no quoting changes
        assert f"{tmp_path}/w/kit:/opt/sandgate-kit:ro" in command.line
        script = f'. {tmp_path}/w/kit/settings.sh; printf %s "$AWS_SECRET_ACCESS_KEY"; printf %s "$HOME"'
        line = ("/bin/sh", "-c", script)
        said = subprocess.run(line, env={"HOME": "/mine"}, capture_output=True, text=True, check=True).stdout
    assert said == f"{secret}/mine"


def test_what_is_kept_is_no_later_storys_to_remove(
    tmp_path: Path, engine: Callable[[str], Callable[[], list[str]]]
) -> None:
    asked, said = engine("nothing"), list[str]()
    with runtimes()["podman"].build(replace(plan(tmp_path), keep=True, say=said.append)):
        pass
    image = said[-1].partition("localhost/")[2]
    assert image.startswith("sandgate-kept-")
    assert not any(line.startswith("rm") and image in line for line in asked())


def test_without_a_host_network_a_socket_is_handed_over_and_there_is_no_other_network(
    tmp_path: Path, engine: Callable[[str], Callable[[], list[str]]]
) -> None:
    asked = engine("host")
    with (
        runtimes()["docker"].build(plan(tmp_path)) as built,
        built.enter(gate(door=lambda: Path("/the/door"))) as place,
    ):
        assert place.notes == ("no network but the gate, by a unix socket",)
    started = [line for line in asked() if line.startswith("run --detach")]
    assert "--network host" in started[0]
    assert "--network none --volume /the/door:/run/sandgate:ro" in started[1]
    assert any("/run/sandgate/ports.sock 4711,4712 1 /bin/sh -c" in line for line in asked())


def test_a_container_that_cannot_reach_the_gate_is_an_error_and_is_removed(
    tmp_path: Path, engine: Callable[[str], Callable[[], list[str]]]
) -> None:
    asked = engine("all")
    with (
        runtimes()["docker"].build(plan(tmp_path)) as built,
        pytest.raises(EnvironmentFault, match="cannot be reached from docker"),
        built.enter(gate(door=Path)),
    ):
        pass
    assert asked()[-1].startswith("rmi --force")


def test_a_daemon_that_is_not_there_is_said(engine: Callable[[str], Callable[[], list[str]]]) -> None:
    engine("info")
    assert runtimes()["docker"].absent() == "the daemon is not there"
