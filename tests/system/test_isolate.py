"""`sandgate run --isolate`: each thing that must fail inside succeeds in the same run without it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import platformdirs
import pytest

pytestmark = [
    pytest.mark.needs("bwrap"),
    pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's"),
]
PYTHON = sys.executable
SECRET = "only-in-the-env-file"

ATTEMPTS = """
import json, os, pathlib, socket, sys

def reads(path): return pathlib.Path(path).read_text()
def tcp(host, port): socket.create_connection((host, port), timeout=2).close()
def abstract(name):
    with socket.socket(socket.AF_UNIX) as peer: peer.connect("\\0" + name)
def unix(path):
    with socket.socket(socket.AF_UNIX) as peer: peer.connect(path)
def others():
    # The gate's environment cannot be read by anybody; that it is there at all is what must not be seen.
    found = [p for p in pathlib.Path("/proc").iterdir() if p.name.isdecimal()]
    assert any(b"sandgate.daemon" in (p / "cmdline").read_bytes() for p in found if (p / "cmdline").exists())
def process(pid): return pathlib.Path(f"/proc/{pid}/environ").read_bytes()
def resolve(name): return socket.getaddrinfo(name, 80)
def writes(path): pathlib.Path(path).write_text("x")
def secret(path): assert SECRET in reads(path)

SECRET = sys.argv[1]
said = {}
for name, call, *arguments in json.loads(sys.argv[2]):
    try:
        globals()[call](*arguments)
        said[name] = "ok"
    except Exception as error:
        said[name] = type(error).__name__
