"""Two requests on one connection: what follows an allowed one is judged by itself, however it is hidden."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

BODY = "hello"


class Carrier(NamedTuple):
    """An allowed request that another one follows."""

    framing: str | None
    send: str | None


CARRIERS = {
    "length": Carrier(None, None),
    "chunks": Carrier("Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\n\r\n"),
    "chunk-extension": Carrier("Transfer-Encoding: chunked", "5;a=b\r\nhello\r\n0;x\r\n\r\n"),
    "trailer": Carrier("Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\nX-Amz-Target: DynamoDB.DeleteTable\r\n\r\n"),
}


@pytest.fixture
def gate(gate_of: Callable[[str], Any]) -> Any:
    """The gate of an isolation by prefix."""
    return gate_of("prefix")


def carrier(gate: Any, kind: str) -> bytes:
    """An upload that is inside, by that framing."""
    found = CARRIERS[kind]
    data: bytes = gate.raw(
        method="PUT", path="/test-orders/key", service="s3", body=BODY, framing=found.framing, send=found.send
    )
    return data


@pytest.mark.parametrize("kind", CARRIERS)
def test_a_request_behind_an_allowed_one_is_judged_by_itself(gate: Any, kind: str) -> None:
    result = gate.http(carrier(gate, kind) + gate.raw(path="/orders/key", service="s3"), "plain")
    assert [visit.target for visit in result.visits] == ["/test-orders/key"]
    assert [event["rule"] for event in result.refused] == ["outside-sandbox"]
    assert result.visits[0].body == BODY.encode()
    twin = gate.http(carrier(gate, kind) + gate.raw(path="/test-orders/other", service="s3"), "plain")
    assert [visit.target for visit in twin.visits] == ["/test-orders/key", "/test-orders/other"]


@pytest.mark.parametrize(
    "hidden",
    [
        "GET /orders/key HTTP/1.1\r\nHost: {host}\r\n\r\n",
        "\r\n\r\nGET /orders/key HTTP/1.1\r\nHost: {host}\r\n\r\n",
        "0\r\n\r\nGET /orders/key HTTP/1.1\r\nHost: {host}\r\n\r\n",
        "POST /_ministack/reset HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n",
    ],
    ids=["plain", "lines-first", "last-chunk-first", "internal"],
)
def test_what_stands_in_a_body_is_no_request(gate: Any, hidden: str) -> None:
    """A body that looks like a request stays a body, byte for byte."""
    text = hidden.format(host=gate.host)
    result = gate.http(gate.raw(method="PUT", path="/test-orders/key", service="s3", body=text), "rest-xml")
    (visit,) = result.visits
    assert (visit.target, visit.body.decode(), result.stray) == ("/test-orders/key", text, 0)
    assert list(result.refused) == []


@pytest.mark.parametrize(
    ("framing", "send"),
    [
        ("Transfer-Encoding: chunked", "5\r\nhelloX\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "5 \r\nhello\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "0x5\r\nhello\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "-5\r\nhello\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "5\nhello\n0\n\n"),
        ("Transfer-Encoding: chunked", "fffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
    ],
    ids=["too-long", "space", "hex", "negative", "bare-lf", "overflow"],
)
def test_chunks_that_could_be_read_in_two_ways_carry_nothing_further(gate: Any, framing: str, send: str) -> None:
    data = gate.raw(method="PUT", path="/test-orders/key", service="s3", body=BODY, framing=framing, send=send)
    result = gate.http(data + gate.raw(path="/orders/key", service="s3"), "plain")
    assert "/orders/key" not in [visit.target for visit in result.visits]
    assert list(result.visits) == []
    assert 400 <= result.status < 500
