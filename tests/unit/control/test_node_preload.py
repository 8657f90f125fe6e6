"""What Node.js loads, without an SDK and without a gate: what it sees, and what it leaves as it was."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.ports import free_port

from sandgate.control.elsewhere import NODE_PRELOAD, seen

_AS_SETTINGS = """
const { createServer } = require("node:http");
const gate = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8").on("data", (text) => (body += text));
  request.on("end", () => response.end(`${request.method} ${request.headers.host} ${body}`));
});
gate.listen(new URL(process.env.SANDGATE_GATE_URL).port, "127.0.0.1", async () => {
  const settings = new Request("https://nowhere.example", { method: "PUT", body: "grüße" });
  console.log(await (await fetch("https://b.s3.eu-west-1.amazonaws.com/k", settings)).text());
  gate.closeAllConnections();
  gate.close();
});
"""

Node = Callable[..., str]


@pytest.fixture
def node(tmp_path: Path, require_tool: Callable[[str], str]) -> Node:
    """A program of Node.js in a run whose gate is not there."""
    program = require_tool("node")
    run = tmp_path / "a run"
    run.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SANDGATE_", "NODE_"))}
    environ = {
        **kept,
        "NODE_OPTIONS": f"--require={NODE_PRELOAD}",
        "SANDGATE_GATE_URL": f"http://127.0.0.1:{free_port()}",
        "SANDGATE_RUN_DIR": str(run),
    }

    def call(*arguments: str) -> str:
        done = subprocess.run(
            [program, *arguments], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return call


def test_calls_are_seen_by_whatever_way_they_go(node: Node, tmp_path: Path) -> None:
    """By other modules, signed late, from processes and threads with their own environment; what is mocked is not."""
    port = node(str(Path(__file__).with_name("detours.mjs")), "a socket")
    here = {"through", "later", "class", "http2", "lost", "child", "thread", "sync"}
    assert {(sighting.host, sighting.service) for sighting in seen(tmp_path / "a run")} == {
        *((f"127.0.0.1:{port}", service) for service in here),
        ("unix:a_socket", "socket"),
        ("unix:a_socket", "agent"),
    }


def test_a_request_may_stand_for_the_settings_of_fetch(node: Node) -> None:
    assert node("-e", _AS_SETTINGS) == "PUT b.s3.eu-west-1.amazonaws.com grüße"
