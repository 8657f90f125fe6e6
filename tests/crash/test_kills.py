"""Whoever is killed, nothing keeps running, nothing stays behind, and those who live say what happened."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from sandgate.control.client import ControlClient

CODE = "import time\ndef handler(event, context):\n    time.sleep(event['seconds'])\n    return 'done'\n"
TRUST = '{"Statement":[{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"sts:AssumeRole"}]}'


def _function(front: Any) -> Any:
    """A function that sleeps; its worker is in the emulator's process group."""
    role = front.client("iam", "deployer").create_role(RoleName="test-r", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("index.py", CODE)
    client = front.client("lambda")
    code = {"ZipFile": data.getvalue()}
    client.create_function(
        FunctionName="test-sleep", Runtime="python3.11", Role=role, Handler="index.handler", Code=code, Timeout=30
    )
    return lambda seconds: client.invoke(FunctionName="test-sleep", Payload=json.dumps({"seconds": seconds}).encode())[
        "Payload"
    ].read()


def test_a_killed_front_end_leaves_a_gate_that_finishes_and_goes(
    front: Any, until: Any, alive: Any, group: Any, children: Any
) -> None:
    run = front()
    gate = int(run.described["pid"])
    (emulator,) = children(gate)
    work_dir = Path(run.described["work_dir"])
    invoke = _function(run)
    assert invoke(0) == b'"done"'
    assert len(group(emulator)) > 1, "a function worker runs"
    answers: list[bytes] = []
    calling = threading.Thread(target=lambda: answers.append(invoke(1.5)))
    calling.start()
    until(lambda: sum(event.get("operation") == "Invoke" for event in run.events()) == 2)
    run.process.kill()
    calling.join(120)
    assert answers == [b'"done"'], "a call in flight is finished"
    until(lambda: not alive(gate))
    until(lambda: group(emulator) == [])
    assert not work_dir.exists()
    last = run.events()[-1]
    assert (last["event"], last["reason"]) == ("abandoned", "abandoned")
    assert not (run.directory / "run.json").exists()
    with pytest.raises(EndpointConnectionError):
        run.client("sts").get_caller_identity()


def test_a_killed_gate_takes_the_emulator_and_its_files_along(
    front: Any, until: Any, alive: Any, group: Any, children: Any
) -> None:
    run = front()
    gate = int(run.described["pid"])
    (emulator,) = children(gate)
    work_dir = Path(run.described["work_dir"])
    assert _function(run)(0) == b'"done"'
    assert len(group(emulator)) > 1
    os.kill(gate, signal.SIGKILL)
    until(lambda: not alive(emulator))
    until(lambda: group(emulator) == [])
    until(lambda: not work_dir.exists())
    with pytest.raises(EndpointConnectionError):
        run.client("sts").get_caller_identity()


def test_a_killed_emulator_is_an_error_that_nobody_retries(front: Any, until: Any, children: Any) -> None:
    run = front()
    (emulator,) = children(int(run.described["pid"]))
    sqs = run.client("sqs")
    sqs.list_queues()
    os.killpg(emulator, signal.SIGKILL)
    control = ControlClient(run.described["control"])
    until(lambda: control.request("status")["death"])
    assert "ended with status" in control.request("status")["death"]
    calls = control.request("status")["calls"]["sqs:ListQueues"]
    for service, method in (("sqs", "list_queues"), ("sns", "list_topics"), ("s3", "list_buckets")):
        client = run.client(service)
        client.meta.config.retries = {"max_attempts": 5}
        with pytest.raises(ClientError) as caught:
            getattr(client, method)()
        assert caught.value.response["Error"]["Code"] == "UpstreamDead"
        assert "will not come back" in caught.value.response["Error"]["Message"]
        assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 0
    assert control.request("status")["calls"]["sqs:ListQueues"] == calls + 1
    control.close()


def test_the_last_words_of_the_emulator_are_kept(front: Any, until: Any, children: Any) -> None:
    run = front()
    (emulator,) = children(int(run.described["pid"]))
    with (run.directory / "emulator.log").open("a", encoding="utf-8") as log:
        log.write("last words\n")
    os.kill(emulator, signal.SIGKILL)
    control = ControlClient(run.described["control"])
    until(lambda: "last words" in control.request("status")["death"])
    control.close()


def test_a_terminated_gate_ends_in_order(front: Any, until: Any, alive: Any, group: Any, children: Any) -> None:
    run = front()
    gate = int(run.described["pid"])
    (emulator,) = children(gate)
    work_dir = Path(run.described["work_dir"])
    run.client("sts").get_caller_identity()
    os.kill(gate, signal.SIGTERM)
    until(lambda: not alive(gate))
    until(lambda: group(emulator) == [])
    assert not work_dir.exists()
    assert run.events()[-1]["event"] == "stopped"


def test_files_of_a_killed_gate_without_emulator_go_with_the_next_run(front: Any, until: Any, alive: Any) -> None:
    url = '[tool.sandgate.endpoints.sqs]\nurl = "http://127.0.0.1:9"\n'
    # Nobody has to listen there: sqs is asked for nothing before the first call.
    run = front(url.replace(":9", f":{_listening()}"), tier="endpoints")
    gate, work_dir = int(run.described["pid"]), Path(run.described["work_dir"])
    os.kill(gate, signal.SIGKILL)
    until(lambda: not alive(gate))
    assert work_dir.exists()
    front()
    assert not work_dir.exists()


def _listening() -> int:
    import socket  # noqa: PLC0415

    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        while True:
            sock, _ = listener.accept()
            sock.recv(65536)
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
            sock.close()

    threading.Thread(target=answer, daemon=True).start()
    return int(listener.getsockname()[1])


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_processes_keep_their_secrets_and_sessions_to_themselves(
    front: Any, children: Any, canaries: dict[str, str]
) -> None:
    run = front()
    gate = int(run.described["pid"])
    (emulator,) = children(gate)
    sessions = {os.getsid(0), os.getsid(gate), os.getsid(emulator)}
    assert len(sessions) == 3
    secret = run.facts["identity"][1]
    for pid in (gate, emulator):
        for name in ("environ", "cmdline"):
            data = Path(f"/proc/{pid}/{name}").read_bytes()
            assert data
            for canary in (*canaries.values(), secret):
                assert canary.encode() not in data
    limits = Path(f"/proc/{gate}/limits").read_text(encoding="ascii")
    (core,) = [line for line in limits.splitlines() if line.startswith("Max core file size")]
    assert core.split()[4:6] == ["0", "0"]
