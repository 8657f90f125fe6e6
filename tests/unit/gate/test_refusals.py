"""What is written about refusals: the gate's own with who asked and why, the upstream's as answers that deny."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.credentials import Credentials

from sandgate.core.call import Decision

PUT = "DynamoDB_20120810.PutItem"
ITEM = {"TableName": "test-t", "Item": {}}
DENIES = b'{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"no"}'


def test_it_holds_who_asked_what_and_which_statement_decided(gate: Any) -> None:
    gate.parts.tests["main"] = "test_it"
    gate.parts.decide = lambda _call: Decision(
        allowed=False, rule="outside", value="v", source="s", remedy="r", action="dynamodb:PutItem", statement="Tables"
    )
    gate.send(gate.json(PUT, ITEM))
    (event,) = gate.recorded()
    del event["time"]
    assert event.pop("id")
    assert event == {
        "event": "refused", "by": "gate", "rule": "outside", "value": "v", "source": "s", "remedy": "r",
        "action": "dynamodb:PutItem", "statement": "Tables", "service": "dynamodb", "operation": "PutItem",
        "principal": "identity", "worker": "main", "test": "test_it",
    }  # fmt: skip


def requests(gate: Any) -> Mapping[str, bytes]:
    """Requests that are not understood or not let in, by the principal that is known of them."""
    own = gate.key
    return {
        "identity": gate.json("DynamoDB_20120810.Explode", {}),
        "identity ": gate.json(PUT, ITEM, key=Credentials(own.access_key, "another secret")),
        "unknown": gate.json("DynamoDB_20120810.Explode", {}, key=Credentials("AKIAIOSFODNN7EXAMPLE", "x")),
        "unknown ": gate.json(PUT, ITEM, key=Credentials("AKIAIOSFODNN7EXAMPLE", "x")),
        "anonymous": gate.raw("GET", "/", {"Host": "evil.example"}),
        "anonymous ": gate.raw("GET", "/bucket/key", {}),
    }


@pytest.mark.parametrize("case", ["identity", "identity ", "unknown", "unknown ", "anonymous", "anonymous "])
def test_who_asked_is_known_even_when_the_request_is_not_understood(gate: Any, case: str) -> None:
    gate.send(requests(gate)[case])
    (event,) = gate.recorded()
    assert (event["event"], event["principal"]) == ("refused", case.strip())


def test_every_refusal_has_an_id_of_its_own(gate: Any) -> None:
    for data in requests(gate).values():
        gate.send(data)
    ids = [event["id"] for event in gate.recorded()]
    assert len(set(ids)) == len(ids) == 6


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (f"400 Bad Request\r\nContent-Length: {len(DENIES)}", DENIES),
        ("403 Forbidden\r\nContent-Length: 0\r\nx-amzn-errortype: AccessDeniedException:http://x/", b""),
        ("403 Forbidden\r\nTransfer-Encoding: chunked", b"5\r\n<Code\r\n14\r\n>AccessDenied</Code>\r\n0\r\n\r\n"),
    ],
    ids=["body", "header", "chunked"],
)
def test_an_answer_that_denies_is_noted(gate: Any, head: str, body: bytes) -> None:
    gate.upstream.reply = f"HTTP/1.1 {head}\r\n\r\n".encode() + body
    answer = gate.send(gate.json(PUT, ITEM))
    done = gate.recorded()[-1]
    assert (done["event"], done.get("denied")) == ("done", True)
    assert (done["status"], done["error"].startswith("AccessDenied")) == (answer.status, True)


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "ExpiredTokenException"])
def test_other_errors_are_no_denials(gate: Any, code: str) -> None:
    body = b'{"__type":"%b"}' % code.encode()
    gate.upstream.reply = b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    gate.send(gate.json(PUT, ITEM))
    done = gate.recorded()[-1]
    assert (done["error"], "denied" in done) == (code, False)


def test_what_an_application_forbids_is_its_own_business(gate: Any) -> None:
    gate.upstream.reply = (
        b"HTTP/1.1 403 Forbidden\r\nx-amzn-errortype: AccessDeniedException\r\nContent-Length: 0\r\n\r\n"
    )
    assert gate.send(gate.raw("GET", "/_aws/execute-api/abc/prod/users", {})).status == 403
    done = gate.recorded()[-1]
    assert (done["status"], "denied" in done) == (403, False)
