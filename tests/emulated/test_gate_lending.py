"""Large objects go from the emulator to the client over the client's own socket; nobody can tell but by the time."""

from __future__ import annotations

import hashlib
import json
import os
import random
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import Credentials

from sandgate.gate.arriving import SMALL
from sandgate.run import Run
from sandgate.tiers._emulator_lent import LARGE, LENDS, WAITS

BUCKET, KEY = "test-lending", "a/large one"
PATH = f"/{BUCKET}/a/large%20one"
BODY = random.Random(7).randbytes(3 << 20)
"""The same in each worker: its hash is in names of tests."""
Wire = Any


@pytest.fixture(scope="module", autouse=True)
def tag(clients: Callable[[str], Any]) -> str:
    s3 = clients("s3")
    s3.create_bucket(Bucket=BUCKET)
    return str(s3.put_object(Bucket=BUCKET, Key=KEY, Body=BODY, Metadata={"what": "it is"}, ContentType="a/b")["ETag"])


def _get(raw: Wire, **headers: str) -> bytes:
    return bytes(raw.signed("GET", PATH, service="s3", headers=headers))


def test_an_object_comes_whole_with_its_head(clients: Callable[[str], Any], tag: str, run: Run) -> None:
    found = clients("s3").get_object(Bucket=BUCKET, Key=KEY)
    assert found["Body"].read() == BODY
    assert (found["ETag"], found["ContentLength"], found["ContentType"]) == (tag, len(BODY), "a/b")
    assert found["Metadata"] == {"what": "it is"}
    assert WAITS.decode() not in found["ResponseMetadata"]["HTTPHeaders"]
    assert _last(run, "GetObject", "out") == len(BODY)


