"""Streams through the gate against an upstream of our own: memory, back-pressure, faults, and people who leave."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError

from sandgate.run import Run

MIB = 1 << 20
BOUND_MIB = 80


class Visit:
    """One request at the upstream."""

    def __init__(self, sock: socket.socket, head: bytes, rest: bytes) -> None:
        self.sock, self.rest = sock, rest
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.target, _ = lines[0].split(" ")
        self.headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines[1:])}
        self.missing = int(self.headers.get("content-length", "0"))

    def pieces(self) -> Iterator[bytes]:
        """The body as it comes; ends early when the gate leaves."""
        while self.missing:
            piece = self.rest or self.sock.recv(min(self.missing, MIB))
            self.rest = b""
            if not piece:
                raise ConnectionError
            self.missing -= len(piece)
            yield piece

    def answer(self, data: bytes) -> None:
        for _ in self.pieces():
            pass
        self.sock.sendall(data)


Script = Callable[[Visit], None]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
MISSING = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


class Upstream:
    """A scripted HTTP server: what a test put under a path is done, everything else is answered with an empty 200."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.scripts: dict[str, Script] = {}
        self.connections = 0
        self.seen: list[Visit] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def on(self, path: str, script: Script) -> str:
        self.scripts[path] = script
        return path

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self.listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError, ConnectionError), sock:
            data = b""
            while True:
                while b"\r\n\r\n" not in data:
                    piece = sock.recv(65536)
                    if not piece:
                        return
                    data += piece
                head, _, rest = data.partition(b"\r\n\r\n")
                visit = Visit(sock, head, rest)
                self.seen.append(visit)
                script = self.scripts.get(visit.target)
                if script is None:
                    visit.answer(OK)
                else:
                    script(visit)
                data = visit.rest


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    made = Upstream()
    yield made
    made.listener.close()


@pytest.fixture(scope="module")
def streams(make_run: Any, upstream: Upstream) -> Iterator[Run]:
    services = ("s3", "dynamodb", "lambda")
    toml = "".join(f'[tool.sandgate.endpoints.{name}]\nurl = "{upstream.url}"\n' for name in services)
    # The bucket is the run's own, so that the gate does not ask before each object whether that was there.
    upstream.on("/test-b", lambda visit: visit.answer(MISSING if visit.method == "HEAD" else OK))
    with make_run(toml, tier="endpoints") as run:
        run.clients()("s3").create_bucket(Bucket="test-b")
        yield run


@pytest.fixture(scope="module")
def wire(make_raw: Any, streams: Run) -> Any:
    return make_raw(streams)


def _peak(run: Run) -> float:
    """The most memory that the gate ever had, in MiB."""
    if sys.platform != "linux":
        pytest.skip("the peak of another process is in /proc only")
    pid = json.loads((run.directory / "run.json").read_text())["pid"]
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) / 1024


