"""What the gate promises of one call, each promise alone: what it lets through, what it writes down, what it keeps."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.auth import S3SigV4PostAuth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sandgate.core.call import Decision
from sandgate.gate.seen import Seen
from sandgate.tiers._model import FunctionSession
from sandgate.wire.signing.credential import Credential

PUT = "DynamoDB_20120810.PutItem"
ITEM = {"TableName": "test-t", "Item": {"id": {"S": "private-data"}}}
Refused = Callable[[bytes], Any]


# -- keys and signatures ----------------------------------------------------------------------------------------------


def test_a_call_goes_on_signed_with_the_real_key(gate: Any, real: Mapping[str, Credential]) -> None:
    assert gate.send(gate.json(PUT, ITEM)).status == 200
    (visit,) = gate.upstream.visits
    claimed = visit.headers["authorization"]
    assert "Credential=AKIDREALIDENTITY/" in claimed
    assert gate.key.access_key not in str(visit)
    signed = re.findall(r"SignedHeaders=([^,]+)", claimed)[0].split(";")
    again = AWSRequest("POST", "http://upstream.example/", {n: visit.headers[n] for n in signed}, visit.body)
    again.context["timestamp"] = visit.headers["x-amz-date"]
    signer = SigV4Auth(Credentials("AKIDREALIDENTITY", real["identity"].secret_access_key), "dynamodb", "eu-west-1")
    text = signer.string_to_sign(again, signer.canonical_request(again))
    assert claimed.endswith(f"Signature={signer.signature(text, again)}")


@pytest.mark.parametrize("key", ["test", "000000000000", "AKIAIOSFODNN7EXAMPLE", "SGATEAAAAAAAAAAAAAAA"])
def test_a_key_that_the_gate_did_not_issue_is_refused(gate: Any, refused: Refused, key: str) -> None:
    answer = refused(gate.json(PUT, ITEM, key=Credentials(key, "test")))
    assert (answer.status, "unknown-key" in answer.text) == (403, True)


def test_the_real_key_itself_is_refused(gate: Any, refused: Refused, real: Mapping[str, Credential]) -> None:
    key = real["identity"]
    refused(gate.json(PUT, ITEM, key=Credentials(key.access_key_id, key.secret_access_key)))


def test_a_header_signature_is_verified(gate: Any, refused: Refused) -> None:
    answer = refused(gate.json(PUT, ITEM, key=Credentials(gate.key.access_key, "another secret")))
    assert answer.status == 403


def _presigned(gate: Any, secret: str = "") -> bytes:
    request = AWSRequest("GET", f"{gate.url}/test-b/k", {}, b"")
    key = Credentials(gate.key.access_key, secret or gate.key.secret_key)
    S3SigV4QueryAuth(key, "s3", "eu-west-1", expires=60).add_auth(request)
    return bytes(gate.raw("GET", str(request.url).removeprefix(gate.url), {}))


def test_a_presigned_url_is_verified_and_signed_anew(gate: Any) -> None:
    assert gate.send(_presigned(gate)).status == 200
    (visit,) = gate.upstream.visits
    assert visit.target == "/test-b/k"
    assert "Credential=AKIDREALIDENTITY/" in visit.headers["authorization"]


def test_a_presigned_url_of_another_secret_is_refused(gate: Any, refused: Refused) -> None:
    assert refused(_presigned(gate, secret="another secret")).status == 403


@pytest.mark.parametrize(("seconds", "status"), [(50, 200), (70, 403)])
def test_a_presigned_url_expires(gate: Any, monkeypatch: pytest.MonkeyPatch, seconds: int, status: int) -> None:
    then = datetime.now(UTC) - timedelta(seconds=seconds)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: then)
    assert gate.send(_presigned(gate)).status == status
    assert len(gate.upstream.visits) == (status == 200)


def _form(gate: Any, secret: str) -> bytes:
    request = AWSRequest("POST", f"{gate.url}/test-b", {}, b"")
    fields = {"key": "k"}
    conditions: list[Any] = [{"bucket": "test-b"}, ["starts-with", "$key", ""]]
    expires = datetime.fromtimestamp(time.time() + 60, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    request.context["s3-presign-post-fields"] = fields
    request.context["s3-presign-post-policy"] = {"expiration": expires, "conditions": conditions}
    S3SigV4PostAuth(Credentials(gate.key.access_key, secret), "s3", "eu-west-1").add_auth(request)
    parts = [f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items()]
    file = '--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\ndata\r\n--b--\r\n'
    body = ("".join(parts) + file).encode()
    return bytes(gate.raw("POST", "/test-b", {"Content-Type": "multipart/form-data; boundary=b"}, body))


def test_a_form_is_verified_and_signed_anew(gate: Any) -> None:
    assert gate.send(_form(gate, gate.key.secret_key)).status == 200
    (visit,) = gate.upstream.visits
    assert b"AKIDREALIDENTITY" in visit.body
    assert gate.key.access_key.encode() not in visit.body


def test_a_form_of_another_secret_is_refused(gate: Any, refused: Refused) -> None:
    assert refused(_form(gate, "another secret")).status == 403


@pytest.mark.parametrize("size", [10, 300_000])
def test_a_body_other_than_the_signed_one_never_arrives_whole(gate: Any, refused: Refused, size: int) -> None:
    data = gate.signed("PUT", "/test-b/k", service="s3", body=b"a" * size, send=b"a" * (size - 1) + b"b")
    assert b"XAmzContentSHA256Mismatch" in refused(data).body


def test_a_held_body_other_than_the_signed_one_is_refused(gate: Any, refused: Refused) -> None:
    assert refused(gate.json(PUT, ITEM, send=b'{"TableName":"test-other"}')).status == 403


def test_an_unsigned_call_to_a_signed_operation_is_refused(gate: Any, refused: Refused) -> None:
    headers = {"X-Amz-Target": PUT, "Content-Type": "application/x-amz-json-1.0"}
    answer = refused(gate.raw("POST", "/", headers, b'{"TableName":"test-t","Item":{}}'))
    assert (answer.status, "rule unsigned" in answer.text) == (403, True)


SIGN_UP = {"X-Amz-Target": "AWSCognitoIdentityProviderService.SignUp", "Content-Type": "application/x-amz-json-1.1"}
PERSON = b'{"ClientId":"client","Username":"u","Password":"Password-1!"}'


def test_an_unsigned_operation_goes_on_unsigned(gate: Any) -> None:
    assert gate.send(gate.raw("POST", "/", SIGN_UP, PERSON)).status == 200
    assert "authorization" not in gate.upstream.visits[0].headers


def test_an_unsigned_operation_reaches_only_what_the_run_has_seen(gate: Any, refused: Refused) -> None:
    gate.parts.seen = Seen(everything=False)
    assert "not-of-this-run" in refused(gate.raw("POST", "/", SIGN_UP, PERSON)).text


def test_a_signature_is_no_right_to_a_pool_of_somebody_else(gate: Any, refused: Refused) -> None:
    gate.parts.seen = Seen(everything=False)
    signed = gate.json(SIGN_UP["X-Amz-Target"], json.loads(PERSON), service="cognito-idp")
    assert "not-of-this-run" in refused(signed).text


def test_a_route_reaches_only_what_the_run_has_seen(gate: Any, refused: Refused) -> None:
    gate.parts.seen = Seen(everything=False)
    assert refused(gate.raw("GET", "/_aws/execute-api/abc/prod/users", {})).status == 403


def test_a_function_of_the_upstream_keeps_its_own_signature(gate: Any) -> None:
    own = Credential("ASIAFUNCTION", "derived", "token")
    gate.upstream.function = FunctionSession(credential=own, function="f", role="r")
    data = gate.json(PUT, ITEM, key=Credentials("ASIAFUNCTION", "derived", "token"))
    assert gate.send(data).status == 200
    (visit,) = gate.upstream.visits
    assert "Credential=ASIAFUNCTION/" in visit.headers["authorization"]
    assert visit.headers["host"] == gate.host


def test_a_function_with_another_secret_is_refused(gate: Any, refused: Refused) -> None:
    own = Credential("ASIAFUNCTION", "derived", "token")
    gate.upstream.function = FunctionSession(credential=own, function="f", role="r")
    refused(gate.json(PUT, ITEM, key=Credentials("ASIAFUNCTION", "guessed", "token")))


# -- credentials in answers -------------------------------------------------------------------------------------------

MINTED = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><AssumedRoleUser>
<Arn>arn:aws:sts::000000000000:assumed-role/test-r/s</Arn><AssumedRoleId>X:s</AssumedRoleId></AssumedRoleUser><Credentials>
<AccessKeyId>ASIAREALMINTED</AccessKeyId><SecretAccessKey>minted+secret</SecretAccessKey>
<SessionToken>minted+token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult>
</AssumeRoleResponse>"""


