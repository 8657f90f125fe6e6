"""A sweep of an account that has little time: at least a third of all removals is told to slow down first."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import socket
import subprocess
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from tests.ports import free_port

from sandgate import sweeping
from sandgate.config.load import load
from sandgate.ledger.book import read_state
from sandgate.run import Run
from sandgate.session import cache_directory
from sandgate.tiers._venv import emulator_python

SERVICES = ("dynamodb", "iam", "s3", "sns", "sqs", "sts")
REGION = "eu-west-1"
TABLE = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}

_JSON = '{"__type": "ThrottlingException", "message": "Rate exceeded"}'
_QUERY = """<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error>\
<RequestId>11111111-2222-3333-4444-555555555555</RequestId></ErrorResponse>"""
_S3 = """<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"""
ERRORS = {
    "dynamodb": (400, "application/x-amz-json-1.0", _JSON),
    "iam": (400, "text/xml", _QUERY),
    "s3": (503, "application/xml", _S3),
    "sns": (400, "text/xml", _QUERY),
    "sqs": (400, "application/x-amz-json-1.0", _JSON),
}
"""How each service says it: status, type and body."""


class Front(ThreadingHTTPServer):
    """Stands before an emulator, and lets through what it does not hold up."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, behind: int) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.behind = behind
        self.asked: defaultdict[str, Counter[bytes]] = defaultdict(Counter)
        """By service: which removals came, and how often."""
        self.slowed: set[tuple[str, bytes]] = set()
        """Service and removal."""
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Begin anew."""
        self.asked.clear()
        self.slowed.clear()

    def handle_error(self, *_: Any) -> None:
        """A gate may hang up; what it did not hear, the test notices."""

    def must_wait(self, service: str, removal: bytes) -> bool:
        """Whether it is one of three, and comes for the first time."""
        with self._lock:
            asked = self.asked[service]
            asked[removal] += 1
            slow = asked[removal] == 1 and len(asked) % 3 == 1
            if slow:
                self.slowed.add((service, removal))
            return slow


class _Passing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Front

    def do_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        scope = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/", self.headers.get("Authorization", ""))
        service = scope[1] if scope else ""
        removal = self._removal(body)
        if removal and self.server.must_wait(service, removal):
            status, kind, text = ERRORS[service]
            self._say(status, [("Content-Type", kind)], text.encode())
        else:
            self._pass(body)

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = do_any  # noqa: N815 - their names in http.server

    def _removal(self, body: bytes) -> bytes:
        """What is to be removed; empty where that is nothing."""
        target = self.headers.get("X-Amz-Target", "").partition(".")[2]
        action = re.search(rb"(?:^|&)Action=(\w+)", body)
        operation = target or (action[1].decode() if action else "")
        if operation.startswith(("Delete", "Detach", "Remove")):
            return operation.encode() + body
        return self.path.encode() if self.command == "DELETE" or self.path.endswith("?delete") else b""

    def _pass(self, body: bytes) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.behind, timeout=90)
        with contextlib.closing(connection):
            connection.request(self.command, self.path, body, dict(self.headers.items()))
            answer = connection.getresponse()
            hop = {"connection", "transfer-encoding", "content-length", "date", "server"}
            headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in hop]
            self._say(answer.status, headers, answer.read(), length=answer.getheader("Content-Length"))

    def _say(self, status: int, headers: list[tuple[str, str]], body: bytes, length: str | None = None) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        size = length if self.command == "HEAD" and length else str(len(body))
        if status != 204:
            self.send_header("Content-Length", size)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an emulator that outlives every run."""
    folder = tmp_path_factory.mktemp("upstream")
    config = load(cwd=Path.cwd(), environ={}, overrides={})
    program = emulator_python(cache_directory(config), config.ministack_version, print).with_name("ministack")
    port = free_port()
    quiet = {"IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0", "PERSIST_STATE": "0"}
    home = {"HOME": str(folder), "TMPDIR": str(folder)}
    environ = {"PATH": os.environ["PATH"], "GATEWAY_PORT": str(port), **home, **quiet}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([str(program)], env=environ, stdout=log, stderr=log, start_new_session=True)
    try:
        deadline = time.monotonic() + 120
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.02)
        yield port
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def front(ministack: int) -> Iterator[Front]:
    server = Front(ministack)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def direct(service: str, port: int) -> Any:
    """A client that goes around the gate and the front."""
    url = f"http://127.0.0.1:{port}"
    return boto3.client(
        service, endpoint_url=url, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test"
    )


def make(client: Callable[[str], Any]) -> int:
    """Three of each; how many that are."""
    place = {"LocationConstraint": REGION}
    names = [f"test-{number}" for number in range(3)]
    with ThreadPoolExecutor() as pool:
        calls = [
            *(partial(client("dynamodb").create_table, TableName=name, **TABLE) for name in names),
            *(partial(client("sqs").create_queue, QueueName=name) for name in names),
            *(partial(client("sns").create_topic, Name=name) for name in names),
            *(partial(client("iam").create_user, UserName=name) for name in names),
            *(partial(client("s3").create_bucket, Bucket=name, CreateBucketConfiguration=place) for name in names),
        ]
        for made in [pool.submit(call) for call in calls]:
            made.result()
    client("iam").create_access_key(UserName="test-0")
    client("s3").put_object(Bucket="test-0", Key="k", Body=b"x")
    return len(calls)


def left(port: int) -> list[str]:
    """What is there, by the emulator's own word."""
    return [
        *direct("dynamodb", port).list_tables()["TableNames"],
        *direct("sqs", port).list_queues().get("QueueUrls", []),
        *(topic["TopicArn"] for topic in direct("sns", port).list_topics()["Topics"]),
        *(user["UserName"] for user in direct("iam", port).list_users()["Users"]),
        *(bucket["Name"] for bucket in direct("s3", port).list_buckets()["Buckets"]),
    ]


def test_a_sweep_that_is_slowed_down_leaves_nothing(
    make_run: Callable[..., Any], front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"http://127.0.0.1:{front.server_port}"
    services = "".join(f'[tool.sandgate.endpoints.{service}]\nurl = "{url}"\n' for service in SERVICES)
    direct("sqs", front.behind).create_queue(QueueName="theirs")
    run: Run
    with make_run(f'tier = "endpoints"\nregion = "{REGION}"\n{services}') as run:
        for attempts in (sweeping._ATTEMPTS, 1):  # botocore comes again; where it has given up, the sweep does
            front.forget()
            monkeypatch.setattr(sweeping, "_ATTEMPTS", attempts)
            count = make(run.clients())
            swept = sweeping.sweep(run)
            assert (swept.left, len(swept.removed)) == ((), count)
            assert not read_state(run.directory / "ledger.jsonl").alive
            assert [name.rpartition("/")[2] for name in left(front.behind)] == ["theirs"]
            assert {service for service, _ in front.slowed} == set(ERRORS)
            assert {front.asked[service][removal] >= 2 for service, removal in front.slowed} == {True}
