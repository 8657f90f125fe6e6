"""`sandgate` as a user runs it: a process in a project of its own, watched for what it leaves behind."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import pty
import re
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from tests.quick import QUICK

_PR_SET_CHILD_SUBREAPER = 36
CALL = [sys.executable, "-c", "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"]
"""The smallest command that reaches the tier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """How a process ended, and what it said."""

    status: int
    out: str
    err: str

    @property
    def error(self) -> dict[str, str]:
        """The parts of an error for people: `error`, `where`, `hint`."""
        return dict(re.findall(r"^(error|where|hint): +(.*)$", self.err, re.MULTILINE))


def _take_terminal() -> None:
    """Make standard input the terminal that Ctrl-C comes from."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@dataclass(slots=True, kw_only=True)
class Started:
    """A `sandgate` that is running."""

    process: subprocess.Popen[bytes]
    project: Project
    master: int = -1
    """Our end of its terminal, if it has one."""
    _heard: bytearray = field(default_factory=bytearray)
    _reader: threading.Thread | None = None

    def listen(self) -> None:
        """Take what a terminal shows, so that the process never waits for us."""

        def drain() -> None:
            with contextlib.suppress(OSError):
                while data := os.read(self.master, 65536):
                    self._heard.extend(data)

        self._reader = threading.Thread(target=drain, daemon=True)
        self._reader.start()

    @property
    def heard(self) -> bytes:
        """What its terminal has shown so far."""
        return bytes(self._heard)

    def type(self, keys: bytes) -> None:
        """Type into its terminal."""
        os.write(self.master, keys)

    def interrupt(self) -> None:
        """Ctrl-C where there is a terminal, else SIGINT to the front end alone."""
        if self.master >= 0:
            self.type(b"\x03")
        else:
            self.process.send_signal(signal.SIGINT)
        # Two of a kind that come before the first was taken are one signal.
        deadline = time.monotonic() + 10
        while _waits_for(self.process.pid, signal.SIGINT) and time.monotonic() < deadline:
            time.sleep(0.005)

    def wait_for(self, wanted: Callable[[], object], what: str, seconds: float = 120.0) -> Any:
        """Poll until it is true, unless the process ends first."""
        deadline = time.monotonic() + seconds
        while not (found := wanted()):
            assert self.process.poll() is None, f"ended with {self.process.returncode} before {what}"
            assert time.monotonic() < deadline, f"no {what}"
            time.sleep(0.005)
        return found

    def ready(self) -> dict[str, Any]:
        """The contents of run.json, once it is there."""
        path = self.wait_for(lambda: next(self.project.runs.glob("*/run.json"), None), "run.json")
        return dict(json.loads(path.read_text()))

    def end(self, seconds: float = 120.0) -> Said:
        """Wait for its end."""
        if self.master < 0:
            out, err = self.process.communicate(timeout=seconds)
            return Said(status=self.process.returncode, out=out.decode(), err=err.decode())
        self.process.wait(timeout=seconds)
        assert self._reader is not None
        self._reader.join(timeout=60)
        os.close(self.master)
        text = self._heard.decode(errors="replace").replace("\r\n", "\n")
        return Said(status=self.process.returncode, out=text, err=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A folder with a configuration, and the environment of a user who has real keys in his shell."""

    folder: Path
    tmp: Path
    """Its TMPDIR: whatever stays here was left behind."""
    environ: dict[str, str]
    _started: list[Started] = field(default_factory=list)

    @property
    def runs(self) -> Path:
        """The run directories."""
        return self.folder / ".sandgate" / "runs"

    @property
    def last(self) -> Path:
        """The newest run directory."""
        return max(self.runs.iterdir())

    @property
    def receipt(self) -> dict[str, Any]:
        """Of the newest run."""
        return dict(json.loads((self.last / "receipt.json").read_text()))

    def write(self, name: str, text: str) -> Path:
        """A file of the project."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def start(self, *arguments: str, terminal: bool = False, environ: Mapping[str, str] | None = None) -> Started:
        """`sandgate` with these arguments, on pipes or on a terminal of its own."""
        command = [sys.executable, "-P", "-m", "sandgate", *arguments]
        setting: dict[str, Any] = {"cwd": self.folder, "env": {**self.environ, **(environ or {})}}
        if terminal:
            master, slave = pty.openpty()
            process = subprocess.Popen(
                command,
                stdin=slave,
                stdout=slave,
                stderr=slave,
                start_new_session=True,
                preexec_fn=_take_terminal,  # noqa: PLW1509 - one system call
                **setting,
            )
            os.close(slave)
            started = Started(process=process, project=self, master=master)
            started.listen()
        else:
            pipe = subprocess.PIPE
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, **setting)
            started = Started(process=process, project=self)
        self._started.append(started)
        return started

    def sandgate(self, *arguments: str, environ: Mapping[str, str] | None = None, stdin: bytes = b"") -> Said:
        """Run `sandgate` to its end."""
        done = subprocess.run(
            [sys.executable, "-P", "-m", "sandgate", *arguments],
            cwd=self.folder,
            env={**self.environ, **(environ or {})},
            input=stdin,
            capture_output=True,
            check=False,
            timeout=300,
        )
        said = Said(status=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())
        assert "Traceback" not in said.err, said.err
        return said

    def shell(self, line: str) -> subprocess.CompletedProcess[str]:
        """Run a line of shell in the project."""
        return subprocess.run(
            ["sh", "-c", line],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def stop_all(self) -> None:
        """Kill what a failed test left running."""
        for started in self._started:
            if started.process.poll() is None:
                started.process.kill()
            started.process.wait()
            for stream in (started.process.stdout, started.process.stderr):
                if stream is not None:
                    stream.close()


def _descendants() -> dict[int, str]:
    """Every process below this one that is not a zombie, with its command line."""
    parents: dict[int, int] = {}
    names: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        with contextlib.suppress(OSError):
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            parents[int(entry.name)] = int(parent)
            if state != "Z":
                names[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    found: set[int] = set()
    frontier = {os.getpid()}
    while frontier:
        frontier = {pid for pid, parent in parents.items() if parent in frontier} - found
        found |= frontier
    return {pid: names[pid] for pid in found if pid in names}


def _waits_for(pid: int, number: int) -> bool:
    """Whether a signal was sent to a process that it has not taken yet; where nobody tells, it was taken."""
    with contextlib.suppress(OSError):
        text = Path(f"/proc/{pid}/status").read_text()
        return any(
            int(mask, 16) >> (number - 1) & 1 for mask in re.findall(r"^(?:Sig|Shd)Pnd:\s+(\w+)", text, re.MULTILINE)
        )
    return False


def _wait_until_empty(look: Callable[[], Any], seconds: float = 60.0) -> Any:
    deadline = time.monotonic() + seconds
    while (found := look()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


@pytest.fixture
def leaves_nothing() -> Iterator[None]:
    """After the test no process is left that it started, however far down and whoever its parent was."""
    if sys.platform != "linux":
        pytest.skip("orphans are adopted, and so found, only on Linux")
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before = set(_descendants())
    try:
        yield
        left = _wait_until_empty(lambda: {pid: name for pid, name in _descendants().items() if pid not in before})
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert left == {}
    finally:
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:  # adopted orphans
                pass


@pytest.fixture
def project(tmp_path: Path, leaves_nothing: None) -> Iterator[Project]:
    """A new project; at the end nothing of it runs and its TMPDIR is empty."""
    folder, tmp = tmp_path / "p", tmp_path / "t"
    folder.mkdir()
    tmp.mkdir()
    (folder / "pyproject.toml").write_text("[tool.sandgate]\n")
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "SANDGATE_"))},
        **QUICK,
        "TMPDIR": str(tmp),
        "COLUMNS": "100",
    }
    made = Project(folder=folder, tmp=tmp, environ=environ)
    try:
        yield made
    finally:
        made.stop_all()
    assert _wait_until_empty(lambda: list(tmp.iterdir())) == []


@pytest.fixture
def call() -> list[str]:
    """A command that reaches the tier and prints the caller."""
    return list(CALL)


class Queues(ThreadingHTTPServer):
    """An emulator of SQS that the test owns, so that what runs left outlives them; it can hold removals up."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.names: set[str] = set()
        self.removing: list[str] = []
        """Names whose removal was asked for, in that order."""
        self.refuses: set[str] = set()
        """Operations that are answered with an error."""
        self.go = threading.Event()
        """Unset, it holds removals up."""
        self.go.set()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def options(self) -> str:
        """A configuration that ends at it."""
        return f'tier = "endpoints"\n[tool.sandgate.endpoints.sqs]\nurl = "{self.url}"\n'