def test_minted_credentials_stay_in_the_gate(gate: Any) -> None:
    reply = f"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {len(MINTED)}\r\n\r\n{MINTED}"
    gate.upstream.reply, plain = reply.encode(), gate.upstream.reply
    arn = "arn%3Aaws%3Aiam%3A%3A000000000000%3Arole%2Ftest-r"
    answer = gate.send(gate.query("AssumeRole", "sts", "2011-06-15", RoleArn=arn, RoleSessionName="s"))
    assert answer.status == 200
    assert "ASIAREALMINTED" not in answer.text
    assert "minted+" not in answer.text
    found = dict(re.findall(r"<(AccessKeyId|SecretAccessKey|SessionToken)>([^<]+)<", answer.text))
    gate.upstream.reply = plain
    assert gate.send(gate.json(PUT, ITEM, key=Credentials(*found.values()))).status == 200
    visit = gate.upstream.visits[-1]
    assert "Credential=ASIAREALMINTED/" in visit.headers["authorization"]
    assert visit.headers["x-amz-security-token"] == "minted+token"
    assert "minted+" not in gate.events.read_text()
    del found["SessionToken"]
    assert gate.send(gate.json(PUT, ITEM, key=Credentials(*found.values()))).status == 403
    assert gate.upstream.visits[-1] is visit


