"""Signatures that AWS has not taken: renewed and sent again where the body is at hand, and never more than once."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandgate.tiers._model import AwsFacts, Denial
from sandgate.wire.signing.credential import Credential
from sandgate.wire.signing.sign_v4a import can_sign_v4a

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
DATE = "Fri, 02 Jan 2026 03:44:05 GMT"
BODY = b'{"__type":"com.amazon.coral.service#ExpiredTokenException","message":"The token is expired"}'
HEAD = f"HTTP/1.1 400 Bad Request\r\nDate: {DATE}\r\nContent-Type: application/x-amz-json-1.0\r\n".encode()
EXPIRED = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
IN_CHUNKS = HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
RENEWED = Credential("AKIDRENEWED", "another+secret")
AHEAD = timedelta(days=400)


class Mender:
    """A tier that renews its credentials, and then says what the upstream answers."""

    def __init__(self, gate: Any, then: bytes = OK) -> None:
        self.denials: list[Denial] = []
        self._upstream = gate.upstream
        self._then = then
        self.able = True
        self._upstream.aws = AwsFacts(
            partition="aws",
            trust=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            evidence={},
            clock=lambda: datetime.now(UTC) + AHEAD,
        )
        self._upstream.mend = self.mend

    async def mend(self, denial: Denial) -> bool:
        self.denials.append(denial)
        if self.able:
            self._upstream.reply = self._then
            self._upstream.credential = lambda _kind, _service: RENEWED
        return self.able


@pytest.fixture
def call(gate: Any) -> Callable[[], Any]:
    return lambda: gate.send(gate.json("DynamoDB_20120810.ListTables", {}))


@pytest.mark.parametrize("reply", [EXPIRED, IN_CHUNKS], ids=["at once", "in chunks"])
def test_a_held_call_is_signed_anew_and_sent_once_more(reply: bytes, gate: Any, call: Callable[[], Any]) -> None:
    mender = Mender(gate)
    gate.upstream.reply = reply
    assert (call().status, len(gate.upstream.visits)) == (200, 2)
    first, second = (visit.headers["authorization"] for visit in gate.upstream.visits)
    assert "AKIDREALIDENTITY" in first
    assert "AKIDRENEWED" in second
    (denial,) = mender.denials
    assert (denial.code, denial.date) == ("ExpiredTokenException", DATE)
    assert denial.credential is not None
    assert denial.credential.access_key_id == "AKIDREALIDENTITY"
    assert [event["event"] for event in gate.recorded()] == ["call", "done"]


def test_what_is_denied_again_is_the_clients(gate: Any, call: Callable[[], Any]) -> None:
    mender = Mender(gate, then=EXPIRED)
    gate.upstream.reply = EXPIRED
    answer = call()
    assert (answer.status, answer.body) == (400, BODY)
    assert (len(gate.upstream.visits), len(mender.denials)) == (2, 1)


@pytest.mark.parametrize("reply", [EXPIRED, IN_CHUNKS], ids=["at once", "in chunks"])
def test_what_cannot_be_mended_reaches_the_client_whole(reply: bytes, gate: Any, call: Callable[[], Any]) -> None:
    Mender(gate).able = False
    gate.upstream.reply = reply
    answer = call()
    assert (answer.status, answer.body) == (400, BODY)
    assert len(gate.upstream.visits) == 1


def test_other_errors_ask_nobody(gate: Any, call: Callable[[], Any]) -> None:
    mender = Mender(gate)
    gate.upstream.reply = b"HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\n{}"
    assert call().status == 500
    assert mender.denials == []


def test_a_body_that_is_gone_is_the_clients_to_send_again(gate: Any) -> None:
    Mender(gate)
    gate.upstream.reply = EXPIRED
    headers = {"X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD"}
    request = gate.signed("PUT", "/test-bucket/key", service="s3", headers=headers, body=b"x" * 100_000)
    answer = gate.send(request)
    assert answer.status == 503
    assert b"send the call again" in answer.body
    assert len(gate.upstream.visits) == 1


def test_emulators_are_not_asked_to_mend(gate: Any, call: Callable[[], Any]) -> None:
    mender = Mender(gate)
    gate.upstream.aws = None
    gate.upstream.reply = EXPIRED
    assert call().status == 400
    assert mender.denials == []


def test_where_the_host_says_it_all_no_other_host_and_path_is_sent(gate: Any) -> None:
    """An unsigned call of an API goes to the API's own host, not to one that the client names."""
    usual = gate.upstream.target
    gate.upstream.target = lambda aim: replace(usual(aim), host="abc.execute-api.example", path="/p", names_all=True)
    for host in ({}, {"Host": "abc.execute-api.eu-west-1.amazonaws.com"}):
        gate.upstream.visits.clear()
        path = "/_aws/execute-api/abc/Prod/x" if not host else "/Prod/x"
        assert gate.send(gate.raw("GET", path, host)).status == 200
        (visit,) = gate.upstream.visits
        assert (visit.target, visit.headers["host"]) == ("/p", "abc.execute-api.example")


@pytest.mark.skipif(not can_sign_v4a(), reason="the extra crt is not installed")
def test_where_aws_wants_several_regions_the_gate_signs_for_them(gate: Any, call: Callable[[], Any]) -> None:
    usual = gate.upstream.target
    gate.upstream.target = lambda aim: replace(usual(aim), scheme="sigv4a", region="*")
    assert call().status == 200
    (visit,) = gate.upstream.visits
    assert visit.headers["authorization"].startswith("AWS4-ECDSA-P256-SHA256 Credential=AKIDREALIDENTITY/")
    assert visit.headers["x-amz-region-set"] == "*"
