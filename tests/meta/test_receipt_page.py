"""The reference of receipt and events lists every field that a run writes, and no other."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "receipt.md"
TEST = """
import json, os, socket, ssl, boto3, pytest, requests
from base64 import b64encode
from urllib.parse import urlsplit
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError

def test_it(namespace, expect_denied, faults):
    dynamodb = boto3.client("dynamodb")
    with pytest.raises(ClientError):
        dynamodb.describe_table(TableName=namespace.table("none"))
    with expect_denied("dynamodb:ListTables"):
        boto3.client("dynamodb", config=Config(signature_version=UNSIGNED)).list_tables()
    faults.throttle("sqs", "CreateQueue")
    sqs = boto3.client("sqs")
    seal = {"Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": seal})
    url = sqs.create_queue(QueueName=namespace.queue("sealed"), Attributes={"Policy": policy})["QueueUrl"]
    with pytest.raises(ClientError):
        sqs.send_message(QueueUrl=url, MessageBody="x")
    sqs.delete_queue(QueueUrl=url)
    elsewhere = boto3.client("sqs", endpoint_url="http://127.0.0.1:9", config=Config(retries={"max_attempts": 1}))
    with pytest.raises(EndpointConnectionError):
        elsewhere.list_queues()
    with pytest.raises(requests.exceptions.ProxyError):
        requests.get("https://example.org/")
    proxy = urlsplit(os.environ["HTTPS_PROXY"])
    login = b64encode(f"{proxy.username}:{proxy.password}".encode()).decode()
    with socket.create_connection((proxy.hostname, proxy.port)) as sock:
        head = f"CONNECT sqs.amazonaws.com:443 HTTP/1.1\\r\\nProxy-Authorization: Basic {login}"
        sock.sendall(f"{head}\\r\\n\\r\\n".encode())
        assert sock.recv(4096).startswith(b"HTTP/1.1 200 ")
        with pytest.raises(ssl.SSLCertVerificationError):
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).wrap_socket(sock, server_hostname="sqs.amazonaws.com")
    with socket.create_server(("127.0.0.1", 0)) as other:
        with socket.create_connection((proxy.hostname, proxy.port)) as sock:
            head = f"CONNECT localhost:{other.getsockname()[1]} HTTP/1.1\\r\\nProxy-Authorization: Basic {login}"
            sock.sendall(f"{head}\\r\\n\\r\\n".encode())
            assert sock.recv(4096).startswith(b"HTTP/1.1 200 ")
"""


@pytest.fixture(scope="module")
def documented() -> dict[str, set[str]]:
    """Section of the page to the fields in its table."""
    found: dict[str, set[str]] = {}
    section = ""
    for line in PAGE.read_text().splitlines():
        if line.startswith("#"):
            section = line.lstrip("# ")
        elif row := re.match(r"\| `(\w+)` \|", line):
            found.setdefault(section, set()).add(row[1])
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a run in which everything happens once."""
    project = tmp_path_factory.mktemp("project")
    (project / "pyproject.toml").write_text(
        '[tool.sandgate]\npaths = ["."]\nrecord_params = true\non_elsewhere = "report"\negress = ["localhost"]\n'
    )
    (project / "test_it.py").write_text(TEST)
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "SANDGATE_"))}
    command = [sys.executable, "-m", "sandgate", "run", "--", sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=project, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next((project / ".sandgate" / "runs").iterdir())


def test_the_receipt_is_documented(folder: Path, documented: dict[str, set[str]]) -> None:
    assert set(json.loads((folder / "receipt.json").read_text())) == documented["receipt.json"]


def test_every_event_is_documented(folder: Path, documented: dict[str, set[str]]) -> None:
    written: dict[str, set[str]] = {}
    event: dict[str, Any]
    for event in map(json.loads, (folder / "events.jsonl").read_text().splitlines()):
        written.setdefault(event["event"], set()).update(event)
    assert written == {name: fields for name, fields in documented.items() if name != "receipt.json"}
