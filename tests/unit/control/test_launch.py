"""The gate as a process: what it is started with, and what it keeps its hands off."""

from __future__ import annotations

import json
import re
import stat
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sandgate.config.load import load
from sandgate.control.launch import gate_environment
from sandgate.run import Run
from sandgate.session import start


class Empty(BaseHTTPRequestHandler):
    """Answers that there is nothing."""

    def do_GET(self) -> None:
        self.send_response(404)
        self.end_headers()

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """A gate before an endpoint that has nothing: no emulator need start."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Empty) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        table = f'url = "http://127.0.0.1:{server.server_port}"'
        (tmp_path / "pyproject.toml").write_text(
            f'[tool.sandgate]\ntier = "endpoints"\n[tool.sandgate.endpoints.batch]\n{table}\n'
        )
        made = start(load(cwd=tmp_path, environ={}, overrides={}), progress=lambda _text: None)
        yield made
        made.stop()
        server.shutdown()


@pytest.mark.skipif(sys.platform != "linux", reason="what a process was started with is in /proc")
def test_the_gate_process_holds_no_secret_and_leaves_no_core(run: Run, canaries: dict[str, str]) -> None:
    pid = re.findall(r'"pid": ?(\d+)', (run.directory / "run.json").read_text())[0]
    seen = b"".join(Path(f"/proc/{pid}/{name}").read_bytes() for name in ("environ", "cmdline"))
    assert [name for name, value in canaries.items() if value.encode() in seen or name.encode() in seen] == []
    assert run.facts().secret_access_key.encode() not in seen
    limits = Path(f"/proc/{pid}/limits").read_text()
    assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE)


def test_only_its_user_may_enter_the_runs_folders(run: Run) -> None:
    work = Path(json.loads((run.directory / "run.json").read_text())["work_dir"])
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in (run.directory, work)] == [0o700, 0o700]


def test_a_gate_in_the_midst_of_another_run_has_the_user_s_way_to_the_internet() -> None:
    before = {"HTTPS_PROXY": "http://corp:3128", "https_proxy": None, "SSL_CERT_FILE": None, "REQUESTS_CA_BUNDLE": None}
    inside = {
        "HTTPS_PROXY": "http://main:secret@127.0.0.1:1",
        "https_proxy": "http://main:secret@127.0.0.1:1",
        "SSL_CERT_FILE": "/run/ca-bundle.pem",
        "REQUESTS_CA_BUNDLE": "/run/ca-bundle.pem",
        "AWS_ACCESS_KEY_ID": "AKIDRUN",
        "HOME": "/home/ann",
        "SANDGATE_OUTSIDE": json.dumps(before),
    }
    found = gate_environment(inside)
    del found["PYTHONPATH"]
    assert found == {"HTTPS_PROXY": "http://corp:3128", "HOME": "/home/ann"}
