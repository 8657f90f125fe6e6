"""What SDKs do not send, emulators do not answer, and HTTP allows."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

JSON = {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/x-amz-json-1.0"}


def turned(data: bytes) -> bytes:
    """The fields of a request in the opposite order, with names in capitals and space around the values."""
    head, _, body = data.partition(b"\r\n\r\n")
    start, *lines = head.split(b"\r\n")
    pairs = [line.partition(b":") for line in reversed(lines)]
    return b"\r\n".join([start, *(b"%b: \t%b \t" % (n.upper(), v.strip()) for n, _, v in pairs), b"", body])


ODD_TARGETS = (
    "/{}/a%2fb%2Fc%7e~",
    "/{}/%61%62",
    "/{}/a//b/./c/../d",
    "/{}/a+b%20c%2B",
    "/{}/%C3%BC%E2%82%AC",
    "/{}/k?versionId=null&x-id=GetObject",
    "/{}?prefix=b&list-type=2&start-after=&delimiter=%2f&fetch-owner=true",
    "/{}/k?",
    "/{}?list-type=2&prefix=%c3%bc+%2B&&max-keys=1",
)


@pytest.mark.parametrize("target", ODD_TARGETS)
def test_targets(wire: Any, bucket: str, target: str) -> None:
    data = wire.raw.signed("GET", target.format(bucket), service="s3", headers={"x-custom": "a  b"})
    answer = wire.raw.answer(turned(data))
    wire.compare("s3", "GetObject")
    assert answer.status in {200, 400, 404}


def test_fields(wire: Any, bucket: str) -> None:
    odd = b'X-Twice: 1\r\nx-empty:\r\nX-tWICE: 2\r\nX-Latin: \xfc\xff\r\nX-Nbsp: a\xc2\xa0\r\nX-Quoted: "a, b"; c\r\n'
    data = wire.raw.signed("POST", "/", service="dynamodb", headers=JSON, body=b'{"Limit" : 1 }\n')
    wire.send(data.replace(b"Content-Length", odd + b"Content-Length"), "dynamodb", "ListTables")
    wire.send(turned(data), "dynamodb", "ListTables")
    data = wire.raw.signed("POST", "/", service="dynamodb", headers=JSON, body=b'{"Limit":1}')
    chunked = data.partition(b"Content-Length")[0] + b"Transfer-Encoding: chunked\r\nTE: trailers\r\n\r\n"
    wire.send(chunked + b'3\r\n{"L\r\n8;x=y\r\nimit":1}\r\n0\r\nX-After: 1\r\n\r\n', "dynamodb")
    packed = gzip.compress(b'{"Limit":1}')
    headers = {**JSON, "Content-Encoding": "gzip", "Expect": "100-continue"}
    data = wire.raw.signed("POST", "/", service="dynamodb", headers=headers, body=packed)
    wire.raw.answer(data)
    wire.compare("dynamodb", "ListTables")
    put = wire.raw.signed("PUT", f"/{bucket}/nbsp", service="s3", headers={"x-amz-meta-a": "1"}, body=b"1")
    wire.send(put.replace(b"Content-Length", b"Content-Disposition: \xc2\xa0x\xc2\xa0\r\nContent-Length"), "s3")


QUEUE = b'{ "QueueUrl":"https://sqs.eu-west-1.amazonaws.com/111122223333/test-q" ,"x":"\xc3\xbc\\u00fc\\/" }\n'
ODD = b'X-B: 2\r\nx-a: 1\r\nX-B: 3\r\nX-Empty:\r\nX-Latin: \xfc\r\nETag: "a"\r\nX-Nbsp: \xc2\xa0b\xc2\xa0\r\n'
ANSWERS = {
    "fields": b"200 OK\r\n" + ODD + b"Content-Length: 2\r\n\r\nab",
    "chunked": b"200 OK\r\n" + ODD + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n2;x=y\r\nbc\r\n0\r\n\r\n",
    "trailers": b"200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n1\r\na\r\n0\r\nX-T: 1\r\n\r\n",
    "until close": b"200 OK\r\nConnection: close\r\n" + ODD + b"\r\nall of it",
    "gzip": b"200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b"
    % (len(gzip.compress(b"a")), gzip.compress(b"a")),
    "an interim answer": b"100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
    "an odd status": b"299 Odd\r\nContent-Length: 1\r\n\r\na",
    "nothing": b"204 No Content\r\nX-A: 1\r\nContent-Length: 0\r\n\r\n",
    "not modified": b'304 Not Modified\r\nETag: "a"\r\nContent-Length: 1234\r\n\r\n',
    "not modified, without a length": b'304 Not Modified\r\nETag: "Length:"\r\n\r\n',
    "nothing, without a length": b"204 No Content\r\nX-A: Length:\r\n\r\n",
    "moved": b"307 Temporary Redirect\r\nLocation: http://else.where/\r\nContent-Length: 0\r\n\r\n",
    "an error": b"503 Slow Down\r\nRetry-After: 1\r\nContent-Length: 3\r\n\r\n<a>",
}


@pytest.mark.parametrize("how", ANSWERS)
def test_answers(answers: Any, scripted: Any, how: str) -> None:
    scripted.answer = b"HTTP/1.1 " + ANSWERS[how]
    data = answers.raw.signed("GET", "/test-b/k", service="s3")
    answers.send(data, "s3", "GetObject", status=200 if "interim" in how else int(ANSWERS[how][:3]))


def test_an_answer_to_head(answers: Any, scripted: Any) -> None:
    scripted.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n" + ODD + b"\r\n"
    answers.send(answers.raw.signed("HEAD", "/test-b/k", service="s3"), "s3", "HeadObject")


@pytest.mark.parametrize("packed", [False, True])
def test_a_rewritten_answer_differs_in_the_member_only(answers: Any, scripted: Any, packed: bool) -> None:
    body, coding = (gzip.compress(QUEUE), b"Content-Encoding: gzip\r\n") if packed else (QUEUE, b"")
    kind = b"Content-Type: application/x-amz-json-1.0\r\nX-Amz-Crc32: 1\r\n"
    scripted.answer = b"HTTP/1.1 200 OK\r\n%b%b%bContent-Length: %d\r\n\r\n%b" % (ODD, kind, coding, len(body), body)
    headers = {"X-Amz-Target": "AmazonSQS.GetQueueUrl", "Content-Type": "application/x-amz-json-1.0"}
    data = answers.raw.signed("POST", "/", service="sqs", headers=headers, body=b'{"QueueName":"test-q"}')
    found = answers.send(data, "sqs", "GetQueueUrl")
    assert json.loads(found.body)["QueueUrl"] == f"{answers.run.gate_url}/111122223333/test-q"