def test_an_address_to_call_back_names_the_gate(gate: Any) -> None:
    body = '{"QueueUrl":"https://sqs.eu-west-1.amazonaws.com/000000000000/test-q"}'
    headers = f"Content-Type: application/x-amz-json-1.0\r\nContent-Length: {len(body)}"
    gate.upstream.reply = f"HTTP/1.1 200 OK\r\n{headers}\r\n\r\n{body}".encode()
    answer = gate.send(gate.json("AmazonSQS.CreateQueue", {"QueueName": "test-q"}, service="sqs"))
    assert answer.body.decode() == f'{{"QueueUrl":"{gate.url}/000000000000/test-q"}}'


def test_an_address_that_needs_no_key_names_the_workers_port(gate: Any) -> None:
    body = '{"apiEndpoint":"https://abc123.execute-api.eu-west-1.amazonaws.com"}'
    headers = f"Content-Type: application/json\r\nContent-Length: {len(body)}"
    gate.upstream.reply = f"HTTP/1.1 200 OK\r\n{headers}\r\n\r\n{body}".encode()
    asked = gate.signed("GET", "/v2/apis/abc123", service="apigateway")
    for worker in ("gw0", "main"):
        answer = gate.send(asked, worker)
        assert answer.body.decode() == f'{{"apiEndpoint":"{gate.parts.urls[worker]}/_aws/execute-api/abc123"}}'


