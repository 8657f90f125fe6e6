"""A sweep of 1,000 mixed leftovers, against removing them one at a time with boto3; 20 ms lie before the upstream.

    python benchmarks/sweep.py

The loop calls the emulator directly, the sweep goes through its gate; both list, empty, delete and look once more.
SANDGATE_LATENCY is the latency in seconds.
"""

from __future__ import annotations

import os
import tempfile
import time
import urllib.request
from pathlib import Path

from _mix import MIX, make_all, remove_one_by_one
from _servers import REGION, ROOT, client, free_port, process, wait_for

from sandgate.config.load import load
from sandgate.session import cache_directory, start
from sandgate.sweeping import sweep
from sandgate.tiers._venv import emulator_python

LATENCY = float(os.environ.get("SANDGATE_LATENCY") or "0.02")
SERVICES = sorted({service for _, _, service, _, _ in MIX} | {"sts"})


def project(folder: Path, url: str) -> None:
    lines = ["[tool.sandgate]", 'tier = "endpoints"', 'isolation = "prefix"', f'region = "{REGION}"']
    for service in SERVICES:
        lines += [
            f"[tool.sandgate.endpoints.{service}]", f'url = "{url}"', f'region = "{REGION}"',
            'access_key_id_env = "BENCH_KEY"', 'secret_access_key_env = "BENCH_SECRET"',
        ]  # fmt: skip
    (folder / "pyproject.toml").write_text("\n".join(lines) + "\n")


def ask(url: str, path: str) -> int:
    with urllib.request.urlopen(f"{url}{path}") as answer:
        return int(answer.read())


def main() -> None:
    """Make the mix twice, remove it both ways, print calls and ratio."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    os.environ.update(BENCH_KEY=ROOT[0], BENCH_SECRET=ROOT[1])
    defaults = load(cwd=Path(__file__).parent, environ={}, overrides={})
    python = emulator_python(cache_directory(defaults), defaults.ministack_version, print)
    script = str(Path(__file__).with_name("_slow_emulator.py"))
    environ = {
        "GATEWAY_PORT": str(port),
        "AUTH": "false",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "PYTHONPATH": "",
    }
    with process([str(python), script, str(port)], environ), tempfile.TemporaryDirectory() as name:
        wait_for(port)
        folder = Path(name)
        project(folder, url)
        resources = make_all(lambda service: client(service, url, ROOT), "test-loop")
        ask(url, f"/_slow/{LATENCY}")
        began = time.perf_counter()
        remove_one_by_one(lambda service: client(service, url, ROOT), "test-loop")
        loop = time.perf_counter() - began
        loop_calls = ask(url, "/_count")
        ask(url, "/_slow/0")
        run = start(load(cwd=folder, environ=dict(os.environ), overrides={}), progress=lambda _text: None)
        try:
            make_all(run.clients(), "test-swept")
            ask(url, f"/_slow/{LATENCY}")
            began = time.perf_counter()
            swept = sweep(run)
            seconds = time.perf_counter() - began
            calls = ask(url, "/_slow/0")
        finally:
            run.stop()
    print(f"{len(swept.removed)} resources, {resources} with what is in them, {LATENCY * 1000:.0f} ms latency")
    for left in swept.left:
        print(f"  left: {left.entry.type} {left.entry.name}: {left.why}")
    print(f"one at a time, boto3   {loop:6.1f} s   {loop_calls} calls")
    print(f"sweep                  {seconds:6.1f} s   {calls} calls")
    print(f"calls per resource     {calls / resources:6.2f}       at most 1.3")
    print(f"times faster           {loop / seconds:6.1f}       at least 8")


if __name__ == "__main__":
    main()
