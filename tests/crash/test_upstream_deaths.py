"""An emulator that somebody else runs dies under a run: the run is red, says so, and forgets nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.crash.campaign import places

from sandgate.errors import ExitCode
from sandgate.ledger.book import NAME, read_state

_TESTS = """
import os, signal, sys, boto3
prefix = "test-" + os.environ["SANDGATE_NAMESPACE"]
boto3.client("sqs").create_queue(QueueName=prefix + "-q")
boto3.client("dynamodb").create_table(TableName=prefix + "-t", BillingMode="PAY_PER_REQUEST",
    KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
os.killpg(int(sys.argv[1]), signal.SIGKILL)
"""


def test_a_run_whose_emulator_dies_is_red_and_remembers(tmp_path: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SANDGATE_"))}
    with places.emulator(tmp_path) as upstream:
        root = tmp_path / "project"
        places.make_project(root, upstream)
        done = subprocess.run(
            [sys.executable, "-m", "sandgate", "run", "--", sys.executable, "-c", _TESTS, str(upstream.process.pid)],
            cwd=root, env=environ, capture_output=True, text=True, check=False, timeout=150,
        )  # fmt: skip
    assert done.returncode == ExitCode.LEFTOVERS, done.stderr
    assert "RED on tier endpoints" in done.stderr
    assert "still there (2)" in done.stderr
    assert "Refused" in done.stderr, "why it is still there"
    (ledger,) = root.glob(f".sandgate/runs/*/{NAME}")
    assert f"`sandgate sweep {ledger.parent.name}` tries again" in done.stderr
    state = read_state(ledger)
    assert sorted(entry.type for entry in state.alive.values()) == ["dynamodb-table", "sqs-queue"]
    receipt = json.loads((ledger.parent / "receipt.json").read_text(encoding="utf-8"))
    assert (receipt["green"], receipt["status"]) == (False, ExitCode.LEFTOVERS)
