"""`sandgate start`, `env`, `shell` and `stop` as users type them, in every shell and from any folder."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.ports import free_port

NAME = 'it\'s "odd" $HOME `id` = \\ two\nlines '
"""A folder's name with everything that a shell could stumble over."""
CONFIGURATION = """
[tool.sandgate]
region = "eu-west-1"
{top}
[tool.sandgate.variables]
{variables}
"""
SHELLS = [
    pytest.param("bash", ["bash", "--norc"], 'eval "$(sandgate env{})"', marks=pytest.mark.needs("bash"), id="bash"),
    pytest.param("zsh", ["zsh", "-f"], 'eval "$(sandgate env{})"', marks=pytest.mark.needs("zsh"), id="zsh"),
    pytest.param("dash", ["dash"], 'eval "$(sandgate env{})"', marks=pytest.mark.needs("dash"), id="dash"),
    pytest.param(
        "fish",
        ["fish", "--no-config"],
        "sandgate env --format fish{} | source",
        marks=pytest.mark.needs("fish"),
        id="fish",
    ),
]
DUMP = f"'{sys.executable}' -c 'import json, os; print(json.dumps(dict(os.environ)))'"
CALL = f"'{sys.executable}' -c 'import boto3; print(boto3.client(\"sts\").get_caller_identity()[\"Arn\"])'"
LEAVE = (
    f"'{sys.executable}' -c 'import boto3, os; "
    'boto3.client("sqs").create_queue(QueueName="test-" + os.environ["SANDGATE_NAMESPACE"])\''
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a command said, and its status."""

    status: int
    out: str
    err: str


@dataclass(slots=True, kw_only=True)
class User:
    """Somebody in a project, typing."""

    root: Path
    environ: dict[str, str] = field(repr=False)

    def type(
        self, *command: str, cwd: Path | None = None, stdin: str = "", environ: Mapping[str, str] | None = None
    ) -> Said:
        done = subprocess.run(
            command,
            cwd=cwd or self.root,
            env=self.environ | dict(environ or {}),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return Said(status=done.returncode, out=done.stdout, err=done.stderr)

    def sandgate(
        self, *arguments: str, cwd: Path | None = None, stdin: str = "", environ: Mapping[str, str] | None = None
    ) -> Said:
        return self.type("sandgate", *arguments, cwd=cwd, stdin=stdin, environ=environ)

    def start(self, *arguments: str) -> str:
        """Start a gate; the id of its run."""
        said = self.sandgate("start", *arguments)
        assert said.status == 0, said.err
        return said.out.strip()

    def seen(self, shell: list[str], *lines: str, cwd: Path | None = None) -> dict[str, str]:
        """The variables of a child of a shell that has run the lines."""
        said = self.type(*shell, "-c", "\n".join([*lines, DUMP]), cwd=cwd)
        assert (said.status, said.err) == (0, "")
        found: dict[str, str] = json.loads(said.out)
        return found


@contextmanager
def users_in(folder: Path) -> Iterator[Callable[..., User]]:
    """Projects by name; what still lives in them is stopped at the end."""
    users: list[User] = []

    def make(name: str = "project", top: str = "", variables: str = "") -> User:
        root = folder / name
        (root / "below" / "deeper").mkdir(parents=True)
        (root / "pyproject.toml").write_text(CONFIGURATION.format(top=top, variables=variables))
        (folder / "home").mkdir(exist_ok=True)
        keep = ("PATH", "LANG", "LC_ALL", "SANDGATE_CACHE_DIR", "XDG_CACHE_HOME", "TMPDIR")
        environ = {name: os.environ[name] for name in keep if name in os.environ}
        environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environ['PATH']}"
        environ.setdefault("XDG_CACHE_HOME", str(Path.home() / ".cache"))
        environ |= {"HOME": str(folder / "home"), "AWS_PROFILE": "mine", "AWS_SESSION_TOKEN": "real"}
        users.append(User(root=root, environ=environ))
        return users[-1]

    yield make
    for user in users:
        for _ in [*user.root.glob(".sandgate/runs/*/run.json")]:  # whose gate has not ended
            user.sandgate("stop")


@pytest.fixture
def make_user(tmp_path: Path) -> Iterator[Callable[..., User]]:
    """Projects of one test."""
    with users_in(tmp_path) as make:
        yield make


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[User, str]]:
    """A project with a run that every shell may join, and the run's id."""
    with users_in(tmp_path_factory.mktemp("started")) as make:
        user = make(NAME, variables='GATE = "gate_url"\nODD_KEY = "run_key"')
        yield user, user.start()
        assert user.sandgate("stop", cwd=user.root / "below").status == 0


@pytest.fixture(scope="module")
def two_tiers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[User, str, str]]:
    """A project with a run on each of two tiers, whose variables differ, and the ids of both."""
    port = free_port()
    start = f"exec '{sys.executable}' -m http.server {port} --bind 127.0.0.1 --directory below"
    table = f'[tool.sandgate.endpoints.s3]\nurl = "http://127.0.0.1:{port}"\nstart = {json.dumps(start)}\n'
    top = f'env_pass = ["APP_*"]\n{table}'
    with users_in(tmp_path_factory.mktemp("two-tiers")) as make:
        user = make(top=top, variables='FIRST = "gate_url"\nBOTH = "gate_url"')
        (user.root / ".env.emulated").write_text("APP_NAME='it=is \"mine\"  # no comment'\nAPP_ONLY=1\nOTHER=1\n")
        (user.root / ".env.dev").write_text("APP_NAME=another name # a comment\n")
        first = user.start()
        configuration = user.root / "pyproject.toml"
        configuration.write_text(configuration.read_text().replace("FIRST", "SECOND"))
        yield user, first, user.start("--tier", "dev")  # another name for endpoints


