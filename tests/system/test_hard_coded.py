"""Hosts of AWS in commands of whole runs: with the endpoint over TLS, isolated, and prepared before."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

PYTHON = sys.executable
SCRIPT = """
import json, os, urllib.error, urllib.request
import boto3

sqs = boto3.client("sqs")
name = f"test-{os.environ['SANDGATE_NAMESPACE']}-q"
url = sqs.create_queue(QueueName=name)["QueueUrl"]
at_aws = boto3.client("sqs", endpoint_url=f"https://sqs.{os.environ['AWS_REGION']}.amazonaws.com")
at_aws.send_message(QueueUrl=url, MessageBody="x")
sqs.delete_queue(QueueUrl=url)
options = open(os.environ["JAVA_TOOL_OPTIONS"].rpartition("=")[2]).read().splitlines()
java = dict(line.removeprefix("-D").split("=", 1) for line in options)
assert java["https.proxyPassword"] in os.environ["HTTPS_PROXY"]
assert os.path.getsize(java["javax.net.ssl.trustStore"]) > 100_000
try:
    urllib.request.urlopen("https://example.org/")
    said = "reached"
except urllib.error.URLError as error:
    said = str(error.reason)
if sqs.meta.endpoint_url.startswith("https"):
    import socket, ssl
    with socket.create_connection(("127.0.0.1", int(sqs.meta.endpoint_url.rpartition(":")[2]))) as sock:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).wrap_socket(sock.dup(), server_hostname="127.0.0.1")
        except ssl.SSLCertVerificationError:
            while sock.recv(4096):
                pass
print(json.dumps({"endpoint": sqs.meta.endpoint_url, "other": said}))
"""


def seen(project: Any, *flags: str) -> tuple[dict[str, str], Any]:
    """What the script says in a run, which must be green, and the run's receipt."""
    said = project.sandgate("run", *flags, "--", PYTHON, str(project.write("t.py", SCRIPT)))
    assert said.status == 0, said.err
    assert "egress   example.org 1 refused" in said.err
    left = {path.name for path in project.folder.glob(".sandgate/runs/*/*")}
    assert ("receipt.json" in left, {name for name in left if name.startswith("ca")}) == (True, set())
    return json.loads(said.out), project.receipt


def test_a_prepared_run_with_an_https_endpoint(project: Any) -> None:
    project.write("sandgate.toml", '[setup]\ncommands = ["env > prepared"]\n')
    (project.folder / "pyproject.toml").unlink()
    found, receipt = seen(project, "--endpoint", "https")
    assert found["endpoint"].startswith("https://127.0.0.1:")
    assert 'egress = ["example.org"]' in found["other"]
    assert receipt["handshakes"] == {"127.0.0.1": 1}
    assert (receipt["reached"], receipt["egress"]) == ({"sqs": 3}, {"example.org": {"refused": 1}})
    names = {line.partition("=")[0] for line in (project.folder / "prepared").read_text().splitlines()}
    assert "HOME" in names
    assert not {name for name in names if name.startswith("AWS_")}


def test_a_command_that_cannot_be_prepared_starts_no_gate(project: Any) -> None:
    project.write("pyproject.toml", '[tool.sandgate.setup]\ncommands = ["exit 3"]\n')
    said = project.sandgate("run", "--", "true")
    assert (said.status, "a set-up command ended with status 3: exit 3" in said.err) == (4, True)
    assert not (project.folder / ".sandgate").exists()


@pytest.mark.needs("bwrap")
@pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")
def test_an_isolated_command_has_the_proxy_and_no_more(project: Any) -> None:
    found, receipt = seen(project, "--isolate")
    assert 'egress = ["example.org"]' in found["other"]
    assert receipt["isolated"] is True
