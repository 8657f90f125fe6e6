"""A head that could mean two things is refused with a plain 400, and the gate goes on."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sandgate.run import Run

GET = b"GET / HTTP/1.1\r\n"

MALFORMED = {
    "absolute-form": (b"GET http://s3.amazonaws.com/b HTTP/1.1\r\nHost: %h\r\n\r\n", 400),
    "CONNECT": (b"CONNECT s3.amazonaws.com:443 HTTP/1.1\r\nHost: s3.amazonaws.com:443\r\n\r\n", 400),
    "asterisk-form": (b"OPTIONS * HTTP/1.1\r\nHost: %h\r\n\r\n", 400),
    "fragment": (b"GET /a#b HTTP/1.1\r\nHost: %h\r\n\r\n", 400),
    "target not ASCII": ("GET /é HTTP/1.1\r\nHost: %h\r\n\r\n".encode(), 400),
    "control in target": (b"GET /a\x01 HTTP/1.1\r\nHost: %h\r\n\r\n", 400),
    "space in target": (b"GET /a b HTTP/1.1\r\nHost: %h\r\n\r\n", 400),
    "no Host": (GET + b"\r\n", 400),
    "empty Host": (GET + b"Host:\r\n\r\n", 400),
    "two Hosts": (GET + b"Host: %h\r\nHost: evil.example\r\n\r\n", 400),
    "foreign Host": (GET + b"Host: evil.example\r\n\r\n", 400),
    "rebound Host": (GET + b"Host: localhost.evil.example:80\r\n\r\n", 400),
    "another port": (GET + b"Host: 127.0.0.1:1\r\n\r\n", 400),
    "folded line": (GET + b"Host: %h\r\nX-A: 1\r\n  2\r\n\r\n", 400),
    "space before colon": (GET + b"Host : %h\r\n\r\n", 400),
    "bare line feeds": (b"GET / HTTP/1.1\nHost: %h\n\n", 400),
    "bare carriage return": (GET + b"Host: %h\r\nX-A: a\rb\r\n\r\n", 400),
    "NUL in a value": (GET + b"Host: %h\r\nX-A: a\0b\r\n\r\n", 400),
    "name that is no token": (GET + b"Host: %h\r\nX(A: 1\r\n\r\n", 400),
    "length and coding": (
        b"POST / HTTP/1.1\r\nHost: %h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "coding and length": (
        b"POST / HTTP/1.1\r\nHost: %h\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        400,
    ),
    "two lengths": (b"POST / HTTP/1.1\r\nHost: %h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", 400),
    "list of lengths": (b"POST / HTTP/1.1\r\nHost: %h\r\nContent-Length: 1, 1\r\n\r\na", 400),
    "signed length": (b"POST / HTTP/1.1\r\nHost: %h\r\nContent-Length: +1\r\n\r\na", 400),
    "endless length": (b"POST / HTTP/1.1\r\nHost: %h\r\nContent-Length: 99999999999999999999999\r\n\r\na", 400),
    "other coding": (b"POST / HTTP/1.1\r\nHost: %h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    "coding twice": (b"POST / HTTP/1.1\r\nHost: %h\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400),
    "coding in 1.0": (b"POST / HTTP/1.0\r\nHost: %h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "HTTP/0.9": (b"GET /\r\n\r\n", 505),
    "HTTP/3.0": (b"GET / HTTP/3.0\r\nHost: %h\r\n\r\n", 400),
    "WebSocket": (GET + b"Host: %h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 400),
    "h2c": (
        GET + b"Host: %h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n",
        400,
    ),
    "unknown method": (b"BREW / HTTP/1.1\r\nHost: %h\r\n\r\n", 400),
    "no HTTP at all": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100), 400),
    "huge head": (GET + b"Host: %h\r\nX-A: " + b"a" * 70_000 + b"\r\n\r\n", 431),
    "endless head": (GET + b"Host: %h\r\nX-A: " + b"a" * 300_000, 431),
    "endless target": (b"GET /" + b"a" * 300_000, 431),
    "too many fields": (GET + b"Host: %h\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(300)) + b"\r\n", 431),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_ambiguous_or_malformed_heads_are_refused(raw: Any, name: str) -> None:
    data, status = MALFORMED[name]
    answer = raw.answer(data.replace(b"%h", raw.host.encode()))
    assert answer.status == status, answer
    assert "sandgate" in answer.body.decode() or "InvalidHost" in answer.body.decode()


@pytest.mark.parametrize("asked", ["HTTP/2", "WebSocket", "h2c", "CONNECT"])
def test_other_protocols_are_refused_with_a_remedy(raw: Any, asked: str) -> None:
    answer = raw.answer(MALFORMED[asked][0].replace(b"%h", raw.host.encode()))
    assert b"HTTP/1.1 only" in answer.body
    assert b"configure the client" in answer.body


ONCE = (
    "Authorization", "Content-Type", "Content-Encoding", "Expect", "Range", "X-Amz-Target", "X-Amz-Date",
    "X-Amz-Security-Token", "X-Amz-Content-Sha256", "X-Amz-Decoded-Content-Length", "X-Amz-Trailer",
    "X-Amz-Copy-Source", "Smithy-Protocol",
)  # fmt: skip


@pytest.mark.parametrize("header", ONCE)
def test_headers_that_decide_something_come_once(raw: Any, header: str) -> None:
    lines = f"{header}: a\r\n{header.lower()}: b\r\n"
    answer = raw.answer(f"GET / HTTP/1.1\r\nHost: {raw.host}\r\n{lines}\r\n".encode())
    assert answer.status == 400
    assert f"header {header.lower()} is repeated" in answer.body.decode()


def _table_list(raw: Any) -> bytes:
    headers = {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/x-amz-json-1.0"}
    data: bytes = raw.signed("POST", "/", service="dynamodb", headers=headers, body=b"{}")
    return data


def test_answers_to_pipelined_requests_come_in_order(raw: Any) -> None:
    good = _table_list(raw)
    head = f"GET /latest/meta-data HTTP/1.1\r\nHost: {raw.host}\r\n\r\n".encode()
    data = raw.everything((good + head) * 20)
    statuses = re.findall(rb"HTTP/1\.1 (\d+) ", data)
    assert len(statuses) == 40
    assert set(statuses[::2]) == {b"200"}
    assert all(status[:1] == b"4" for status in statuses[1::2])


def test_what_came_before_a_malformed_request_is_answered(raw: Any) -> None:
    data = raw.everything(_table_list(raw) + b"GET / HTTP/9\r\n\r\n")
    assert data.startswith(b"HTTP/1.1 200")
    assert data.count(b"HTTP/1.1 400") == 1


def test_a_body_that_ends_early_is_an_error_and_no_hang(raw: Any) -> None:
    good = _table_list(raw).replace(b"Content-Length: 2", b"Content-Length: 200")
    answer = raw.answer(good)
    assert answer.status == 400
    assert b"IncompleteBody" in answer.body or "IncompleteBody" in answer.headers.get("x-amzn-errortype", "")


@pytest.mark.parametrize("body", [b"zz\r\n", b"5\nhello\n0\n\n", b"fffffffffffffffff\r\n", b"5\r\nhelloXX0\r\n\r\n"])
def test_broken_chunks_are_an_error_in_the_protocol(raw: Any, body: bytes) -> None:
    headers = {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/x-amz-json-1.0"}
    framing = "Transfer-Encoding: chunked"
    data = raw.signed("POST", "/", service="dynamodb", headers=headers, body=b"{}", send=body, framing=framing)
    answer = raw.answer(data)
    assert answer.status == 400
    assert answer.headers["content-type"].startswith("application/x-amz-json")


@pytest.mark.parametrize("rest", [b"5;" + b"x" * 600_000, b"0\r\nX-T: " + b"x" * 600_000])
def test_chunk_extensions_and_trailers_are_bounded(raw: Any, rest: bytes) -> None:
    headers = {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/x-amz-json-1.0"}
    framing = "Transfer-Encoding: chunked"
    data = raw.signed("POST", "/", service="dynamodb", headers=headers, body=b"{}", send=rest, framing=framing)
    assert raw.answer(data, half_close=False).status == 400


def test_aws_hosts_are_served(raw: Any) -> None:
    data = raw.everything(b"GET / HTTP/1.1\r\nHost: dynamodb.eu-west-1.amazonaws.com\r\n\r\n")
    assert b"InvalidHost" not in data
    assert data.startswith(b"HTTP/1.1 4")


def test_http_1_0_gets_its_answer_and_the_end_of_the_connection(raw: Any) -> None:
    data = _table_list(raw).replace(b" HTTP/1.1\r\n", b" HTTP/1.0\r\n")
    answer = raw.answer(data, half_close=False)
    assert answer.status == 200


def test_nothing_of_this_hurt_the_gate(raw: Any, run: Run, clients: Any) -> None:
    assert "TableNames" in clients("dynamodb").list_tables()
    log = (run.directory / "gate.log").read_text(encoding="utf-8")
    assert "Traceback" not in log
    assert "bug" not in log