print(json.dumps(said))
"""


@pytest.fixture
def machine(project: Any, tmp_path: Path) -> Iterator[Mapping[str, Any]]:
    """What there is to reach: files with secrets, services on the loopback, another process."""
    home = tmp_path / "home"
    (home / ".aws").mkdir(parents=True)
    (home / ".aws" / "credentials").write_text(SECRET)
    project.write(".env", f"SOME_KEY={SECRET}\n")
    project.write(".env.local", SECRET)
    project.write(".sandgate/runs/20200101-000000-earlier/config.json", SECRET)
    outside = tmp_path / "outside"
    outside.mkdir()
    name = f"sandgate-test-{os.getpid()}"
    with contextlib.ExitStack() as stack:
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
        abstract.bind("\0" + name)
        abstract.listen()
        unix = stack.enter_context(socket.socket(socket.AF_UNIX))
        # Not below tmp_path, which may be longer than the path of a socket can be.
        docker = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "docker.sock"
        unix.bind(str(docker))
        unix.listen()
        other = stack.enter_context(subprocess.Popen(["sleep", "60"], env={"OTHER": SECRET}))
        stack.callback(other.kill)
        yield {
            "home": home,
            # A new home would have a new cache, into which the emulator would be installed.
            "environ": {"HOME": str(home), "SANDGATE_CACHE_DIR": platformdirs.user_cache_dir("sandgate")},
            "attempts": [
                ("env file", "secret", str(project.folder / ".env")),
                ("other env file", "secret", ".env.local"),
                ("earlier run", "secret", ".sandgate/runs/20200101-000000-earlier/config.json"),
                ("home", "secret", str(home / ".aws" / "credentials")),
                ("gate among processes", "others"),
                ("another's environment", "process", other.pid),
                ("loopback service", "tcp", "127.0.0.1", tcp.getsockname()[1]),
                ("abstract socket", "abstract", name),
                ("unix socket", "unix", str(docker)),
                ("write outside", "writes", str(outside / "written")),
            ],
        }


def attempt(project: Any, machine: Mapping[str, Any], attempts: Any, *flags: str) -> dict[str, str]:
    script = str(project.write("attempts.py", ATTEMPTS))
    line = ("--", PYTHON, script, SECRET, json.dumps(attempts))
    said = project.sandgate("run", "--allow-empty", *flags, *line, environ=machine["environ"])
    assert said.status == 0, said.err
    return dict(json.loads(said.out))


def test_what_is_outside_cannot_be_reached(project: Any, machine: Mapping[str, Any]) -> None:
    attempts = machine["attempts"]
    free = attempt(project, machine, attempts)
    assert free == {name: "ok" for name, *_ in attempts}
    isolated = attempt(project, machine, attempts, "--isolate")
    assert [name for name, outcome in isolated.items() if outcome == "ok"] == []
    assert list(isolated) == list(free)
    assert project.receipt["isolated"] is True


def test_there_is_no_network(project: Any, machine: Mapping[str, Any]) -> None:
    """No route at all: it fails at once, and not because nobody is there."""
    attempts = [
        ("metadata", "tcp", "169.254.169.254", 80),
        ("name", "resolve", "example.com"),
        ("dns", "tcp", "1.1.1.1", 53),
    ]
    isolated = attempt(project, machine, attempts, "--isolate")
    assert isolated == {"metadata": "OSError", "name": "gaierror", "dns": "OSError"}
    interfaces = "import socket; print(socket.if_nameindex())"
    said = project.sandgate("run", "--allow-empty", "--isolate", "--", PYTHON, "-c", interfaces)
    assert said.out == "[(1, 'lo')]\n"


def test_what_decides_about_the_next_run_is_read_only(project: Any) -> None:
    subprocess.run(["git", "init", "-q", project.folder], check=True)
    script = (
        "import pathlib, sandgate, sys\n"
        "pathlib.Path('written').touch()\n"
        "ours = ('pyproject.toml', '.git/config', sys.prefix + '/x', sandgate.__file__)\n"
        "for path in (*ours, '/x', '/usr/x', '/etc/x'):\n"
        "    try: open(path, 'a'); print(path)\n"
        "    except OSError: pass\n"
    )
    said = project.sandgate("run", "--allow-empty", "--isolate", "--", PYTHON, "-c", script)
    assert (said.status, said.out) == (0, ""), said.err
    assert (project.folder / "written").exists()


def test_git_is_not_asked_about_a_tree_that_isolated_code_made(project: Any) -> None:
    """A setting of git can name a program, which would run outside."""
    script = 'git init -q && git config core.fsmonitor "touch $PWD/escaped; false" && git status'
    said = project.sandgate("run", "--allow-empty", "--isolate", "--", "sh", "-c", f"({script}); rm -f escaped")
    assert said.status == 0, said.err
    assert (project.folder / ".git" / "config").exists()
    assert not (project.folder / "escaped").exists()
    project.sandgate("run", "--allow-empty", "--", "true")
    assert (project.folder / "escaped").exists()  # so it would have


def test_the_environment_names_nothing_of_the_session(project: Any, machine: Mapping[str, Any]) -> None:
    code = (
        "import os\n"
        "print([n for n in os.environ if n.startswith(('XDG_', 'SSH_AUTH'))], os.listdir(os.environ['HOME']))"
    )
    environ = {"XDG_RUNTIME_DIR": "/run/user/0", "SSH_AUTH_SOCK": "/run/agent", **machine["environ"]}
    said = project.sandgate("run", "--allow-empty", "--isolate", "--", "python3", "-c", code, environ=environ)
    assert said.out == "[] []\n", said.err


def test_boto3_reaches_the_tier(project: Any, call: list[str]) -> None:
    said = project.sandgate("run", "--isolate", "--", *call)
    assert (said.status, "arn:aws:iam" in said.out) == (0, True), said.err
    assert project.receipt["reached"] == {"sts": 1}


def test_pytest_joins_with_workers(project: Any) -> None:
    """Each worker's port is handed over when it is asked for, and its calls are its own."""
    project.write(
        "test_it.py",
        "import boto3, pytest\n"
        "@pytest.mark.parametrize('n', range(4))\n"
        "def test_it(n, namespace, sandgate):\n"
        "    table = f'test-{namespace}-{n}'\n"
        "    db = boto3.client('dynamodb')\n"
        "    db.create_table(TableName=table, BillingMode='PAY_PER_REQUEST',\n"
        "        KeySchema=[{'AttributeName': 'k', 'KeyType': 'HASH'}],\n"
        "        AttributeDefinitions=[{'AttributeName': 'k', 'AttributeType': 'S'}])\n"
        "    db.delete_table(TableName=table)\n",
    )
    said = project.sandgate("run", "--isolate", "--", PYTHON, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider")
    assert said.status == 0, said.out + said.err
    assert project.receipt["tests"] == {"passed": 4}
    assert project.receipt["calls_in_tests"] == 8
    events = [json.loads(line) for line in (project.last / "events.jsonl").read_text().splitlines()]
    assert {event["worker"] for event in events if event["event"] == "call"} == {"gw0", "gw1"}


def test_a_stack_from_inside_is_removed_outside(project: Any) -> None:
    """What was deployed is written down in the view of the run directory, and the run's end takes it from there."""
    template = {"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}, "Outputs": {"Url": {"Value": {"Ref": "Q"}}}}
    project.write("template.json", json.dumps(template))
    project.write("pyproject.toml", '[tool.sandgate.stacks.app]\ntemplate = "template.json"\n')
    project.write("test_it.py", "def test_it(stack):\n    assert 'Q' in stack('app').outputs['Url']\n")
    line = ("--", PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    said = project.sandgate("run", "--isolate", "--allow-empty", *line)
    assert said.status == 0, said.out + said.err
    assert project.receipt["calls"]["cloudformation"]["DeleteStack"] == 1
    assert project.receipt["leftovers"] == []


def test_the_gate_cannot_be_stopped_from_inside(project: Any, call: list[str]) -> None:
    script = (
        "import json, os, socket\n"
        "data = json.load(open(os.environ['SANDGATE_RUN_DIR'] + '/run.json'))\n"
        "for line in ({'do': 'stop'}, {'do': 'leftovers'}, {'do': 'event', 'event': 'call', 'service': 's3'}):\n"
        "    with socket.socket(socket.AF_UNIX) as s:\n"
        "        s.connect(data['control'])\n"
        "        s.sendall(json.dumps(line).encode() + b'\\n')\n"
        "        print(s.recv(999).decode())\n"
        "import boto3; boto3.client('sts').get_caller_identity()\n"
    )
    said = project.sandgate("run", "--isolate", "--", PYTHON, "-c", script)
    assert (said.status, said.out.count("may not ask")) == (0, 3), said
    assert project.receipt["calls"] == {"sts": {"GetCallerIdentity": 1}}


@pytest.mark.parametrize(("script", "status"), [("exit 0", 0), ("exit 77", 77), ("kill -TERM $$", 143)])
def test_the_status_is_passed_on(project: Any, script: str, status: int) -> None:
    assert project.sandgate("run", "--allow-empty", "--isolate", "--", "sh", "-c", script).status == status


def test_a_program_of_the_home_is_not_found(project: Any, machine: Mapping[str, Any]) -> None:
    program = machine["home"] / "tool"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    said = project.sandgate("run", "--isolate", "--", str(program), environ=machine["environ"])
    assert said.status == 127
    assert "not found inside" in said.err


SLEEP = (
    "import signal, sys, time\n"
    "got = []\n"
    "def on(number, frame): got.append(number); open('got', 'a').write(f'{number}\\n')\n"
    "for n in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1): signal.signal(n, on)\n"
    "open('sleeping', 'w').close()\n"
    "end = time.monotonic() + 300\n"
    "while len(got) < int(sys.argv[1]) and time.monotonic() < end: time.sleep(0.01)\n"
    "time.sleep(0.2)\n"  # one that came twice would come now
)


def sleeping(project: Any, *, terminal: bool, signals: int = 1) -> Any:
    path = str(project.write("sleep.py", SLEEP))
    line = ("run", "--allow-empty", "--isolate", "--", PYTHON, path, str(signals))
    started = project.start(*line, terminal=terminal)
    started.wait_for((project.folder / "sleeping").exists, "command")
    return started


@pytest.mark.parametrize("terminal", [False, True], ids=["kill", "terminal"])
def test_ctrl_c_reaches_the_command_once(project: Any, terminal: bool) -> None:
    started = sleeping(project, terminal=terminal)
    started.interrupt()
    assert started.end().status == 130
    assert (project.folder / "got").read_text() == f"{int(signal.SIGINT)}\n"


def test_typed_ctrl_c_reaches_what_the_command_started(project: Any) -> None:
    script = "trap 'touch outer' INT; python3 sleep.py 1; true"
    project.write("sleep.py", SLEEP)
    started = project.start("run", "--allow-empty", "--isolate", "--", "sh", "-c", script, terminal=True)
    started.wait_for((project.folder / "sleeping").exists, "command")
    started.interrupt()
    assert started.end().status == 130
    assert (project.folder / "got").read_text() == f"{int(signal.SIGINT)}\n"
    assert (project.folder / "outer").exists()


def test_other_signals_are_passed_on(project: Any) -> None:
    started = sleeping(project, terminal=False, signals=2)
    for count, number in enumerate((signal.SIGUSR1, signal.SIGTERM), 1):
        started.process.send_signal(number)
        started.wait_for(lambda count=count: _lines(project.folder / "got") >= count, "signal")
    assert started.end().status == 130


def test_a_command_that_ignores_it_twice_is_killed(project: Any) -> None:
    started = sleeping(project, terminal=False, signals=99)
    for count in (1, 2):
        started.interrupt()
        started.wait_for(lambda count=count: _lines(project.folder / "got") >= count, "signal")
    started.interrupt()
    assert started.end().status == 130


def test_nothing_outlives_a_killed_front_end(project: Any) -> None:
    started = sleeping(project, terminal=False)
    started.process.kill()
    started.end()  # the fixture waits for the rest to be gone


def test_it_cannot_type_into_the_terminal(project: Any) -> None:
    """TIOCSTI on the user's terminal would run a command there when we are gone."""
    script = (
        "import fcntl, termios\n"
        "for path in (0, '/dev/tty'):\n"
        "    try: print('typed', fcntl.ioctl(open(path, 'rb', closefd=bool(path)), termios.TIOCSTI, b'x'))\n"
        "    except OSError as error: print('not typed:', error.strerror)\n"
    )
    path = str(project.write("type.py", script))
    said = project.start("run", "--allow-empty", "--isolate", "--", PYTHON, path, terminal=True).end()
    assert said.out.count("not typed:") == 2, said.out


def test_what_is_run_is_not_the_home(project: Any) -> None:
    said = project.sandgate("run", "--isolate", "--", "true", environ={"HOME": str(project.folder)})
    assert said.status == 2
    assert "project" in said.error["error"]
    assert not project.runs.exists()


def test_without_bubblewrap_the_remedy_is_named(project: Any, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "true").symlink_to("/bin/true")
    said = project.sandgate("run", "--isolate", "--", "true", environ={"PATH": str(tools)})
    assert said.status == 4
    assert "apt install bubblewrap" in said.error["hint"]
    assert not project.runs.exists()


def test_a_kernel_that_forbids_it_is_explained(project: Any, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "true").symlink_to("/bin/true")
    fake = tools / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2; exit 1\n")
    fake.chmod(0o755)
    said = project.sandgate("run", "--isolate", "--", "true", environ={"PATH": str(tools)})
    assert said.status == 4
    assert said.error["where"] == "bwrap: setting up uid map: Permission denied"
    assert said.error["hint"]


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines()) if path.exists() else 0
