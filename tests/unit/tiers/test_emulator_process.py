"""The emulator as a process: what it inherits, and that it cannot outlive its gate. A script stands in for it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from sandgate.config.load import load
from sandgate.tiers import _emulator
from sandgate.tiers._emulated_process import Place, spawn
from sandgate.tiers._model import TierContext

STUBS = {
    "ministack/app.py": "def _get_module(name): ...\nasync def app(*_): ...",
    "ministack/core/iam_evaluator.py": "def parse_policy_document(_): ...\ndef fnmatch_iam(*_): ...",
    "ministack/core/iam_actions.py": "",
    "ministack/core/responses.py": "",
    "ministack/core/lambda_runtime.py": (
        "_PYTHON_WORKER_SCRIPT = _NODEJS_WORKER_SCRIPT = ''\nclass Worker:\n    def invoke(self): ..."
    ),
    "ministack/services/lambda_svc.py": "def _execute_function_warm(*_): ...",
    "uvicorn/protocols/http/httptools_impl.py": "class HttpToolsProtocol: ...",
    "uvicorn/__init__.py": """
import json, subprocess, sys, time
def run(app, *, http, **options):
    worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    told = {"worker": worker.pid, "app": app._app.__module__, "http": http.__base__.__name__, **options}
    print(json.dumps(told), flush=True)
    time.sleep(600)
""",
}
"""What the emulator's own environment holds, as far as it is asked for."""


def _gone(pid: int) -> bool:
    """Whether it is dead; a zombie that nobody has fetched is."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return False


def test_it_listens_on_its_socket_only_and_ends_with_the_gate(tmp_path: Path) -> None:
    for name, text in STUBS.items():
        (tmp_path / "lib" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "lib" / name).write_text(text)
    socket = tmp_path / "work" / "aws.sock"
    socket.parent.mkdir()
    with subprocess.Popen(
        [sys.executable, _emulator.__file__, str(socket)],
        env={"PYTHONPATH": str(tmp_path / "lib"), "PATH": os.environ["PATH"]},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        said = json.loads(server.stdout.readline())
        assert (said["app"], said["uds"]) == ("ministack.app", str(socket))
        assert said["http"] == "HttpToolsProtocol"
        assert {"host", "port", "fd"}.isdisjoint(said)
        server.stdin.close()
        try:
            assert server.wait(60) == -signal.SIGKILL
            deadline = time.monotonic() + 60
            while not _gone(said["worker"]):
                assert time.monotonic() < deadline, "the worker lives on"
                time.sleep(0.01)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)


def test_it_inherits_nothing_of_the_user(tmp_path: Path, canaries: dict[str, str]) -> None:
    shows = tmp_path / "python"
    shows.write_text("#!/bin/sh\nenv\n")
    shows.chmod(0o700)
    place = Place(socket="s", lent="l", host="127.0.0.1:1", region="eu-west-1", log=tmp_path / "log", tmp=tmp_path)
    context = TierContext(
        config=load(cwd=tmp_path, environ={}, overrides={}),
        run_dir=tmp_path,
        work_dir=tmp_path,
        cache_dir=tmp_path,
        gate_host="127.0.0.1",
        gate_port=1,
        progress=lambda _text: None,
    )

    async def run() -> None:
        process = await spawn(shows, place, context)
        await process.wait()

    asyncio.run(run())
    said = dict(line.partition("=")[::2] for line in place.log.read_text().splitlines())
    assert said["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert said["AUTH"] == "true"
    assert said["HOME"] == said["TMPDIR"] == str(tmp_path)
    assert canaries.keys().isdisjoint(said)
    assert set(canaries.values()).isdisjoint(said.values())