# -- what is understood and decided -----------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["DynamoDB_20120810.Explode", "Nothing.PutItem", "AmazonSQS.ListQueues", ""])
def test_an_unknown_operation_is_refused(gate: Any, refused: Refused, target: str) -> None:
    refused(gate.json(target, {}))


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"TableName":"test-t","TableName":"other"}', b'{"TableName":{}}'])
def test_a_request_that_cannot_be_read_is_refused(gate: Any, refused: Refused, body: bytes) -> None:
    headers = {"X-Amz-Target": PUT, "Content-Type": "application/x-amz-json-1.0"}
    refused(gate.signed("POST", "/", service="dynamodb", headers=headers, body=body))


def test_what_is_decided_is_done(gate: Any, refused: Refused) -> None:
    no = Decision(allowed=False, rule="outside", value="test-t", source="a file", remedy="a line")
    gate.parts.decide = lambda call: replace(no, value=f"{call.service}:{call.operation}")
    answer = refused(gate.json(PUT, ITEM))
    assert answer.status == 403
    assert "AccessDeniedException" in answer.text
    assert all(word in answer.text for word in ("rule outside", "dynamodb:PutItem", "a file", "a line"))
    (event,) = gate.recorded()
    assert (event["event"], event["rule"], event["operation"]) == ("refused", "outside", "PutItem")


def test_a_service_that_the_tier_does_not_have_is_refused(gate: Any, refused: Refused) -> None:
    gate.upstream.refuses = True
    assert "no-endpoint" in refused(gate.json(PUT, ITEM)).text


INTERNAL = ["/_ministack/reset", "/%5fministack/reset", "//_MINISTACK/config", "/_localstack/health"]


@pytest.mark.parametrize("path", INTERNAL)
def test_paths_of_the_emulator_itself_are_refused(gate: Any, refused: Refused, path: str) -> None:
    refused(gate.signed("POST", path, service="s3"))


def test_a_body_over_the_limit_is_refused(gate: Any, refused: Refused) -> None:
    large = {"TableName": "test-t", "Item": {"id": {"S": "x" * (1 << 20)}}}
    answer = refused(gate.json(PUT, large))
    assert (answer.status, "body_limit" in answer.text) == (413, True)


# -- the connection ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1:1", "127.0.0.1"])
def test_another_host_is_refused(gate: Any, refused: Refused, host: str) -> None:
    assert refused(gate.raw("GET", "/", {"Host": host})).status == 400


@pytest.mark.parametrize("header", ["Authorization", "X-Amz-Target", "Content-Type", "X-Amz-Content-Sha256"])
def test_a_header_that_decides_something_comes_once(gate: Any, refused: Refused, header: str) -> None:
    twice = f"\r\n{header}: a\r\n{header.lower()}: b\r\n\r\n".encode()
    data = gate.raw("GET", "/", {}).replace(b"\r\n\r\n", twice, 1)
    assert "is repeated" in refused(data).text


@pytest.mark.parametrize("target", ["http://s3.amazonaws.com/b", "/a#b"])
def test_another_form_of_target_is_refused(gate: Any, refused: Refused, target: str) -> None:
    assert refused(gate.raw("GET", target, {})).status == 400


def test_the_gate_adds_no_cors_header(gate: Any) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answers = [gate.send(gate.raw("OPTIONS", "/", asked)), gate.send(gate.raw("GET", "/", asked))]
    headers = {"X-Amz-Target": PUT, "Content-Type": "application/x-amz-json-1.0", **asked}
    answers.append(gate.send(gate.signed("POST", "/", service="dynamodb", headers=headers, body=b"{}")))
    assert [name for answer in answers for name in answer.headers if name.startswith("access-control-")] == []


