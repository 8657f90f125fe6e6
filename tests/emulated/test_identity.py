"""Who the tests are on the embedded tier, and what the tier knows of what they made."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandgate.run import Run

Clients = Callable[[str], Any]


def test_tests_run_as_a_user_who_may_not_change_iam(run: Run, clients: Clients) -> None:
    assert run.caller == "arn:aws:iam::000000000000:user/sandgate-identity"
    assert clients("sts").get_caller_identity()["Arn"] == run.caller
    with pytest.raises(ClientError) as caught:
        clients("iam").create_user(UserName="prod-user")
    assert caught.value.response["Error"]["Code"] in {"AccessDenied", "AccessDeniedException"}


def test_without_a_guard_the_user_may_not_touch_iam(make_run: Callable[..., Any]) -> None:
    with make_run(unsafe_no_guard=True) as unguarded, pytest.raises(ClientError) as caught:
        unguarded.clients()("iam").create_user(UserName="prod-user")
    assert caught.value.response["Error"]["Code"] == "AccessDenied"


def test_stack_commands_run_as_the_deployer(upstream_clients: Clients) -> None:
    assert upstream_clients("sts").get_caller_identity()["Arn"] == "arn:aws:iam::000000000000:user/sandgate-deployer"


def test_what_was_made_and_not_deleted_is_left_over(run: Run, clients: Clients) -> None:
    url = clients("sqs").create_queue(QueueName="test-identity-left")["QueueUrl"]
    try:
        found = [(left["type"], left["name"].rpartition("/")[2]) for left in run.leftovers()]
        assert ("AWS::SQS::Queue", "test-identity-left") in found
        assert [name for kind, name in found if kind == "AWS::IAM::User" and name.startswith("sandgate-")] == []
    finally:
        clients("sqs").delete_queue(QueueUrl=url)
    assert [left for left in run.leftovers() if left["name"].endswith("/test-identity-left")] == []


@pytest.mark.skipif(sys.platform != "linux", reason="which process listens where is in /proc")
def test_the_emulator_listens_on_no_port(run: Run) -> None:
    gate = json.loads((run.directory / "run.json").read_text())["pid"]
    emulators = [pid for pid in Path("/proc").glob("[0-9]*") if _parent(pid) == gate]
    assert emulators
    listening = {
        fields[9]
        for table in ("tcp", "tcp6", "udp", "udp6")
        for fields in map(str.split, Path(f"/proc/net/{table}").read_text().splitlines()[1:])
        if fields[3] in {"0A", "07"}  # LISTEN; UDP's unconnected
    }
    assert listening, "the gate itself listens"
    held = {
        str(entry.readlink()).removeprefix("socket:[").rstrip("]")
        for pid in emulators
        for entry in (pid / "fd").iterdir()
    }
    assert held & listening == set()


def _parent(pid: Path) -> int:
    try:
        return int((pid / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
