"""The event log: every call before it is forwarded and after it is answered, and never a secret or a query."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from sandgate.run import Run

CANARY = "canaryNeverWritten7f3a"


def _events(run: Run) -> list[dict[str, Any]]:
    run.status()  # an answer is sent before its event is written, and both before a later question is answered
    return [json.loads(line) for line in (run.directory / "events.jsonl").read_text(encoding="utf-8").splitlines()]


def _written(run: Run) -> str:
    return "".join(
        path.read_text(encoding="utf-8", errors="replace") for path in run.directory.rglob("*") if path.is_file()
    )


def test_every_call_is_begun_and_ended(run: Run, clients: Any) -> None:
    clients("sns").create_topic(Name="test-events")
    with pytest.raises(ClientError):
        clients("sns").get_topic_attributes(TopicArn=f"arn:aws:sns:{run.region}:000000000000:test-nothing")
    events = _events(run)
    begun = {event["id"]: event for event in events if event["event"] == "call"}
    ended = {event["id"]: event for event in events if event["event"] == "done"}
    assert begun.keys() == ended.keys()
    create = next(event for event in begun.values() if event["operation"] == "CreateTopic")
    assert create["service"] == "sns"
    assert create["region"] == run.region
    assert (create["principal"], create["worker"]) == ("identity", "main")
    assert create["resources"] == ["AWS::SNS::Topic:test-events"]
    done = ended[create["id"]]
    assert done["status"] == 200
    assert done["ms"] > 0
    assert done["in"] > 0
    assert done["out"] > 0
    failed = next(event for event in begun.values() if event["operation"] == "GetTopicAttributes")
    assert ended[failed["id"]]["status"] >= 400
    assert ended[failed["id"]]["error"]


def test_calls_carry_the_test_and_the_worker(run: Run) -> None:
    run.set_test("tests/test_a.py::test_b", worker="gw1")
    run.clients("gw1")("sts").get_caller_identity()
    call = [event for event in _events(run) if event.get("operation") == "GetCallerIdentity"][-1]
    assert call["worker"] == "gw1"
    assert call["test"] == "tests/test_a.py::test_b"


def test_unsigned_requests_are_attributed_by_their_port(run: Run) -> None:
    url = run.facts("gw2").gate_url
    assert url != run.gate_url
    requests.get(f"{url}/_aws/execute-api/abc123/prod/users", timeout=60)
    call = [event for event in _events(run) if event.get("operation") == "Invoke"][-1]
    assert (call["service"], call["principal"], call["worker"]) == ("execute-api", "anonymous", "gw2")


def test_neither_secrets_nor_queries_are_written(make_run: Any, make_raw: Any) -> None:
    with make_run() as run:
        secrets = run.clients()("secretsmanager")
        secrets.create_secret(Name="test-secret", SecretString=CANARY)
        s3 = run.clients()("s3")
        s3.create_bucket(Bucket="test-events")
        s3.put_object(Bucket="test-events", Key=f"{CANARY}-key", Body=CANARY.encode(), Metadata={"a": CANARY})
        s3.list_objects_v2(Bucket="test-events", Prefix=CANARY)
        url = s3.generate_presigned_url("get_object", Params={"Bucket": "test-events", "Key": "x"})
        requests.get(url + "&x-amz-meta-a=" + CANARY, timeout=60)
        raw = make_raw(run)
        for broken in (
            f"GET /{CANARY}?{CANARY} HTTP/1.1\r\nHost: {CANARY}\r\n\r\n",
            f"GET /a b{CANARY} HTTP/1.1\r\nHost: {raw.host}\r\n\r\n",
            f"GET /{CANARY} HTTP/1.1\r\nHost: {raw.host}\r\nAuthorization: AWS4-HMAC-SHA256 {CANARY}\r\n\r\n",
            f"GET / HTTP/1.1\r\nHost: {raw.host}\r\nX-{CANARY}: {CANARY}\r\n folded\r\n\r\n",
            f"POST / HTTP/1.1\r\nHost: {raw.host}\r\nX-Amz-Target: DynamoDB_20120810.{CANARY}\r\n\r\n",
        ):
            raw.everything(broken.encode())
        keys = run.boto_session().get_credentials()
        written = _written(run)
        assert CANARY not in written
        assert keys.secret_key not in written
        assert "X-Amz-Signature" not in written
        assert "Credential=" not in written


def test_parameters_are_written_on_request_only_and_redacted(make_run: Any) -> None:
    with make_run("record_params = true") as run:
        run.clients()("secretsmanager").create_secret(Name="test-secret", SecretString=CANARY)
        run.clients()("dynamodb").list_tables(Limit=7)
        calls = {event.get("operation"): event for event in _events(run)}
        assert calls["ListTables"]["parameters"] == {"Limit": 7}
        assert calls["CreateSecret"]["parameters"]["Name"] == "test-secret"
        assert CANARY not in _written(run)


def test_the_log_belongs_to_its_user_alone(run: Run) -> None:
    assert (run.directory / "events.jsonl").stat().st_mode & 0o777 == 0o600
    assert run.directory.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(sys.platform != "linux", reason="another process's limits are set through prlimit(2)")
def test_a_call_that_cannot_be_written_down_is_refused(make_run: Any) -> None:
    import resource  # noqa: PLC0415 - not everywhere

    with make_run() as run:
        sns = run.clients()("sns")
        sns.create_topic(Name="test-before")
        pid = json.loads((run.directory / "run.json").read_text())["pid"]
        size = (run.directory / "events.jsonl").stat().st_size
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size + 20, resource.RLIM_INFINITY))
        with pytest.raises(ClientError) as caught:
            sns.create_topic(Name="test-after")
        assert caught.value.response["Error"]["Code"] == "AccessDenied"
        assert "not-recorded" in caught.value.response["Error"]["Message"]
        assert run.status()["broken"]
        with pytest.raises(ClientError):
            sns.list_topics()
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        lines = Path(run.directory / "events.jsonl").read_text(encoding="utf-8").splitlines()
        assert not any("test-after" in line and '"status"' in line for line in lines)
        leftovers = {left["name"] for left in run.leftovers()}
        assert not any("test-after" in name for name in leftovers), "it must not have reached upstream"