def _until(what: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


def _put(wire: Any, path: str, size: int, payload: str = "UNSIGNED-PAYLOAD", **headers: str) -> bytes:
    framing = f"Content-Length: {size}"
    return bytes(wire.signed("PUT", path, service="s3", headers=headers, framing=framing, payload=payload))


# -- memory -----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_large_upload_is_never_held(streams: Run, upstream: Upstream, wire: Any, effort: int) -> None:
    size = (256 if effort == 1 else 1024) * MIB
    got = {"size": 0}

    def count(visit: Visit) -> None:
        got["size"] = sum(len(piece) for piece in visit.pieces())
        visit.answer(OK)

    piece = bytes(MIB)
    digest = hashlib.sha256()
    for _ in range(size // MIB):
        digest.update(piece)
    path = upstream.on("/test-b/large", count)
    signed = _put(wire, path, size, digest.hexdigest())
    with wire.connect(60) as sock:
        sock.sendall(signed)
        for _ in range(size // MIB):
            sock.sendall(piece)
        assert sock.recv(65536).startswith(b"HTTP/1.1 200")
    assert got["size"] == size
    assert _peak(streams) < BOUND_MIB


@pytest.mark.slow
def test_a_large_download_is_never_held(streams: Run, upstream: Upstream, wire: Any, effort: int) -> None:
    size = (256 if effort == 1 else 1024) * MIB
    piece = bytes(MIB)

    def give(visit: Visit) -> None:
        visit.answer(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size // MIB):
            visit.sock.sendall(piece)

    path = upstream.on("/test-b/large-get", give)
    received = 0
    with wire.connect(60) as sock:
        sock.sendall(wire.signed("GET", path, service="s3"))
        head = sock.recv(65536)
        received = len(head.partition(b"\r\n\r\n")[2])
        while received < size:
            found = sock.recv(MIB)
            assert found
            received += len(found)
    assert received == size
    assert _peak(streams) < BOUND_MIB


def test_what_a_slow_reader_gets_is_what_was_sent(upstream: Upstream, wire: Any) -> None:
    """The gate fills the memory of an answer again and again, never before it is on its way."""
    sent = {number: os.urandom(24 * MIB) for number in range(3)}
    paths = {}
    for number, data in sent.items():

        def give(visit: Visit, data: bytes = data) -> None:
            visit.answer(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(data))
            visit.sock.sendall(data)

        paths[number] = upstream.on(f"/test-b/stutter-{number}", give)

    def read(number: int) -> bytes:
        received = bytearray()
        with wire.connect(60) as sock:
            for _ in range(2):  # the second answer comes over a connection that has memory left from the first
                sock.sendall(wire.signed("GET", paths[number], service="s3"))
                received = bytearray()
                while b"\r\n\r\n" not in received:
                    received += sock.recv(100)
                del received[: received.index(b"\r\n\r\n") + 4]
                while len(received) < len(sent[number]):
                    if len(received) % 64 == 0:
                        time.sleep(0.01)  # the gate has more than the kernel takes
                    found = sock.recv((7919, 65536, MIB)[len(received) % 3])
                    assert found
                    received += found
        return bytes(received)

    with ThreadPoolExecutor() as pool:
        for number, received in zip(sent, pool.map(read, sent), strict=True):
            assert received == sent[number], "an answer was changed on its way"


def test_a_client_that_does_not_read_makes_the_upstream_wait(streams: Run, upstream: Upstream, wire: Any) -> None:
    sent = {"size": 0}

    def give(visit: Visit) -> None:
        visit.answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(128):
            visit.sock.sendall(b"%x\r\n%b\r\n" % (MIB, bytes(MIB)))
            sent["size"] += MIB

    path = upstream.on("/test-b/slow-reader", give)
    with wire.connect() as sock:
        sock.sendall(wire.signed("GET", path, service="s3"))
        _until(lambda: sent["size"])
        time.sleep(0.5)  # all that it would send
        assert sent["size"] < 64 * MIB
    assert _peak(streams) < BOUND_MIB


def test_an_upstream_that_does_not_read_makes_the_client_wait(streams: Run, upstream: Upstream, wire: Any) -> None:
    done = threading.Event()

    def wait(_visit: Visit) -> None:
        done.wait(120)

    path = upstream.on("/test-b/slow-upstream", wait)
    sent = 0
    with wire.connect(1) as sock:
        sock.sendall(_put(wire, path, 256 * MIB))
        with contextlib.suppress(TimeoutError):
            for _ in range(256):
                sent += sock.send(bytes(MIB))
    done.set()
    assert sent < 64 * MIB
    assert _peak(streams) < BOUND_MIB


# -- people who leave -------------------------------------------------------------------------------------------------


def test_a_client_that_leaves_while_it_uploads_leaves_nothing(streams: Run, upstream: Upstream, wire: Any) -> None:
    left = threading.Event()

    def watch(visit: Visit) -> None:
        try:
            for _ in visit.pieces():
                pass
        except (ConnectionError, OSError):
            left.set()
            raise

    path = upstream.on("/test-b/leaver", watch)
    with wire.connect() as sock:
        sock.sendall(_put(wire, path, 10 * MIB) + bytes(MIB))
    assert left.wait(60), "the upstream still waits for the rest"
    _until(lambda: streams.status()["in_flight"] == 0)


def test_a_client_that_leaves_while_it_downloads_frees_the_upstream(
    streams: Run, upstream: Upstream, wire: Any
) -> None:
    left = threading.Event()

    def give(visit: Visit) -> None:
        visit.answer(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (1024 * MIB))
        try:
            for _ in range(1024):
                visit.sock.sendall(bytes(MIB))
        except OSError:
            left.set()
            raise

    path = upstream.on("/test-b/leaver-get", give)
    with wire.connect() as sock:
        sock.sendall(wire.signed("GET", path, service="s3"))
        sock.recv(1000)
    assert left.wait(60)
    _until(lambda: streams.status()["in_flight"] == 0)


def test_a_half_closed_client_gets_its_answer(upstream: Upstream, wire: Any) -> None:
    def late(visit: Visit) -> None:
        time.sleep(0.5)
        visit.answer(OK)

    answer = wire.answer(wire.signed("GET", upstream.on("/test-b/late", late), service="s3"), half_close=True)
    assert answer.status == 200


# -- faults -----------------------------------------------------------------------------------------------------------


def test_a_passing_fault_is_retried_by_the_sdk(streams: Run, upstream: Upstream) -> None:
    tries = []

    def fail_once(visit: Visit) -> None:
        tries.append(visit)
        if len(tries) == 1:
            visit.sock.shutdown(socket.SHUT_RDWR)
        else:
            visit.answer(OK)

    upstream.on("/test-b/flaky", fail_once)
    s3 = streams.clients()("s3")
    found = s3.get_object(Bucket="test-b", Key="flaky")
    assert found["ResponseMetadata"]["RetryAttempts"] <= 1
    assert len(tries) == 2


def test_a_lasting_fault_is_a_503_in_the_protocol(streams: Run, upstream: Upstream) -> None:
    upstream.on("/test-b/broken", lambda visit: visit.sock.shutdown(socket.SHUT_RDWR))
    config = Config(retries={"max_attempts": 0})
    s3 = streams.boto_session().client("s3", endpoint_url=streams.gate_url, config=config)
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket="test-b", Key="broken")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert caught.value.response["Error"]["Code"] == "ServiceUnavailable"
    assert "sandgate" in caught.value.response["Error"]["Message"]


@pytest.mark.parametrize(
    "data", [b"HTTP/1.1 abc\r\n\r\n", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"]
)
def test_nonsense_from_upstream_is_a_503(upstream: Upstream, wire: Any, data: bytes) -> None:
    path = upstream.on(f"/test-b/nonsense-{hash(data)}", lambda visit: visit.answer(data))
    assert wire.answer(wire.signed("GET", path, service="s3")).status == 503


def test_half_an_answer_does_not_look_whole(upstream: Upstream, wire: Any) -> None:
    def half(visit: Visit) -> None:
        visit.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + bytes(200_000))
        visit.sock.shutdown(socket.SHUT_RDWR)

    data = b""
    with contextlib.suppress(ConnectionError):
        data = wire.everything(wire.signed("GET", upstream.on("/test-b/half", half), service="s3"))
    assert len(data) < 1_000_000

    def half_chunked(visit: Visit) -> None:
        visit.answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        visit.sock.shutdown(socket.SHUT_RDWR)

    with contextlib.suppress(ConnectionError):
        data = wire.everything(wire.signed("GET", upstream.on("/test-b/half-chunked", half_chunked), service="s3"))
    assert not data.endswith(b"0\r\n\r\n")


def test_an_early_answer_is_passed_on_and_its_connection_not_used_again(upstream: Upstream, wire: Any) -> None:
    def refuse(visit: Visit) -> None:
        visit.sock.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            for _ in visit.pieces():
                pass

    path = upstream.on("/test-b/early", refuse)
    with wire.connect() as sock:
        sock.sendall(_put(wire, path, 50 * MIB) + bytes(300_000))
        time.sleep(0.3)
        sock.sendall(bytes(200_000))
        assert sock.recv(65536).startswith(b"HTTP/1.1 403")
    after = wire.signed("GET", "/test-b/after-early", service="s3")
    assert wire.answer(after).status == 200


# -- framing ----------------------------------------------------------------------------------------------------------

ANSWERS: dict[str, tuple[bytes, int, bytes]] = {
    "length": (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, b"hello"),
    "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", 200, b"hello"),
    "until close": (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello", 200, b"hello"),
    "interim": (b"HTTP/1.1 103 Early Hints\r\nX-A: 1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nh", 200, b"h"),
    "continue": (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, b"hello"),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
    "not modified": (b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n', 304, b""),
    "redirect": (b"HTTP/1.1 307 Moved\r\nLocation: http://o.example/\r\nContent-Length: 0\r\n\r\n", 307, b""),
    "status without a name": (b"HTTP/1.1 299 Odd\r\nContent-Length: 0\r\n\r\n", 299, b""),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_are_framed_anew(upstream: Upstream, wire: Any, name: str) -> None:
    data, status, body = ANSWERS[name]

    def say(visit: Visit) -> None:
        visit.answer(data)
        if b"close" in data:
            visit.sock.shutdown(socket.SHUT_RDWR)

    path = upstream.on(f"/test-b/framing-{name.replace(' ', '-')}", say)
    answer = wire.answer(wire.signed("GET", path, service="s3"))
    assert answer.status == status
    if answer.headers.get("transfer-encoding") == "chunked":
        assert answer.body.endswith(b"0\r\n\r\n")
        assert b"".join(answer.body.split(b"\r\n")[1::2]).startswith(body)
    else:
        assert answer.body == body
    assert not any(name.startswith("access-control-") for name in answer.headers)
    if name == "redirect":
        assert answer.headers["location"] == "http://o.example/"


def test_head_keeps_the_length_and_has_no_body(upstream: Upstream, wire: Any) -> None:
    path = upstream.on("/test-b/head", lambda v: v.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 123456\r\n\r\n"))
    request = wire.signed("HEAD", path, service="s3")
    with wire.connect() as sock:
        for _ in range(3):  # on one connection: a length that is not followed must not confuse the next answer
            sock.sendall(request)
            answer = wire.parse(sock.recv(65536))
            assert (answer.status, answer.headers["content-length"], answer.body) == (200, "123456", b"")


def test_fields_of_one_connection_are_not_forwarded(upstream: Upstream, wire: Any) -> None:
    path = upstream.on("/test-b/hops", lambda v: v.answer(OK.replace(b"\r\n\r\n", b"\r\nKeep-Alive: 1\r\n\r\n")))
    headers = {"TE": "trailers", "Connection": "keep-alive, X-A", "Keep-Alive": "9", "Proxy-Authorization": "x"}
    answer = wire.answer(wire.signed("GET", path, service="s3", headers=headers))
    visit = upstream.seen[-1]
    assert visit.target == path
    assert not {"te", "connection", "keep-alive", "proxy-authorization", "expect"} & visit.headers.keys()
    assert "keep-alive" not in answer.headers


def test_path_and_query_go_on_byte_by_byte(upstream: Upstream, wire: Any) -> None:
    path = "/test-b/a%20b/%C3%BC//./../x+y~%7E?versionId=a%2Fb%20c"
    assert wire.answer(wire.signed("GET", path, service="s3")).status in {200, 403}
    request = wire.signed("GET", "/test-b/a%20b/%C3%BC//x%2By~", service="s3")
    assert wire.answer(request).status == 200
    assert upstream.seen[-1].target == "/test-b/a%20b/%C3%BC//x%2By~"


def test_an_event_stream_arrives_as_it_is_made(upstream: Upstream, wire: Any) -> None:
    go_on = threading.Event()

    def trickle(visit: Visit) -> None:
        visit.answer(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        visit.sock.sendall(b"5\r\nfirst\r\n")
        go_on.wait(60)
        visit.sock.sendall(b"6\r\nsecond\r\n0\r\n\r\n")

    path = upstream.on("/2021-11-15/functions/test-f/response-streaming-invocations", trickle)
    with wire.connect() as sock:
        sock.sendall(wire.signed("POST", path, service="lambda", body=b"{}"))
        data = b""
        while b"first" not in data:
            data += sock.recv(65536)
        assert b"second" not in data
        go_on.set()
        while not data.endswith(b"0\r\n\r\n"):
            data += sock.recv(65536)
    assert b"second" in data


def test_a_large_body_waits_for_100_continue_and_a_refused_one_never_comes(upstream: Upstream, wire: Any) -> None:
    path = upstream.on("/test-b/expecting", lambda visit: visit.answer(OK))
    with wire.connect() as sock:
        sock.sendall(_put(wire, path, 2 * MIB, Expect="100-continue"))
        assert sock.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(bytes(2 * MIB))
        assert sock.recv(65536).startswith(b"HTTP/1.1 200")
    assert "expect" not in upstream.seen[-1].headers
    with wire.connect() as sock:
        wrong = _put(wire, path, 2 * MIB, Expect="100-continue").replace(b"Signature=", b"Signature=0")
        sock.sendall(wrong)
        assert sock.recv(65536).startswith(b"HTTP/1.1 4")


def test_upstream_connections_are_used_again(streams: Run, upstream: Upstream) -> None:
    s3 = streams.clients()("s3")
    s3.get_object(Bucket="test-b", Key="warm")
    before = upstream.connections
    for _ in range(20):
        s3.get_object(Bucket="test-b", Key="warm")["Body"].read()
    assert upstream.connections == before


def test_a_stale_upstream_connection_costs_no_error(streams: Run, upstream: Upstream) -> None:
    def answer_and_close(visit: Visit) -> None:
        visit.answer(OK)
        visit.sock.close()

    upstream.on("/test-b/closer", answer_and_close)
    config = Config(retries={"max_attempts": 0})
    s3 = streams.boto_session().client("s3", endpoint_url=streams.gate_url, config=config)
    for _ in range(10):
        s3.get_object(Bucket="test-b", Key="closer")
        s3.put_object(Bucket="test-b", Key="closer", Body=b"small")


def test_a_service_without_an_endpoint_is_refused_with_a_remedy(streams: Run) -> None:
    with pytest.raises(ClientError) as caught:
        streams.clients()("sns").list_topics()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert "endpoints.sns" in caught.value.response["Error"]["Message"]


# -- ownership and the end --------------------------------------------------------------------------------------------


def test_unsigned_requests_pass_only_for_what_this_run_has_seen(streams: Run, upstream: Upstream, wire: Any) -> None:
    get = f"GET /_aws/lambda-url/%s/ HTTP/1.1\r\nHost: {wire.host}\r\n\r\n"
    own, foreign = "a" * 32, "b" * 32
    refused = wire.answer((get % own).encode())
    assert refused.status == 403
    assert b"not-of-this-run" in refused.body
    body = json.dumps({"FunctionUrl": f"https://{own}.lambda-url.us-east-1.on.aws/", "FunctionName": "test-f"}).encode()
    upstream.on(
        "/2021-10-31/functions/test-f/url",
        lambda visit: visit.answer(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)),
    )
    streams.clients()("lambda").create_function_url_config(FunctionName="test-f", AuthType="NONE")
    assert wire.answer((get % own).encode()).status == 200
    assert wire.answer((get % foreign).encode()).status == 403


def test_stopping_finishes_what_is_in_flight(make_run: Any, make_raw: Any, upstream: Upstream) -> None:
    began = threading.Event()

    def slow(visit: Visit) -> None:
        began.set()
        time.sleep(0.7)
        visit.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n")
        for _ in range(3):
            time.sleep(0.2)
            visit.sock.sendall(bytes(100_000))

    path = upstream.on("/test-b/slow", slow)
    manager = make_run(f'[tool.sandgate.endpoints.s3]\nurl = "{upstream.url}"\n', tier="endpoints")
    with contextlib.ExitStack() as stack:
        run = stack.enter_context(manager)
        wire = make_raw(run)
        answers: list[Any] = []
        asking = threading.Thread(target=lambda: answers.append(wire.answer(wire.signed("GET", path, service="s3"))))
        asking.start()
        idle = wire.connect()
        assert began.wait(60)
        stack.close()
        asking.join(60)
        assert [(answer.status, len(answer.body)) for answer in answers] == [(200, 300_000)]
        assert idle.recv(1) == b"", "an idle connection is closed at once"
        idle.close()
        with pytest.raises((ConnectionError, EndpointConnectionError)):
            wire.connect()
        lines = (run.directory / "events.jsonl").read_text(encoding="utf-8").splitlines()
        assert json.loads(lines[-1])["event"] == "stopped"


def test_nothing_of_this_hurt_the_gate(streams: Run) -> None:
    log = (streams.directory / "gate.log").read_text(encoding="utf-8")
    assert "Traceback" not in log
    assert "bug" not in log