@pytest.mark.parametrize(("_name", "shell", "use"), SHELLS)
def test_a_shell_belongs_to_the_run(_name: str, shell: list[str], use: str, started: tuple[User, str]) -> None:
    user, run = started
    found = user.seen(shell, "cd below/deeper", use.format(""))
    assert found["SANDGATE_RUN_DIR"] == str(user.root / ".sandgate" / "runs" / run)
    assert found["AWS_CONFIG_FILE"] == str(user.root / ".sandgate" / "runs" / run / "empty")
    assert found["GATE"] == found["AWS_ENDPOINT_URL"]
    assert found["ODD_KEY"] == found["AWS_ACCESS_KEY_ID"]
    assert found["AWS_REGION"] == "eu-west-1"
    assert {"AWS_PROFILE", "AWS_SESSION_TOKEN"}.isdisjoint(found)
    # The run is reached from there, and from anywhere else once the shell is set up.
    said = user.type(*shell, "-c", "\n".join([use.format(""), "cd /", CALL, use.format(""), CALL]))
    assert (said.status, said.err) == (0, "")
    assert said.out.splitlines() == ["arn:aws:iam::000000000000:user/sandgate-identity"] * 2


@pytest.mark.parametrize(("_name", "shell", "use"), SHELLS)
def test_another_tier_leaves_nothing_of_the_first(
    _name: str, shell: list[str], use: str, two_tiers: tuple[User, str, str]
) -> None:
    user, first, second = two_tiers
    to = [use.format(f" --tier {tier}") for tier in ("emulated", "dev")]
    one, two = user.seen(shell, to[0]), user.seen(shell, to[0], to[1])
    assert (Path(one["SANDGATE_RUN_DIR"]).name, Path(two["SANDGATE_RUN_DIR"]).name) == (first, second)
    assert one["FIRST"] == one["BOTH"] == one["AWS_ENDPOINT_URL"] != two["AWS_ENDPOINT_URL"]
    assert two["SECOND"] == two["BOTH"] == two["AWS_ENDPOINT_URL"]
    assert {"FIRST", "APP_ONLY", "OTHER"}.isdisjoint(two)
    assert (one["APP_NAME"], two["APP_NAME"]) == ('it=is "mine"  # no comment', "another name")
    assert one["APP_ONLY"] == "1"
    left = [value for value in two.values() if value and value in (one["AWS_ACCESS_KEY_ID"], one["BOTH"], first)]
    assert left == []
    # And all of it can be left.
    clear = use.format(" --clear")
    bare, cleared = user.seen(shell), user.seen(shell, to[0], to[1], clear)
    changed = {name for name in {*bare, *cleared} if bare.get(name) != cleared.get(name)}
    assert {name for name in changed if name in cleared} <= {"NO_PROXY", "no_proxy", "_", "SHLVL"}
    assert {"AWS_PROFILE", "AWS_SESSION_TOKEN"} <= changed


