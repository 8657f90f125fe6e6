"""Many clients at once, connections that live long, and requests that stand still."""

from __future__ import annotations

import json
import re
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.config import Config

from sandgate.run import Run


def _list_tables(raw: Any) -> bytes:
    headers = {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/x-amz-json-1.0"}
    return bytes(raw.signed("POST", "/", service="dynamodb", headers=headers, body=b"{}"))


def _read_answer(sock: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = sock.recv(65536)
        assert piece, "the connection was closed"
        data += piece
    found = re.search(rb"content-length: (\d+)", data)
    assert found
    missing = data.index(b"\r\n\r\n") + 4 + int(found[1]) - len(data)
    while missing > 0:
        piece = sock.recv(missing)
        missing -= len(piece)
        data += piece
    return data


def test_one_connection_serves_many_requests(raw: Any) -> None:
    request = _list_tables(raw)
    with raw.connect() as sock:
        for _ in range(50):
            sock.sendall(request)
            assert _read_answer(sock).startswith(b"HTTP/1.1 200")


def test_a_head_may_come_byte_by_byte(raw: Any) -> None:
    request = _list_tables(raw)
    with raw.connect() as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(len(request)):
            sock.sendall(request[at : at + 1])
        assert _read_answer(sock).startswith(b"HTTP/1.1 200")


def test_128_connections_at_once(raw: Any, run: Run) -> None:
    request = _list_tables(raw)
    connections = [raw.connect(30) for _ in range(128)]
    try:
        for _ in range(3):
            for sock in connections:
                sock.sendall(request)
            for sock in connections:
                assert _read_answer(sock).startswith(b"HTTP/1.1 200")
    finally:
        for sock in connections:
            sock.close()
    assert run.status()["in_flight"] == 0


def test_boto3_with_many_threads(run: Run, clients: Any) -> None:
    clients("dynamodb").create_table(
        TableName="test-threads",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    config = Config(max_pool_connections=40, retries={"max_attempts": 0})
    table = run.boto_session().client("dynamodb", endpoint_url=run.gate_url, config=config)

    def put(number: int) -> int:
        found = table.put_item(TableName="test-threads", Item={"id": {"S": str(number)}})
        return int(found["ResponseMetadata"]["HTTPStatusCode"])

    with ThreadPoolExecutor(40) as pool:
        assert set(pool.map(put, range(400))) == {200}
    assert table.scan(TableName="test-threads", Select="COUNT")["Count"] == 400


def test_connections_that_come_and_go_leave_nothing(raw: Any, run: Run) -> None:
    for data in (b"", b"GET", b"GET / HTTP/1.1\r\nHost: x", _list_tables(raw)[:-1], _list_tables(raw)):
        for _ in range(20):
            with raw.connect() as sock:
                sock.sendall(data)
    assert "TableNames" in run.clients()("dynamodb").list_tables()


def test_a_reset_in_the_middle_leaves_nothing(raw: Any, run: Run) -> None:
    for _ in range(20):
        sock = raw.connect()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        sock.sendall(_list_tables(raw))
        sock.close()
    assert "TableNames" in run.clients()("dynamodb").list_tables()


def test_a_refusal_is_read_even_by_who_still_sends(raw: Any) -> None:
    """The answer must not be lost to a reset because the body is still on its way."""
    framing = "Content-Length: 50000000"
    head = raw.signed("PUT", "/test-b/k", service="s3", framing=framing).replace(b"Signature=", b"Signature=0")
    received = b""
    with raw.connect() as sock:
        sock.sendall(head)
        sending = threading.Thread(target=lambda: [sock.sendall(bytes(100_000)) for _ in range(500)])
        sending.start()
        while piece := sock.recv(65536):
            received += piece
        sending.join(90)
        assert not sending.is_alive()
    assert received.startswith(b"HTTP/1.1 4")


def test_two_front_ends_may_ask_at_once(run: Run) -> None:
    def ask(number: int) -> str:
        return str(run.facts(f"gw{number % 5}").access_key_id)

    with ThreadPoolExecutor(10) as pool:
        keys = list(pool.map(ask, range(50)))
    assert len(set(keys)) == 5
    described = json.loads((run.directory / "run.json").read_text(encoding="utf-8"))
    assert described["gate"] == run.gate_url


@pytest.mark.parametrize("worker", ["gw7", "gw8"])
def test_a_worker_has_a_key_and_a_port_of_its_own_that_stay(run: Run, worker: str) -> None:
    first, again, main = run.facts(worker), run.facts(worker), run.facts()
    assert (first.gate_url, first.access_key_id) == (again.gate_url, again.access_key_id)
    assert first.gate_url != main.gate_url
    assert first.access_key_id != main.access_key_id
    assert run.clients(worker)("sts").get_caller_identity()["Arn"] == run.caller


def test_the_embedded_aws_answers_in_one_packet(run: Run) -> None:
    """Else whoever waits is woken twice: by the head, and by the body."""
    work = json.loads((run.directory / "run.json").read_text())["work_dir"]
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(f"{work}/aws.sock")
        for _ in range(500):
            line.sendall(b"GET /_ministack/health HTTP/1.1\r\nhost: localhost\r\n\r\n")
            head, _, body = line.recv(1 << 20).partition(b"\r\n\r\n")
            found = re.search(rb"content-length: (\d+)", head)
            assert found
            assert len(body) == int(found[1]) > 0