def _last(run: Run, operation: str, member: str) -> int:
    """Of the last such call, as the event log has it, where the end of a call is written after its answer."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        events = [json.loads(line) for line in (run.directory / "events.jsonl").read_text().splitlines()]
        asked = next(e["id"] for e in reversed(events) if e.get("operation") == operation)
        for event in events:
            if event["event"] == "done" and event["id"] == asked:
                return int(event[member])
        time.sleep(0.01)
    raise AssertionError("the call never ended")


def test_the_emulator_keeps_a_body_back_that_it_is_asked_to(raw: Wire, run: Run) -> None:
    """Else the others here would prove nothing; asked as the gate asks."""
    root = Credentials("000000000000", "test")
    request = raw.signed("GET", PATH, service="s3", keys=root, framing=f"{LENDS}: 1\r\nConnection: close")
    work = json.loads((run.directory / "run.json").read_text())["work_dir"]
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(90)
        line.connect(str(Path(work) / "aws.sock"))
        line.sendall(request)
        found = raw.parse(b"".join(iter(lambda: line.recv(65536), b"")))
    assert (found.status, found.headers["content-length"], found.body) == (200, "0", b"")
    assert found.headers[WAITS.decode()].endswith(f" {len(BODY)}")


@pytest.mark.parametrize(
    ("field", "status", "first", "length"),
    [
        pytest.param("bytes=0-9", 206, 0, 10, id="small range"),
        pytest.param(f"bytes=5-{LARGE + 4}", 206, 5, LARGE, id="large range"),
        pytest.param(f"bytes=-{LARGE - 1}", 206, len(BODY) - LARGE + 1, LARGE - 1, id="suffix"),
    ],
)
def test_ranges(raw: Wire, field: str, status: int, first: int, length: int) -> None:
    found = raw.answer(_get(raw, Range=field))
    assert found.status == status
    assert found.body == BODY[first : first + length]
    assert found.headers["content-length"] == str(length)
    assert found.headers["content-range"] == f"bytes {first}-{first + length - 1}/{len(BODY)}"


def test_what_has_no_body_is_as_ever(raw: Wire, tag: str) -> None:
    head = raw.answer(raw.signed("HEAD", PATH, service="s3"))
    assert (head.status, head.headers["content-length"], head.body) == (200, str(len(BODY)), b"")
    unchanged = raw.answer(_get(raw, **{"If-None-Match": tag}))
    assert (unchanged.status, unchanged.body) == (304, b"")


def test_a_connection_goes_on_with_what_waits_on_it(raw: Wire) -> None:
    """Requests sent at once are answered one after the other, whoever answers them."""
    small = raw.signed("GET", PATH, service="s3", headers={"Range": "bytes=0-3"})
    data = raw.everything(_get(raw) + small + _get(raw))
    first, rest = data.split(BODY, 1)
    second, _, last = rest.partition(b"HTTP/1.1 200 OK")
    assert first.startswith(b"HTTP/1.1 200 OK")
    assert second.endswith(b"\r\n\r\n" + BODY[:4])
    assert last.endswith(b"\r\n\r\n" + BODY)


def test_old_clients_are_answered_too(raw: Wire) -> None:
    found = raw.everything(_get(raw).replace(b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", 1), half_close=False)
    head, _, body = found.partition(b"\r\n\r\n")
    assert b"connection: close" in head
    assert body == BODY


def test_a_slow_client_gets_everything_and_one_that_leaves_hurts_nobody(raw: Wire) -> None:
    with raw.connect() as slow, raw.connect() as leaves:
        slow.sendall(_get(raw))
        leaves.sendall(_get(raw))
        assert leaves.recv(1000).startswith(b"HTTP/1.1 200")
        leaves.close()
        assert raw.answer(_get(raw)).body == BODY
        got = b""
        while len(got.partition(b"\r\n\r\n")[2]) < len(BODY):
            piece = slow.recv(100_000)
            assert piece
            got += piece
        assert got.endswith(BODY)


# -- uploads ----------------------------------------------------------------------------------------------------------

UP = f"/{BUCKET}/up"
HASH = hashlib.sha256(BODY).hexdigest()


def _put(raw: Wire, payload: str = HASH, **headers: str) -> bytes:
    framing = f"Content-Length: {len(BODY)}"
    return bytes(raw.signed("PUT", UP, service="s3", headers=headers, framing=framing, payload=payload))


def _stored(clients: Callable[[str], Any]) -> bytes:
    return bytes(clients("s3").get_object(Bucket=BUCKET, Key="up")["Body"].read())


@pytest.fixture
def before(clients: Callable[[str], Any]) -> bytes:
    clients("s3").put_object(Bucket=BUCKET, Key="up", Body=b"before")
    return b"before"


@pytest.mark.parametrize("payload", [HASH, "UNSIGNED-PAYLOAD"])
@pytest.mark.parametrize("together", [0, 1, 70_000, len(BODY) - SMALL - 1, len(BODY)])
def test_a_body_is_read_wherever_it_is(
    raw: Wire, clients: Callable[[str], Any], before: bytes, payload: str, together: int
) -> None:
    """Its beginning may have come with the head, and is with the gate then."""
    assert before
    small = raw.signed("GET", PATH, service="s3", headers={"Range": "bytes=0-3"})
    with raw.connect() as sock:
        sock.sendall(_put(raw, payload) + BODY[:together])
        sock.sendall(BODY[together:] + small)  # what comes behind it is another request
        data = b""
        while not data.endswith(b"\r\n\r\n" + BODY[:4]):
            piece = sock.recv(65536)
            assert piece, data
            data += piece
    assert data.startswith(b"HTTP/1.1 200 OK")
    assert _stored(clients) == BODY


def test_a_client_that_waits_is_asked_for_its_body(raw: Wire, clients: Callable[[str], Any], before: bytes) -> None:
    assert before
    with raw.connect() as sock:
        sock.sendall(_put(raw, Expect="100-continue"))
        assert sock.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(BODY)
        assert sock.recv(65536).startswith(b"HTTP/1.1 200 OK")
    assert _stored(clients) == BODY


def test_another_body_than_the_signed_one_is_refused_and_not_stored(
    raw: Wire, clients: Callable[[str], Any], before: bytes
) -> None:
    with raw.connect() as sock:
        for _ in range(2):  # the connection is as good as before
            sock.sendall(_put(raw) + BODY[:-1] + bytes([BODY[-1] ^ 1]))
            found = sock.recv(65536)
            assert found.startswith(b"HTTP/1.1 400")
            assert b"XAmzContentSHA256Mismatch" in found
    assert _stored(clients) == before


@pytest.mark.parametrize("close", [True, False])
def test_half_a_body_is_not_stored(raw: Wire, clients: Callable[[str], Any], before: bytes, close: bool) -> None:
    with raw.connect() as sock:
        sock.sendall(_put(raw) + BODY[:-1])
        if not close:
            sock.shutdown(socket.SHUT_WR)
            assert b"IncompleteBody" in sock.recv(65536)
    assert _stored(clients) == before


def test_an_upload_by_sdk_and_in_parts(clients: Callable[[str], Any], run: Run) -> None:
    s3 = clients("s3")
    part = os.urandom(5 << 20)
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="up")["UploadId"]
    tags = [
        s3.upload_part(Bucket=BUCKET, Key="up", UploadId=upload, PartNumber=number, Body=body)["ETag"]
        for number, body in ((1, part), (2, BODY))
    ]
    parts = [{"PartNumber": number, "ETag": tag} for number, tag in enumerate(tags, 1)]
    s3.complete_multipart_upload(Bucket=BUCKET, Key="up", UploadId=upload, MultipartUpload={"Parts": parts})
    assert _stored(clients) == part + BODY
    assert _last(run, "UploadPart", "in") == len(BODY)