def test_two_runs_in_one_project(make_user: Callable[..., User]) -> None:
    user = make_user()
    first, second = user.start(), user.start()
    names = [json.loads(user.sandgate("env", "--format", "json", *to).out)["set"] for to in ([], ["--run", first])]
    assert [Path(found["SANDGATE_RUN_DIR"]).name for found in names] == [second, first]
    assert first in user.sandgate("stop", "--run", first).out
    assert second in user.sandgate("stop").out
    said = user.sandgate("stop")
    assert (said.status, said.out) == (2, "")
    assert "error: no gate lives here" in said.err


def test_no_gate_lives(make_user: Callable[..., User]) -> None:
    user = make_user()
    for arguments in (["env"], ["env", "--tier", "endpoints"], ["env", "--run", "x"], ["stop"]):
        said = user.sandgate(*arguments)
        assert (said.status, said.out) == (2, "")
        assert said.err.startswith("error: no gate")
        assert "sandgate start" in said.err
        assert "Traceback" not in said.err


def test_a_gate_that_was_killed_is_no_gate(make_user: Callable[..., User]) -> None:
    user = make_user()
    run = user.start()
    description = user.root / ".sandgate" / "runs" / run / "run.json"
    os.kill(json.loads(description.read_text())["pid"], 9)
    assert "no gate lives here" in user.sandgate("env").err


def test_stop_judges_the_run(make_user: Callable[..., User]) -> None:
    user = make_user()
    run = user.start()
    said = user.type("bash", "-c", f'eval "$(sandgate env)"; {LEAVE}')
    assert said.status == 0, said.err
    said = user.sandgate("stop")
    assert said.status == 8
    assert "RED on tier emulated" in said.out
    assert "AWS::SQS::Queue" in said.out
    receipt = json.loads((user.root / ".sandgate" / "runs" / run / "receipt.json").read_text())
    assert receipt["reached"] == {"sqs": 1}
    assert [left["type"] for left in receipt["leftovers"]] == ["AWS::SQS::Queue"]
    assert receipt["seconds"]["ready"] > 0
    assert receipt["started"] <= (user.root / ".sandgate" / "runs" / run / "receipt.json").stat().st_mtime
    assert not (user.root / ".sandgate" / "current").exists()


def test_failed_tests_of_a_started_run_are_red(make_user: Callable[..., User]) -> None:
    user = make_user()
    user.start()
    (user.root / "test_it.py").write_text(
        "import boto3\n\ndef test_it():\n    boto3.client('sts').get_caller_identity()\n    assert False\n"
    )
    tests = f"'{sys.executable}' -m pytest -q -p no:cacheprovider test_it.py"
    assert user.type("bash", "-c", f'eval "$(sandgate env)"; {tests}').status == 1
    said = user.sandgate("stop")
    assert (said.status, "1 tests failed" in said.out) == (1, True)


def test_a_run_that_reached_nothing_is_red(make_user: Callable[..., User]) -> None:
    user = make_user()
    user.start()
    assert user.sandgate("stop").status == 7
    user.start("--allow-empty")
    assert user.sandgate("stop").status == 0


