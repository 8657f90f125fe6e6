"""Requests that cannot be read are a 4xx in the service's protocol: never a 500, a hang or a traceback."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandgate.run import Run

JSON = {"Content-Type": "application/x-amz-json-1.0"}
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
CBOR = {"Content-Type": "application/cbor", "Smithy-Protocol": "rpc-v2-cbor"}
GET_ITEM = {**JSON, "X-Amz-Target": "DynamoDB_20120810.GetItem"}
GRANITE = "/service/GraniteServiceVersion20100801/operation"
DEEP = b'{"A":' * 20_000

# name: service, method, path, headers, body, status, what tells the protocol of the answer
BROKEN: dict[str, tuple[str, str, str, dict[str, str], bytes, int, str]] = {
    "json: no JSON": ("dynamodb", "POST", "/", GET_ITEM, b"{", 400, "json"),
    "json: no object": ("dynamodb", "POST", "/", GET_ITEM, b"[]", 400, "json"),
    "json: no UTF-8": (
        "dynamodb", "POST", "/", GET_ITEM, b'{"a":"\xff"}', 400, "json",
    ),
    "json: nested deeply": (
        "dynamodb", "POST", "/", {**JSON, "X-Amz-Target": "DynamoDB_20120810.PutItem"}, DEEP, 400, "json",
    ),
    "json: member twice": (
        "dynamodb", "POST", "/", GET_ITEM,
        b'{"TableName":"test-a","TableName":"other"}', 400, "json",
    ),
    "json: wrong type": (
        "dynamodb", "POST", "/", GET_ITEM, b'{"TableName":{"a":1}}', 400,
        "json",
    ),
    "json: unknown operation": (
        "dynamodb", "POST", "/", {**JSON, "X-Amz-Target": "DynamoDB_20120810.Explode"}, b"{}", 400, "json",
    ),
    "json: unknown target": ("dynamodb", "POST", "/", {**JSON, "X-Amz-Target": "Nothing.GetItem"}, b"{}", 400, "json"),
    "json: no target": ("dynamodb", "POST", "/", JSON, b"{}", 400, "json"),
    "json: target of another service": (
        "dynamodb", "POST", "/", {**JSON, "X-Amz-Target": "AmazonSQS.ListQueues"}, b"{}", 400, "json",
    ),
    "query: no action": ("sns", "POST", "/", FORM, b"Version=2010-03-31", 400, "xml"),
    "query: unknown action": ("sns", "POST", "/", FORM, b"Action=Explode&Version=2010-03-31", 400, "xml"),
    "query: no UTF-8": ("sns", "POST", "/", FORM, b"Action=CreateTopic&Name=%FF", 400, "xml"),
    "query: key twice": ("sns", "POST", "/", FORM, b"Action=CreateTopic&Name=a&Name=b&Version=2010-03-31", 400, "xml"),
    "ec2: unknown action": ("ec2", "POST", "/", FORM, b"Action=Explode&Version=2016-11-15", 400, "xml"),
    "rest-json: unknown path": ("lambda", "GET", "/2015-03-31/nothing", {}, b"", 404, "json"),
    "rest-json: no JSON": ("lambda", "POST", "/2015-03-31/functions", {}, b"{", 400, "json"),
    "rest-xml: no XML": ("s3", "PUT", "/test-b?tagging", {}, b"<Tagging>", 400, "xml"),
    "rest-xml: entities": (
        "s3", "PUT", "/test-b?tagging", {}, b'<!DOCTYPE a [<!ENTITY b "c">]><Tagging>&b;</Tagging>', 400, "xml",
    ),
    "rest-xml: unknown subresource": ("s3", "PUT", "/test-b?explode", {}, b"", 400, "xml"),
    "rest-xml: bad escape": ("s3", "GET", "/test-b/%ff", {}, b"", 400, "xml"),
    "cbor: no CBOR": ("monitoring", "POST", f"{GRANITE}/PutMetricData", CBOR, b"\xff\x00", 400, "cbor"),
    "cbor: unknown operation": ("monitoring", "POST", f"{GRANITE}/Explode", CBOR, b"\xa0", 404, "cbor"),
    "unknown service": ("nosuchservice", "POST", "/", JSON, b"{}", 400, ""),
    "unsigned and unknown": ("", "GET", "/latest/meta-data/", {}, b"", 403, ""),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_malformed_requests_are_client_errors_in_the_protocol(raw: Any, name: str) -> None:
    service, method, path, headers, body, status, kind = BROKEN[name]
    if service:
        data = raw.signed(method, path, service=service, headers=headers, body=body)
    else:
        data = f"{method} {path} HTTP/1.1\r\nHost: {raw.host}\r\n\r\n".encode()
    answer = raw.answer(data)
    assert answer.status == status, answer
    assert kind in answer.headers["content-type"], answer
    assert b"Traceback" not in answer.body


@pytest.mark.parametrize(
    "wrong", ["AWS4-HMAC-SHA256 nonsense", "AWS4-ECDSA-P256-SHA256 Credential=a/b/c", "AWS a:b", "AWS4-HMAC-SHA256"]
)
def test_unreadable_signatures_are_client_errors(raw: Any, wrong: str) -> None:
    head = f"POST / HTTP/1.1\r\nHost: {raw.host}\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\n"
    head += f"Content-Type: application/x-amz-json-1.0\r\nAuthorization: {wrong}\r\nContent-Length: 2\r\n\r\n"
    answer = raw.answer(head.encode() + b"{}")
    assert 400 <= answer.status < 404, answer
    assert "json" in answer.headers["content-type"]


def test_sigv4a_is_refused_with_a_remedy(raw: Any) -> None:
    authorization = "AWS4-ECDSA-P256-SHA256 Credential=a/20260101/s3/aws4_request, SignedHeaders=host, Signature=00"
    head = f"GET /test-b/k HTTP/1.1\r\nHost: {raw.host}\r\nX-Amz-Region-Set: *\r\nAuthorization: {authorization}\r\n"
    answer = raw.answer(f"{head}X-Amz-Content-Sha256: UNSIGNED-PAYLOAD\r\n\r\n".encode())
    assert answer.status == 400
    assert b"SigV4A" in answer.body
    assert b"configure the client for SigV4" in answer.body


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(min_size=1, max_size=400))
def test_arbitrary_bytes_get_a_client_error_or_nothing(raw: Any, data: bytes) -> None:
    answer = raw.everything(data)
    assert not answer or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 505", b"HTTP/1.1 501")), answer


_METHODS = st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH"])
_TEXT = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=40)
_NAMES = st.sampled_from(
    ["X-Amz-Target", "Authorization", "Content-Type", "X-Amz-Date", "X-Amz-Content-Sha256", "Expect", "Range", "Origin",
     "X-Amz-Decoded-Content-Length", "Content-Encoding", "Smithy-Protocol", "X-Amz-Security-Token", "Cookie"],
)  # fmt: skip
_VALUES = st.one_of(
    _TEXT,
    st.sampled_from(
        ["DynamoDB_20120810.GetItem", "AWS4-HMAC-SHA256 ", "application/x-www-form-urlencoded", "multipart/form-data",
         "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "aws-chunked", "gzip", "rpc-v2-cbor", "application/x-amz-json-1.1"],
    ),
)  # fmt: skip


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=_METHODS,
    path=_TEXT,
    query=_TEXT,
    headers=st.dictionaries(_NAMES, _VALUES, max_size=5),
    body=st.binary(max_size=200),
)
def test_arbitrary_requests_get_a_client_error(
    raw: Any, method: str, path: str, query: str, headers: dict[str, str], body: bytes
) -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"{method} /{path}?{query} HTTP/1.1\r\nHost: {raw.host}\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
    answer = raw.answer(head.encode() + body)
    assert 400 <= answer.status < 500, answer


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    service=st.sampled_from(["dynamodb", "sns", "s3", "lambda", "sqs", "cognito-idp", "cloudwatch", "ec2", "nothing"]),
    method=_METHODS,
    headers=st.dictionaries(st.sampled_from(["X-Amz-Target", "Content-Type", "Content-Encoding"]), _VALUES, max_size=3),
    body=st.binary(max_size=100),
)
def test_arbitrary_signed_requests_do_not_break_the_gate(
    raw: Any, service: str, method: str, headers: dict[str, str], body: bytes
) -> None:
    answer = raw.answer(raw.signed(method, "/test-fuzz", service=service, headers=headers, body=body))
    # What the models allow goes on to the emulator, whose answers are its own; the gate's own 5xx says so.
    assert b"sandgate failed" not in answer.body


def test_nothing_of_this_hurt_the_gate(run: Run, clients: Any) -> None:
    assert "TableNames" in clients("dynamodb").list_tables()
    log = (run.directory / "gate.log").read_text(encoding="utf-8")
    assert "Traceback" not in log
    assert "bug" not in log