def test_an_upstream_borrows_no_socket_by_itself(gate: Any) -> None:
    """Only an emulator of the gate's own is told that it may; a field of any other is a field."""
    gate.upstream.reply = b"HTTP/1.1 200 OK\r\nx-sandgate-waits: 00 5\r\nContent-Length: 2\r\n\r\n{}"
    answer = gate.send(gate.signed("GET", "/test-b/key", service="s3"))
    assert (answer.status, answer.body, answer.headers["x-sandgate-waits"]) == (200, b"{}", "00 5")
    assert "x-sandgate-lends" not in gate.upstream.visits[-1].headers


def test_no_client_says_that_the_gate_lends(gate: Any) -> None:
    found = gate.send(gate.raw("GET", "/test-b/key", {"X-Sandgate-Lends": "1"}))
    assert (found.status, found.body) == (400, b"sandgate: header x-sandgate-lends is for the gate to set\n")


def test_a_redirect_is_the_clients_to_follow(gate: Any) -> None:
    location = "https://other.example/"
    gate.upstream.reply = f"HTTP/1.1 307 Go\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
    answer = gate.send(gate.json(PUT, ITEM))
    assert (answer.status, answer.headers["location"]) == (307, location)
    assert len(gate.upstream.visits) == 1


def test_fields_of_the_clients_connection_stay_there(gate: Any) -> None:
    headers = {"X-Amz-Target": PUT, "Content-Type": "application/x-amz-json-1.0"}
    data = gate.signed("POST", "/", service="dynamodb", headers=headers, body=b'{"TableName":"t","Item":{}}')
    data = data.replace(b"\r\n\r\n", b"\r\nTE: trailers\r\nProxy-Authorization: Basic secret\r\n\r\n", 1)
    assert gate.send(data).status == 200
    assert {"te", "proxy-authorization"}.isdisjoint(gate.upstream.visits[0].headers)


# -- what is written down ---------------------------------------------------------------------------------------------


def test_the_event_is_written_before_the_call_goes_out(gate: Any) -> None:
    gate.send(gate.json(PUT, ITEM))
    (visit,) = gate.upstream.visits
    assert '"event":"call"' in visit.events
    assert '"operation":"PutItem"' in visit.events
    assert [event["event"] for event in gate.recorded()] == ["call", "done"]


def test_what_cannot_be_written_does_not_go_out(gate: Any, refused: Refused) -> None:
    gate.log.failed = "no space left on device"
    answer = refused(gate.json(PUT, ITEM))
    assert all(word in answer.text for word in ("not-recorded", "no space left on device"))


def test_only_what_was_answered_counts_as_reached(gate: Any) -> None:
    gate.upstream.reply = b"nonsense\r\n\r\n"
    assert gate.send(gate.json(PUT, ITEM)).status == 503
    assert [event.get("reached") for event in gate.recorded()] == [None, False]


def test_no_query_header_or_body_is_written(gate: Any) -> None:
    gate.send(gate.json(PUT, ITEM))
    gate.send(_presigned(gate))
    gate.send(gate.raw("POST", "/", SIGN_UP, PERSON))
    written = gate.events.read_text()
    words = ("private-data", "Password-1", "Signature", "X-Amz-", gate.key.access_key, gate.key.secret_key)
    assert [word for word in words if word in written] == []
    assert written.count('"event":"call"') == 3
    assert '"parameters"' not in written, "not even masked, unless they are asked for"


def test_the_text_of_a_bug_is_neither_logged_nor_answered(gate: Any, caplog: pytest.LogCaptureFixture) -> None:
    def broken(_call: object) -> Decision:
        raise RuntimeError("quotes a secret")

    gate.parts.decide = broken
    answer = gate.send(gate.json(PUT, ITEM))
    assert answer.status == 500
    assert "quotes a secret" not in answer.text + caplog.text
    assert "RuntimeError at broken" in caplog.text


def test_a_refused_key_is_not_shown_whole(gate: Any, refused: Refused) -> None:
    key = "AKIA" + hashlib.sha256(b"").hexdigest()[:16].upper()
    answer = refused(gate.json(PUT, ITEM, key=Credentials(key, "x")))
    assert key not in answer.text + gate.events.read_text()