class _Answer(BaseHTTPRequestHandler):
    """SQS as far as queues come and go (AWS JSON 1.0)."""

    protocol_version = "HTTP/1.1"
    server: Queues

    def do_POST(self) -> None:
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
        operation = self.headers.get("X-Amz-Target", ".").partition(".")[2]
        name = given.get("QueueName", "") or given.get("QueueUrl", "").rpartition("/")[2]
        queues = self.server
        if operation in queues.refuses:
            self._say(403, {"__type": "AccessDenied", "message": "not for you"})
        elif operation == "CreateQueue":
            queues.names.add(name)
            self._say(200, {"QueueUrl": f"{queues.url}/000000000000/{name}"})
        elif operation == "ListQueues":
            self._say(200, {"QueueUrls": [f"{queues.url}/000000000000/{each}" for each in sorted(queues.names)]})
        elif name not in queues.names:
            self._say(400, {"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "there is none"})
        elif operation == "DeleteQueue":
            queues.removing.append(name)
            queues.go.wait(300)
            queues.names.discard(name)
            self._say(200, {})
        else:
            self._say(200, {"QueueUrl": f"{queues.url}/000000000000/{name}"})

    def do_GET(self) -> None:
        self._say(200, {})

    def _say(self, status: int, answer: object) -> None:
        body = json.dumps(answer).encode()
        with contextlib.suppress(ConnectionError):
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def queues() -> Iterator[Queues]:
    """An emulator of SQS that outlives every run."""
    with Queues() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.go.set()
        server.shutdown()
        thread.join()


def _make_base_image(image: str, archive: Path) -> None:
    def run(*line: str) -> str:
        return subprocess.run(line, capture_output=True, text=True, check=True, timeout=300).stdout

    wanted = "dash,coreutils,python3,libc-bin"
    release = Path("/etc/os-release").read_text().partition("VERSION_CODENAME=")[2].split()[0]
    run("mmdebstrap", "--quiet", "--variant=extract", f"--include={wanted}", release, str(archive))
    container = run("buildah", "from", "scratch").strip()
    run("buildah", "add", "--quiet", container, str(archive), "/")
    run("buildah", "commit", "--quiet", "--rm", container, image)


@pytest.fixture
def base_image(tmp_path_factory: pytest.TempPathFactory, require_tool: Callable[[str], str]) -> str:
    """An image of Debian packages: a shell and Python, and no registry was asked for it."""
    for tool in ("buildah", "mmdebstrap"):
        require_tool(tool)
    if os.getuid() != 0:
        pytest.skip("packages are unpacked by root")
    image = "localhost/sandgate-test-base"
    base = tmp_path_factory.getbasetemp()
    with FileLock(base.parent / "base-image.lock"):  # one worker makes it
        if subprocess.run(
            ("buildah", "inspect", "--type", "image", image), capture_output=True, check=False
        ).returncode:
            _make_base_image(image, base / "base.tar")
    return image