@pytest.mark.parametrize(("name", "shell", "_use"), SHELLS)
def test_shell_passes_the_status_on(name: str, shell: list[str], _use: str, make_user: Callable[..., User]) -> None:
    user = make_user()
    mine = {"SHELL": subprocess.run(["which", name], capture_output=True, text=True, check=True).stdout.strip()}
    said = user.sandgate("shell", "-c", f"{CALL}; exit 5", environ=mine)
    assert (said.status, said.out) == (5, "arn:aws:iam::000000000000:user/sandgate-identity\n")
    assert "red because the command ended with status 5" in said.err
    said = user.sandgate("shell", "-c", CALL, environ=mine)
    assert said.status == 0
    assert "green on tier emulated" in said.err
    # Without -c it is the shell itself, here with its commands on standard input.
    said = user.sandgate("shell", stdin=f"{CALL}\nexit 6\n", environ=mine)
    assert (said.status, said.out) == (6, "arn:aws:iam::000000000000:user/sandgate-identity\n")
    assert user.sandgate("env").status == 2


def test_the_run_of_a_command_is_not_stopped_from_within(make_user: Callable[..., User]) -> None:
    user = make_user()
    said = user.sandgate("shell", "-c", f"sandgate env --format json; sandgate stop; {CALL}", environ={"SHELL": ""})
    assert said.status == 0
    assert "ends with the command that started it" in said.err
    found, _ = json.JSONDecoder().raw_decode(said.out)
    assert found["set"]["SANDGATE_RUN_DIR"]


def test_start_says_what_is_wrong(make_user: Callable[..., User]) -> None:
    user = make_user()
    said = user.sandgate("start", "--tier", "emulatd")
    assert (said.status, said.out) == (2, "")
    assert "'emulated'" in said.err
    assert not (user.root / ".sandgate" / "current").exists()


def _take_terminal() -> None:
    """Make standard input the terminal that Ctrl-C comes from."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.mark.parametrize(("name", "shell", "_use"), SHELLS)
def test_an_interactive_shell_survives_ctrl_c(
    name: str, shell: list[str], _use: str, make_user: Callable[..., User]
) -> None:
    user = make_user()
    program = subprocess.run(["which", name], capture_output=True, text=True, check=True).stdout.strip()
    (user.root.parent / "home" / ".zshrc").touch()  # else zsh asks whether to make one
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        ["sandgate", "shell"],
        cwd=user.root,
        env=user.environ | {"SHELL": program, "TERM": "dumb"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=_take_terminal,  # noqa: PLW1509 - one ioctl, no lock
    )
    os.close(theirs)
    heard = b""

    def heard_within(text: bytes, seconds: float) -> bool:
        nonlocal heard
        deadline = time.monotonic() + seconds
        while text not in heard and time.monotonic() < deadline:
            if select.select([ours], [], [], 0.1)[0]:
                heard += os.read(ours, 65536)
        return text in heard

    def hear(text: bytes) -> None:
        assert heard_within(text, 120), heard

    try:
        # The text is put together by the shell, so that its echo of the line is not taken for the answer.
        os.write(ours, b"echo up-'and'-running\n")
        hear(b"up-and-running")
        os.write(ours, b"echo fast-'a'sleep; sleep 300\n")
        hear(b"fast-asleep")
        time.sleep(0.5)  # by then it sleeps; if not, what is interrupted is the line, which is as good
        os.write(ours, b"\x03")
        os.write(ours, b"\x03")
        # A terminal forgets at Ctrl-C what was typed and not read, and a shell takes its time to read again.
        for _ in range(60):
            os.write(ours, b"echo awake-'a'gain\n")
            if heard_within(b"awake-again", 2):
                break
        hear(b"awake-again")
        os.write(ours, f"{CALL}\n".encode())
        hear(b"user/sandgate-identity\r\n")
        os.write(ours, b"exit 3\n")
        hear(b"red because the command ended with status 3")
        assert process.wait(timeout=120) == 3
    finally:
        process.kill()
        process.wait()
        os.close(ours)
