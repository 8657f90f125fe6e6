"""One exchange on both sides of the gate: the same bytes, but for what the lists below and the rewrite files name.

Two things are not compared since HTTP gives them no meaning: a reason phrase, and a `?` before an empty query.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import hmac
import json
import os
import re
import socket
import subprocess
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, quote_plus, unquote_plus, urlsplit
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import pytest
from botocore.awsrequest import AWSHTTPConnection, AWSHTTPConnectionPool
from botocore.config import Config
from botocore.exceptions import ClientError

from sandgate.config.load import load
from sandgate.session import Run, cache_directory
from sandgate.tiers._venv import emulator_python

# -- what may differ --------------------------------------------------------------------------------------------------

CONNECTION = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding "
    b"upgrade expect content-length host".split()
)
"""Fields of one connection (RFC 9110, 7.6.1), its framing, and whom it names."""
SIGNATURE = frozenset(
    b"authorization x-amz-date x-amz-security-token x-amz-s3session-token x-amz-content-sha256 "
    b"x-amz-trailer-signature".split()
)
PRESIGNED = frozenset(
    b"X-Amz-Algorithm X-Amz-Content-Sha256 X-Amz-Credential X-Amz-Date X-Amz-Expires X-Amz-S3session-Token "
    b"X-Amz-Security-Token X-Amz-Signature X-Amz-SignedHeaders AWSAccessKeyId Expires Signature "
    b"x-amz-security-token".split()
)
FORM_SIGNATURE = frozenset(
    [
        "awsaccesskeyid",
        "policy",
        "signature",
        "x-amz-algorithm",
        "x-amz-credential",
        "x-amz-date",
        "x-amz-security-token",
        "x-amz-signature",
    ]
)
CHUNKS = frozenset({b"x-amz-decoded-content-length", b"x-amz-trailer"})
"""What describes aws-chunked framing, whose payload and trailers are compared in its place."""
OF_A_CHANGED_BODY = frozenset({b"content-encoding", b"content-md5", b"x-amz-crc32"})
"""Of an answer in which a member was rewritten, and of no other."""

Fields = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A request or a response, as it was on the wire."""

    start: bytes
    fields: Fields
    """Names in lower case, which says the same (RFC 9110, 5.1)."""
    body: bytes
    raw: bytes

    def get(self, name: bytes) -> bytes:
        return next((value for found, value in self.fields if found == name), b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and its answer, on one side of the gate."""

    asked: Message
    said: Message


def fields_of(data: bytes) -> Fields:
    pairs = (line.partition(b":") for line in data.split(b"\r\n") if line)
    return tuple((name.lower(), value.strip(b" \t")) for name, _, value in pairs)


def message(data: bytes, *, bodiless: bool = False) -> tuple[Message, bytes]:
    """The first message of what was captured, and what follows it."""
    head, end, rest = data.partition(b"\r\n\r\n")
    assert end, data[:200]
    start, _, lines = head.partition(b"\r\n")
    fields = fields_of(lines)
    names = dict(fields)
    if bodiless:
        body = b""
    elif names.get(b"transfer-encoding") == b"chunked":
        body, rest = unchunked(rest)
    elif b"content-length" in names:
        size = int(names[b"content-length"])
        assert len(rest) >= size
        body, rest = rest[:size], rest[size:]
    elif start.startswith(b"HTTP/"):
        body, rest = rest, b""  # it ends with its connection
    else:
        body = b""
    raw = data[: len(data) - len(rest)]
    return Message(start=start, fields=fields, body=body, raw=raw), rest


def unchunked(data: bytes) -> tuple[bytes, bytes]:
    pieces = []
    while True:
        line, _, data = data.partition(b"\r\n")
        size = int(line.partition(b";")[0], 16)
        if not size:
            break
        pieces.append(data[:size])
        data = data[size + 2 :]
    while not data.startswith(b"\r\n"):
        data = data.partition(b"\r\n")[2]
    return b"".join(pieces), data[2:]


def exchanges(asked: bytes, said: bytes) -> list[Exchange]:
    """Everything that was captured on one connection."""
    found = []
    while asked:
        question, asked = message(asked)
        while True:
            status = said.split(b" ", 2)[1]
            bodiless = question.start.startswith(b"HEAD ") or status in {b"204", b"304"} or status < b"200"
            answer, said = message(said, bodiless=bodiless)
            if status >= b"200":
                break
        found.append(Exchange(asked=question, said=answer))
    assert not said
    return found


# -- what must be equal -----------------------------------------------------------------------------------------------

REWRITE = Path(__file__).parents[2] / "src/sandgate/rewrite"


def rewritten_paths(service: str, operation: str, side: str) -> list[str]:
    """The members that the product's own data files let the gate change."""
    addresses = json.loads((REWRITE / "addresses.json").read_text())["rules"]
    credentials = json.loads((REWRITE / "credentials.json").read_text())
    paths = [
        path
        for row in (*addresses, *credentials["ids"])
        if row["service"] == service and operation in row["operations"] and row["in"] == side
        for path in row["paths"]
    ]
    for row in credentials["minted"]:
        if row["service"] == service and operation in row["operations"] and side == "response":
            at = f"{row['at']}." if row["at"] else ""
            paths += [at + row[name] for name in ("id", "secret", "token") if name in row]
    return paths


def members(body: bytes, operation: str, path: str) -> list[bytes]:
    """Every value at a path, as the body writes it with what encloses it."""
    steps = path.split(".")
    if body[:1] in {b"{", b"["}:
        return [json.dumps(value).encode() for value in in_json(json.loads(body), steps)]
    if body[:1] == b"<":
        root = ET.fromstring(body)
        below = [child for child in root if child.tag.rpartition("}")[2] == f"{operation}Result"]
        return [f">{escape(text)}<".encode() for text in in_xml(below[0] if below else root, steps)]
    pattern = "".join(r"(?:\.member)?\.\d+" if step == "[]" else rf"\.{step}" for step in steps)
    pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True)
    found = [value for name, value in pairs if re.fullmatch(pattern, f".{name}")]
    return [f"={quote_plus(value, safe='-_.~')}".encode() for value in found]


def in_json(value: Any, steps: Sequence[str]) -> Iterator[str]:
    if not steps:
        yield str(value)
    elif isinstance(value, list) and steps[0] == "[]":
        for entry in value:
            yield from in_json(entry, steps[1:])
    elif isinstance(value, dict) and steps[0] in value:
        yield from in_json(value[steps[0]], steps[1:])


def in_xml(element: ET.Element, steps: Sequence[str]) -> Iterator[str]:
    if not steps:
        yield element.text or ""
        return
    for child in element:
        if steps[0] in ("[]", child.tag.rpartition("}")[2]):
            yield from in_xml(child, steps[1:])


def undone(body: bytes, original: bytes, operation: str, paths: Sequence[str]) -> bytes:
    """The body with each listed member as it was on the other side, and with every other byte as it is."""
    for path in paths:
        try:
            pairs = zip(members(body, operation, path), members(original, operation, path), strict=True)
            for new, old in pairs:
                body = body if new == old else body.replace(new, old, 1)
        except (ValueError, ET.ParseError):
            break  # not the same members, or no document any more
    return body


def plain(asked: Message) -> Message:
    """A request without aws-chunked framing: its payload, and its trailers among the fields."""
    if not asked.get(b"x-amz-content-sha256").startswith(b"STREAMING-"):
        return asked
    pieces, data = [], asked.body
    while True:
        line, _, data = data.partition(b"\r\n")
        size = int(line.partition(b";")[0], 16)
        if not size:
            break
        pieces.append(data[:size])
        data = data[size + 2 :]
    coding = [
        (n, v.removesuffix(b"aws-chunked").rstrip(b", ") if n == b"content-encoding" else v) for n, v in asked.fields
    ]
    kept = [(n, v) for n, v in coding if n not in CHUNKS and (n != b"content-encoding" or v)]
    return replace(asked, fields=(*kept, *fields_of(data)), body=b"".join(pieces))


def target_of(asked: Message) -> tuple[bytes, bytes, list[bytes]]:
    """Method, path, and what the query says besides its signature."""
    method, target, _ = asked.start.split(b" ")
    path, _, query = target.partition(b"?")
    kept = [piece for piece in query.split(b"&") if piece and piece.partition(b"=")[0] not in PRESIGNED]
    return method, path, kept


def hoisted(asked: Message) -> list[tuple[bytes, bytes]]:
    """Headers that presigning moved into the query; only there does a service look for them as long as it is signed."""
    if b"X-Amz-Signature=" not in asked.start and b"AWSAccessKeyId=" not in asked.start:
        return []
    own = {name.lower() for name in PRESIGNED}
    pairs = [(piece.partition(b"=")) for piece in target_of(asked)[2]]
    named = [(n.lower(), unquote_plus(v.decode()).encode()) for n, _, v in pairs]
    present = {name for name, _ in asked.fields}
    return [
        (n, v)
        for n, v in named
        if (n.startswith(b"x-amz-") or n in {b"content-type", b"content-md5"}) and n not in own | present
    ]


def form(asked: Message) -> tuple[object, ...]:
    """An upload by HTML form: fields in order, the policy without what names its key, and the file's bytes."""
    boundary = b"--" + asked.get(b"content-type").partition(b"boundary=")[2]
    head, separator, file = asked.body.partition(b'name="file"')
    parts = [part.partition(b"\r\n\r\n") for part in head.split(boundary)[1:-1]]
    fields = [(re.findall(rb'name="([^"]*)"', n)[0].decode(), v.removesuffix(b"\r\n")) for n, _, v in parts]
    policy = next(json.loads(base64.b64decode(v)) for n, v in fields if n == "policy")
    policy["conditions"] = [c for c in policy["conditions"] if not (isinstance(c, dict) and FORM_SIGNATURE & set(c))]
    kept = [(n, v) for n, v in fields if n.lower() not in FORM_SIGNATURE]
    return kept, policy, head.split(boundary)[-1] + separator + file


def kept(fields: Fields, besides: frozenset[bytes]) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in fields if name not in besides]


def differences(near: Exchange, far: Exchange, service: str, operation: str) -> list[str]:
    """What is not the same on the client's and on the upstream's side, and has no entry that allows it."""
    return [*of_requests(near.asked, far.asked, service, operation), *of_answers(near, far, service, operation)]


def of_requests(near: Message, far: Message, service: str, operation: str) -> Iterator[str]:
    near, far = plain(near), plain(far)
    if target_of(near) != target_of(far):
        yield f"target: {target_of(near)} became {target_of(far)}"
    sent = [*kept(near.fields, CONNECTION | SIGNATURE), *hoisted(near)]
    came = kept(far.fields, CONNECTION | SIGNATURE)
    if sent != came:
        yield f"request fields: {sent} became {came}"
    if operation == "PostObject":
        if form(near) != form(far):
            yield f"form: {form(near)} became {form(far)}"
    elif undone(far.body, near.body, operation, rewritten_paths(service, operation, "request")) != near.body:
        yield f"request body: {near.body[:2000]!r} became {far.body[:2000]!r}"


def of_answers(near: Exchange, far: Exchange, service: str, operation: str) -> Iterator[str]:
    said, came = near.said, far.said
    if said.start.split(b" ")[1] != came.start.split(b" ")[1]:
        yield f"status: {came.start!r} became {said.start!r}"
    allowed = CONNECTION
    was = came.body
    if said.body != was:
        allowed |= OF_A_CHANGED_BODY
        was = gzip.decompress(was) if came.get(b"content-encoding") == b"gzip" else was
        if undone(said.body, was, operation, rewritten_paths(service, operation, "response")) != was:
            yield f"body: {was[:2000]!r} became {said.body[:2000]!r}"
    if kept(came.fields, allowed) != kept(said.fields, allowed):
        yield f"fields: {kept(came.fields, allowed)} became {kept(said.fields, allowed)}"
    no_body = near.asked.start.startswith(b"HEAD ") or b" 304" in came.start[:13]
    if no_body and said.get(b"content-length") != came.get(b"content-length"):
        yield f"announced length: {came.get(b'content-length')!r} became {said.get(b'content-length')!r}"


# -- both sides -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Line:
    """One connection through a recorder."""

    asked: bytearray = field(default_factory=bytearray)
    said: bytearray = field(default_factory=bytearray)


class Recorder:
    """Passes bytes on between whoever connects and a server, and keeps them."""

    def __init__(self, port: int) -> None:
        self.target = ("127.0.0.1", port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listener.getsockname()[1])
        self.lines: list[Line] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.close()

    def take(self) -> list[Exchange]:
        """The exchanges since the last time."""
        found = []
        for line in self.lines:
            asked, said = bytes(line.asked), bytes(line.said)
            line.asked.clear()
            line.said.clear()
            found += exchanges(asked, said)
        return found

    def forget(self) -> None:
        for line in self.lines:
            line.asked.clear()
            line.said.clear()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError), sock, socket.create_connection(self.target) as other:
            line = Line()
            self.lines.append(line)
            for side in (sock, other):
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            up = threading.Thread(target=_pump, args=(sock, other, line.asked), daemon=True)
            up.start()
            _pump(other, sock, line.said)
            up.join()


def _pump(source: socket.socket, sink: socket.socket, kept: bytearray) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(1 << 18):
            kept += piece  # before anybody can answer it
            sink.sendall(piece)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


class Wire:
    """Calls through a gate that is watched on both sides; every one is compared as soon as it is over."""

    def __init__(self, run: Run, raw: Any, far: Recorder) -> None:
        self.run, self.far = run, far
        self.near = Recorder(int(run.gate_url.rpartition(":")[2]))
        self.host = run.gate_url.removeprefix("http://")
        self.raw = raw
        self.raw.connect = lambda timeout=10: socket.create_connection(("127.0.0.1", self.near.port), timeout)
        self.made: dict[str, Any] = {}
        self.seen: list[tuple[Exchange, Exchange, str, str]] = []
        far.forget()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.near.listener.close()
        for made in self.made.values():
            made.close()

    def client(self, service: str, **options: Any) -> Any:
        """A client that believes to call the gate, and calls the recorder before it."""
        port = self.near.port

        class Connection(AWSHTTPConnection):
            def _new_conn(self) -> socket.socket:
                return socket.create_connection(("127.0.0.1", port))

        class Pool(AWSHTTPConnectionPool):
            ConnectionCls = Connection

        config = Config(retries={"max_attempts": 0}, **options.pop("config", {}))
        made = self.run.boto_session().client(service, endpoint_url=self.run.gate_url, config=config, **options)
        made._endpoint.http_session._manager.pool_classes_by_scheme = {"http": Pool}
        return made

    def call(self, service: str, method: str, /, client: Any = None, **parameters: Any) -> Any:
        if client is None:
            client = self.made.get(service) or self.made.setdefault(service, self.client(service))
        self.near.forget()
        self.far.forget()
        answer = getattr(client, method)(**parameters)
        if service == "s3" and "Body" in answer:
            answer["Body"] = answer["Body"].read()
        self.compare(service, client.meta.method_to_api_mapping[method])
        return answer

    def fails(self, service: str, method: str, /, **parameters: Any) -> str:
        with pytest.raises(ClientError) as caught:
            self.call(service, method, **parameters)
        self.compare(service, method.title().replace("_", ""))
        return str(caught.value.response["Error"]["Code"])

    def send(self, data: bytes, service: str, operation: str = "", *, status: int = 200) -> Any:
        answer = self.raw.answer(data)
        self.compare(service, operation)
        assert answer.status == status, answer
        return answer

    def compare(self, service: str, operation: str) -> None:
        near, far = self.near.take(), self.far.take()
        assert len(near) == len(far) == 1, (near, far)
        self.seen.append((near[0], far[0], service, operation))
        assert differences(near[0], far[0], service, operation) == []


GUARDED = ("cloudformation", "dynamodb", "kms", "s3", "sns", "sqs", "sts")
UNGUARDED = [
    "apigateway",
    "cloudwatch",
    "cognito-idp",
    "ec2",
    "ecr",
    "events",
    "iam",
    "kinesis",
    "lambda",
    "logs",
    "rds",
    "secretsmanager",
    "ssm",
    "stepfunctions",
    "sts",
]


@contextlib.contextmanager
def watched(make_run: Any, make_raw: Any, services: Sequence[str], port: int, **options: Any) -> Iterator[Wire]:
    """A gate between two recorders, before a server on a port."""
    far = Recorder(port)
    tables = [f'[tool.sandgate.endpoints.{name}]\nurl = "http://127.0.0.1:{far.port}"\n' for name in services]
    toml = 'tier = "endpoints"\nregion = "eu-west-1"\nisolation = "prefix"\n' + "".join(tables)
    with far, make_run(toml, **options) as run, Wire(run, make_raw(run), far) as wire:
        yield wire


@pytest.fixture(scope="module")
def emulator() -> Iterator[int]:
    """The port of an emulator as its maker ships it."""
    config = load(cwd=Path.cwd(), environ={}, overrides={})
    program = emulator_python(cache_directory(config), config.ministack_version, print).with_name("ministack")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    off = {"IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0", "PERSIST_STATE": "0", "GATEWAY_PORT": str(port)}
    nowhere = subprocess.DEVNULL
    process = subprocess.Popen([program], env={**os.environ, **off}, stdout=nowhere, stderr=nowhere)
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            time.sleep(0.02)
        yield port
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def wire(make_run: Any, make_raw: Any, emulator: int) -> Iterator[Wire]:
    """The gate that most tests share, its guard on."""
    with watched(make_run, make_raw, GUARDED, emulator) as made:
        yield made


@pytest.fixture(scope="module")
def open_wire(make_run: Any, make_raw: Any, emulator: int) -> Iterator[Wire]:
    """A gate for what no guard lets pass, and for services of which nobody says what their calls need."""
    with watched(make_run, make_raw, UNGUARDED, emulator, unsafe_no_guard=True) as made:
        yield made


# -- calls of real clients --------------------------------------------------------------------------------------------


def test_queues(wire: Wire) -> None:
    url = wire.call("sqs", "create_queue", QueueName="test-q")["QueueUrl"]
    assert url.startswith(wire.run.gate_url)
    assert wire.seen[-1][0].said.body != wire.seen[-1][1].said.body
    wire.call("sqs", "send_message", QueueUrl=url, MessageBody=f"see {url} and\n\tü \U0001f600")
    assert wire.seen[-1][0].asked.body != wire.seen[-1][1].asked.body
    attributes = {"kind": {"DataType": "Binary", "BinaryValue": bytes(range(256))}}
    entries = [{"Id": str(n), "MessageBody": " " * (n + 1), "MessageAttributes": attributes} for n in range(3)]
    wire.call("sqs", "send_message_batch", QueueUrl=url, Entries=entries)
    found = wire.call("sqs", "receive_message", QueueUrl=url, MessageAttributeNames=["All"], MaxNumberOfMessages=4)
    wire.call("sqs", "delete_message", QueueUrl=url, ReceiptHandle=found["Messages"][0]["ReceiptHandle"])
    wire.call("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["All"])
    assert wire.call("sqs", "list_queues", QueueNamePrefix="test-q")["QueueUrls"] == [url]
    assert "NonExistentQueue" in wire.fails("sqs", "get_queue_url", QueueName="test-none")
    wire.call("sqs", "delete_queue", QueueUrl=url)


def test_topics_and_stacks(wire: Wire) -> None:
    topic = wire.call("sns", "create_topic", Name="test-t", Tags=[{"Key": "a b&=+%/ü", "Value": ""}])["TopicArn"]
    wire.call("sns", "publish", TopicArn=topic, Message="100 % <&> ü\n", Subject="a+b c")
    wire.call("sns", "list_topics")
    assert wire.fails("sns", "get_topic_attributes", TopicArn=topic + "-none") in {"NotFound", "NotFoundException"}
    template = {
        "Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "test-of-stack"}}},
        "Outputs": {"Url": {"Value": {"Ref": "Q"}}, "Text": {"Value": "a < b & c"}},
        "Parameters": {"Text": {"Type": "String"}},
    }
    parameters = [{"ParameterKey": "Text", "ParameterValue": "of ü&= 1"}]
    body = json.dumps(template)
    wire.call("cloudformation", "create_stack", StackName="test-s", TemplateBody=body, Parameters=parameters)
    wire.call("cloudformation", "describe_stacks", StackName="test-s")
    wire.call("cloudformation", "list_stack_resources", StackName="test-s")
    wire.call("cloudformation", "describe_stack_events", StackName="test-s")
    wire.call("cloudformation", "delete_stack", StackName="test-s")


def test_query_and_ec2(open_wire: Wire) -> None:
    wire = open_wire
    wire.call("ec2", "describe_vpcs", Filters=[{"Name": "isDefault", "Values": ["true"]}])
    wire.call("ec2", "describe_security_groups")
    wire.call("rds", "describe_db_instances")
    assert "NotFound" in wire.fails("rds", "describe_db_instances", DBInstanceIdentifier="test-none")


def test_minted_keys(open_wire: Wire) -> None:
    """Surrogates in the place of real keys, in answers and requests, and nothing else."""
    wire = open_wire
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}
    wire.call("iam", "create_user", UserName="test-u", Path="/test/")
    key = wire.call("iam", "create_access_key", UserName="test-u")["AccessKey"]
    near, far, *_ = wire.seen[-1]
    assert key["SecretAccessKey"].encode() in near.said.body
    assert key["SecretAccessKey"].encode() not in far.said.body
    assert (
        wire.call("iam", "list_access_keys", UserName="test-u")["AccessKeyMetadata"][0]["AccessKeyId"]
        == key["AccessKeyId"]
    )
    wire.call("iam", "delete_access_key", UserName="test-u", AccessKeyId=key["AccessKeyId"])
    near, far, *_ = wire.seen[-1]
    assert near.asked.body != far.asked.body
    role = wire.call("iam", "create_role", RoleName="test-r", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    minted = wire.call("sts", "assume_role", RoleArn=role, RoleSessionName="test-s")["Credentials"]
    assert minted["SessionToken"].encode() not in wire.seen[-1][1].said.body
    names = {
        "aws_access_key_id": "AccessKeyId",
        "aws_secret_access_key": "SecretAccessKey",
        "aws_session_token": "SessionToken",
    }
    with_token = wire.client("sts", **{name: minted[member] for name, member in names.items()})
    wire.call("sts", "get_caller_identity", client=with_token)
    wire.call("sts", "get_caller_identity")


def test_json(wire: Wire) -> None:
    wire.call(
        "dynamodb", "create_table", TableName="test_t", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )  # fmt: skip
    item = {
        "id": {"S": "ü\U0001f600\x00/"},
        "n": {"N": "1e3"},
        "b": {"B": bytes(256)},
        "m": {"M": {"": {"NULL": True}}},
    }
    wire.call("dynamodb", "put_item", TableName="test_t", Item=item)
    wire.call("dynamodb", "get_item", TableName="test_t", Key={"id": item["id"]})
    wire.call("dynamodb", "put_item", TableName="test_t", Item={"id": {"S": "big"}, "v": {"S": "x" * 300_000}})
    wire.call("dynamodb", "scan", TableName="test_t")
    wire.call("dynamodb", "execute_statement", Statement="SELECT * FROM \"test_t\" WHERE id = 'big'")
    condition = "attribute_not_exists(id)"
    put = {"Item": {"id": {"S": "big"}}, "ConditionExpression": condition}
    assert wire.fails("dynamodb", "put_item", TableName="test_t", **put) == "ConditionalCheckFailedException"
    key = wire.call("kms", "create_key")["KeyMetadata"]["KeyId"]
    blob = wire.call("kms", "encrypt", KeyId=key, Plaintext=b"\0\xff")["CiphertextBlob"]
    wire.call("kms", "decrypt", CiphertextBlob=blob)


def test_more_json(open_wire: Wire) -> None:
    wire = open_wire
    pool = wire.call("cognito-idp", "create_user_pool", PoolName="test-p")["UserPool"]["Id"]
    wire.call("cognito-idp", "describe_user_pool", UserPoolId=pool)
    assert wire.fails("cognito-idp", "admin_get_user", UserPoolId=pool, Username="ü") == "UserNotFoundException"
    wire.call("logs", "create_log_group", logGroupName="/test/a-b_c.d#1")
    wire.call("logs", "describe_log_groups", logGroupNamePrefix="/test/")
    wire.call("events", "put_rule", Name="test-rule", ScheduleExpression="rate(1 day)", State="DISABLED")
    wire.call("ssm", "put_parameter", Name="/test/p", Value=" a  b ", Type="String")
    wire.call("ssm", "get_parameters_by_path", Path="/test", Recursive=True)
    wire.call("secretsmanager", "create_secret", Name="test-secret", SecretString='{"a":"\\u0000"}')
    wire.call("secretsmanager", "get_secret_value", SecretId="test-secret")
    wire.call("kinesis", "create_stream", StreamName="test-stream", ShardCount=1)
    wire.call("stepfunctions", "list_state_machines")
    wire.call("ecr", "create_repository", repositoryName="test-repo")


def test_rest_json_and_cbor(open_wire: Wire) -> None:
    wire = open_wire
    api = wire.call("apigateway", "create_rest_api", name="test-api", tags={"a b": "ü/"})["id"]
    wire.call("apigateway", "get_resources", restApiId=api, limit=5)
    wire.call("apigateway", "get_rest_apis")
    assert wire.fails("apigateway", "get_rest_api", restApiId="none") == "NotFoundException"
    wire.call("lambda", "list_functions", MaxItems=1)
    assert wire.fails("lambda", "get_function", FunctionName="test-none") == "ResourceNotFoundException"
    data = [{"MetricName": "m ü", "Value": 1.5, "Dimensions": [{"Name": "a", "Value": "b"}]}]
    wire.call("cloudwatch", "put_metric_data", Namespace="test/n", MetricData=data)
    assert wire.call("cloudwatch", "list_metrics", Namespace="test/n")["Metrics"]
    packed = wire.client("cloudwatch", config={"request_min_compression_size_bytes": 1})
    wire.call("cloudwatch", "put_metric_data", client=packed, Namespace="test/n", MetricData=data)
    assert wire.seen[-1][1].asked.get(b"content-encoding") == b"gzip"


# -- objects ----------------------------------------------------------------------------------------------------------

KEYS = ("plain", "a b+c/ü€", "%41%2f%", "//two//slashes/", "..a/~!*'();:@&=$,?#[]", "\U0001f600", "trailing/")


@pytest.fixture(scope="module")
def bucket(wire: Wire) -> str:
    place = {"LocationConstraint": "eu-west-1"}
    wire.call("s3", "create_bucket", Bucket="test-bytes", CreateBucketConfiguration=place)
    return "test-bytes"


def test_objects(wire: Wire, bucket: str) -> None:
    for key in KEYS:
        named = {"Bucket": bucket, "Key": key}
        wire.call("s3", "put_object", **named, Body=key.encode(), Metadata={"a": "", "b-c": "1, 2;  3"})
        assert wire.call("s3", "get_object", **named)["Body"] == key.encode()
        wire.call("s3", "copy_object", Bucket=bucket, Key="copy", CopySource=named)
    named = {"Bucket": bucket, "Key": "large"}
    large = bytes(range(256)) * 4096
    tag = wire.call("s3", "put_object", **named, Body=large, ContentType='text/x; a="b"', CacheControl="")["ETag"]
    assert wire.call("s3", "get_object", **named)["Body"] == large
    assert wire.call("s3", "get_object", **named, Range="bytes=10-19")["Body"] == large[10:20]
    wire.call("s3", "head_object", **named)
    wire.call("s3", "put_object", **named, Body=large[:70_000], ChecksumAlgorithm="SHA256")
    wire.call("s3", "put_object_tagging", **named, Tagging={"TagSet": [{"Key": "a<b", "Value": ""}]})
    assert wire.fails("s3", "get_object", **named, IfNoneMatch=wire.call("s3", "head_object", **named)["ETag"]) == "304"
    assert wire.fails("s3", "get_object", **named, IfMatch=tag) == "PreconditionFailed"
    assert wire.fails("s3", "get_object", **named, Range="bytes=9999999-") == "InvalidRange"
    assert wire.fails("s3", "get_object", Bucket=bucket, Key="none") == "NoSuchKey"
    assert wire.fails("s3", "head_object", Bucket=bucket, Key="none") == "404"
    wire.call("s3", "list_objects_v2", Bucket=bucket, Prefix="", Delimiter="/", EncodingType="url")
    wire.call("s3", "delete_objects", Bucket=bucket, Delete={"Objects": [{"Key": key} for key in KEYS[:3]]})


def test_parts(wire: Wire, bucket: str) -> None:
    named = {"Bucket": bucket, "Key": "parts ü"}
    upload = {**named, "UploadId": wire.call("s3", "create_multipart_upload", **named)["UploadId"]}
    parts = []
    for number in (1, 2):
        body = bytes([number]) * (300_000 // number)
        found = wire.call("s3", "upload_part", **upload, PartNumber=number, Body=body)
        parts.append({"PartNumber": number, "ETag": found["ETag"]})
    wire.call("s3", "list_parts", **upload)
    wire.fails("s3", "complete_multipart_upload", **upload, MultipartUpload={"Parts": [{**parts[0], "PartNumber": 9}]})


@pytest.mark.parametrize("version", ["s3v4", "s3"])
@pytest.mark.parametrize("size", [0, 12, 300_000])
def test_presigned(wire: Wire, bucket: str, version: str, size: int) -> None:
    s3 = wire.client("s3", config={"signature_version": version})
    named = {"Bucket": bucket, "Key": f"signed ü+/{size}"}
    url = s3.generate_presigned_url("put_object", Params={**named, "ContentType": "text/csv", "Metadata": {"a": "b c"}})
    lines = ["Content-Type: text/csv", "x-amz-meta-a: b c", f"Content-Length: {size}", "User-Agent: curl/8"]
    wire.send(request(wire, "PUT", url, lines) + b"x" * size, "s3")
    read = s3.generate_presigned_url("get_object", Params={**named, "ResponseContentType": "a/b c"})
    assert wire.send(request(wire, "GET", read, ["Accept: */*"]), "s3").body == b"x" * size


def request(wire: Wire, method: str, url: str, lines: Sequence[str]) -> bytes:
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return "\r\n".join([f"{method} {target} HTTP/1.1", f"Host: {wire.host}", *lines, "", ""]).encode()


@pytest.mark.parametrize("version", ["s3v4", "s3"])
@pytest.mark.parametrize("size", [5, 300_000])
def test_forms(wire: Wire, bucket: str, version: str, size: int) -> None:
    s3 = wire.client("s3", config={"signature_version": version})
    post = s3.generate_presigned_post(
        bucket, "forms/ü ${filename}", Fields={"x-amz-meta-a": ""}, Conditions=[{"x-amz-meta-a": ""}]
    )
    parts = [f'--b_1\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in post["fields"].items()]
    file = '--b_1\r\nContent-Disposition: form-data; name="file"; filename="ü.bin"\r\nContent-Type: a/b\r\n\r\n'
    body = "".join([*parts, file]).encode() + b"\r\n--b_1x" * (size // 8) + b"\r\n--b_1--\r\n"
    lines = ["Content-Type: multipart/form-data; boundary=b_1", f"Content-Length: {len(body)}"]
    wire.send(request(wire, "POST", post["url"], lines) + body, "s3", "PostObject", status=204)


# -- what SDKs do not send, and HTTP allows ---------------------------------------------------------------------------

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
def test_targets(wire: Wire, bucket: str, target: str) -> None:
    data = wire.raw.signed("GET", target.format(bucket), service="s3", headers={"x-custom": "a  b"})
    answer = wire.raw.answer(turned(data))
    wire.compare("s3", "GetObject")
    assert answer.status in {200, 400, 404}


def test_fields(wire: Wire, bucket: str) -> None:
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


def sealed(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def chunked_upload(wire: Wire, path: str, body: bytes, kind: str) -> bytes:
    """An aws-chunked upload by the rules of the S3 API Reference."""
    date = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    scope = f"{date[:8]}/{wire.run.region}/s3/aws4_request"
    key = f"AWS4{wire.raw.keys.secret_key}".encode()
    for part in scope.split("/"):
        key = sealed(key, part)
    headers = {
        "content-encoding": "gzip,aws-chunked", "host": wire.host, "x-amz-content-sha256": kind, "x-amz-date": date,
        "x-amz-decoded-content-length": str(len(body)), "x-amz-meta-a": "b",
    }  # fmt: skip
    crc = base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
    if kind.endswith("TRAILER"):
        headers["x-amz-trailer"] = "x-amz-checksum-crc32"
    names = ";".join(sorted(headers))
    canonical = f"PUT\n{path}\n\n{''.join(f'{n}:{headers[n]}' + chr(10) for n in sorted(headers))}\n{names}\n{kind}"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    signature = sealed(key, f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{digest}").hex()
    who = f"Credential={wire.raw.keys.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    headers["authorization"] = f"AWS4-HMAC-SHA256 {who}"
    data, none = b"", hashlib.sha256(b"").hexdigest()
    for piece in [*(body[at : at + 65536] for at in range(0, len(body), 65536)), b""]:
        hashes = f"{none}\n{hashlib.sha256(piece).hexdigest()}"
        signature = sealed(key, f"AWS4-HMAC-SHA256-PAYLOAD\n{date}\n{scope}\n{signature}\n{hashes}").hex()
        end = f";chunk-signature={signature}" if "AWS4" in kind else ""
        data += f"{len(piece):x}{end}\r\n".encode() + piece + (b"\r\n" if piece else b"")
    if kind.endswith("TRAILER"):
        line = f"x-amz-checksum-crc32:{crc}"
        digest = hashlib.sha256(f"{line}\n".encode()).hexdigest()
        signature = sealed(key, f"AWS4-HMAC-SHA256-TRAILER\n{date}\n{scope}\n{signature}\n{digest}").hex()
        last = f"x-amz-trailer-signature:{signature}\r\n" if "AWS4" in kind else ""
        data += f"{line}\r\n{last}".encode()
    data += b"\r\n"
    lines = "".join(f"{n}: {v}\r\n" for n, v in headers.items())
    return f"PUT {path} HTTP/1.1\r\n{lines}Content-Length: {len(data)}\r\n\r\n".encode() + data


@pytest.mark.parametrize("size", [0, 10, 200_000])
@pytest.mark.parametrize(
    "kind", ["AWS4-HMAC-SHA256-PAYLOAD", "AWS4-HMAC-SHA256-PAYLOAD-TRAILER", "UNSIGNED-PAYLOAD-TRAILER"]
)
def test_chunked_uploads(wire: Wire, bucket: str, kind: str, size: int) -> None:
    body = bytes(range(250)) * (size // 250) + b"z" * (size % 250)
    wire.send(chunked_upload(wire, f"/{bucket}/chunks", body, f"STREAMING-{kind}"), "s3", "PutObject")
    assert plain(wire.seen[-1][1].asked).body == body


# -- answers that no emulator gives -----------------------------------------------------------------------------------


class Scripted:
    """A server that answers whatever it is asked with the bytes that a test gave it."""

    def __init__(self) -> None:
        self.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError), sock:
            while sock.recv(1 << 16):  # a request of these tests is one packet
                sock.sendall(self.answer)
                if b"Length:" not in self.answer and b"chunked" not in self.answer:
                    return


@pytest.fixture(scope="module")
def scripted() -> Iterator[Scripted]:
    made = Scripted()
    yield made
    made.listener.close()


@pytest.fixture(scope="module")
def answers(make_run: Any, make_raw: Any, scripted: Scripted) -> Iterator[Wire]:
    """A gate before the scripted server."""
    with watched(make_run, make_raw, ("s3", "sqs"), scripted.port, unsafe_no_guard=True) as made:
        yield made


QUEUE = b'{ "QueueUrl":"https://sqs.eu-west-1.amazonaws.com/111122223333/test-q" ,"x":"\xc3\xbc\\u00fc\\/" }\n'
ODD = b'X-B: 2\r\nx-a: 1\r\nX-B: 3\r\nX-Empty:\r\nX-Latin: \xfc\r\nETag: "a"\r\nX-Nbsp: \xc2\xa0b\xc2\xa0\r\n'
ANSWERS = {
    "fields": b"200 OK\r\n" + ODD + b"Content-Length: 2\r\n\r\nab",
    "chunked": b"200 OK\r\n" + ODD + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n2;x=y\r\nbc\r\n0\r\n\r\n",
    "until close": b"200 OK\r\nConnection: close\r\n" + ODD + b"\r\nall of it",
    "gzip": b"200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b"
    % (len(gzip.compress(b"a")), gzip.compress(b"a")),
    "an interim answer": b"100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
    "an odd status": b"299 Odd\r\nContent-Length: 1\r\n\r\na",
    "nothing": b"204 No Content\r\nX-A: 1\r\nContent-Length: 0\r\n\r\n",
    "not modified": b'304 Not Modified\r\nETag: "a"\r\nContent-Length: 1234\r\n\r\n',
    "moved": b"307 Temporary Redirect\r\nLocation: http://else.where/\r\nContent-Length: 0\r\n\r\n",
    "an error": b"503 Slow Down\r\nRetry-After: 1\r\nContent-Length: 3\r\n\r\n<a>",
}


@pytest.mark.parametrize("how", ANSWERS)
def test_answers(answers: Wire, scripted: Scripted, how: str) -> None:
    scripted.answer = b"HTTP/1.1 " + ANSWERS[how]
    data = answers.raw.signed("GET", "/test-b/k", service="s3")
    answers.send(data, "s3", "GetObject", status=200 if "interim" in how else int(ANSWERS[how][:3]))


def test_an_answer_to_head(answers: Wire, scripted: Scripted) -> None:
    scripted.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n" + ODD + b"\r\n"
    answers.send(answers.raw.signed("HEAD", "/test-b/k", service="s3"), "s3", "HeadObject")


@pytest.mark.parametrize("packed", [False, True])
def test_a_rewritten_answer_differs_in_the_member_only(answers: Wire, scripted: Scripted, packed: bool) -> None:
    body, coding = (gzip.compress(QUEUE), b"Content-Encoding: gzip\r\n") if packed else (QUEUE, b"")
    kind = b"Content-Type: application/x-amz-json-1.0\r\nX-Amz-Crc32: 1\r\n"
    scripted.answer = b"HTTP/1.1 200 OK\r\n%b%b%bContent-Length: %d\r\n\r\n%b" % (ODD, kind, coding, len(body), body)
    headers = {"X-Amz-Target": "AmazonSQS.GetQueueUrl", "Content-Type": "application/x-amz-json-1.0"}
    data = answers.raw.signed("POST", "/", service="sqs", headers=headers, body=b'{"QueueName":"test-q"}')
    found = answers.send(data, "sqs", "GetQueueUrl")
    assert json.loads(found.body)["QueueUrl"] == f"{answers.run.gate_url}/111122223333/test-q"


# -- the comparison itself --------------------------------------------------------------------------------------------


def heard(raw: bytes, near: Message) -> Message | None:
    """A changed message; nothing when it is no message any more."""
    bodiless = near.start.startswith(b"HTTP/") and not near.body
    try:
        found, rest = message(raw, bodiless=bodiless)
    except (ValueError, AssertionError, IndexError):
        return None
    return None if rest or found.start.count(b" ") != near.start.count(b" ") else found


def unnoticed(near: Exchange, far: Exchange, service: str, operation: str) -> Iterator[bytes]:
    """Change each byte of the client's side in turn: the lines in which a change is not seen, up to its place."""
    for side in ("asked", "said"):
        whole: Message = getattr(near, side)
        for at in range(len(whole.raw)):
            raw = bytearray(whole.raw)
            raw[at] ^= 1
            changed = heard(bytes(raw), whole)
            if changed is None:
                continue
            pair = replace(near, asked=changed) if side == "asked" else replace(near, said=changed)
            if not differences(pair, far, service, operation):
                yield whole.raw[: at + 1].rstrip().rpartition(b"\r\n")[2]


def test_every_changed_byte_is_seen(wire: Wire, bucket: str) -> None:
    """But for those that the lists above name: fields of the connection and the signature, and a listed member."""
    wire.call("sqs", "create_queue", QueueName="test-seen")
    rewritten = wire.seen[-1]
    wire.call("s3", "put_bucket_tagging", Bucket=bucket, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    free = re.compile(rb"""[A-Z]+ [^ ]+ H[TP/1.]*|H[TP/1.]*|HTTP/1.1 \d{3} .*|\{"QueueUrl": ?"[^"]*""")
    for entry in (rewritten, wire.seen[-1]):
        found = list(unnoticed(*entry))
        assert found
        for line in found:
            assert line.partition(b":")[0].lower() in CONNECTION | SIGNATURE or free.fullmatch(line), line


PLANTED: dict[str, Callable[[Exchange], Exchange]] = {
    "order": lambda e: replace(e, asked=replace(e.asked, fields=e.asked.fields[::-1])),
    "a field more": lambda e: replace(e, asked=replace(e.asked, fields=(*e.asked.fields, (b"via", b"1.1 x")))),
    "a field less": lambda e: replace(e, said=replace(e.said, fields=())),
    "encoding": lambda e: replace(e, asked=replace(e.asked, start=e.asked.start.replace(b"%2B", b"%2b"))),
    "method": lambda e: replace(e, asked=replace(e.asked, start=e.asked.start.replace(b"PUT", b"POST"))),
    "payload": lambda e: replace(e, asked=replace(e.asked, body=e.asked.body + b"1")),
    "status": lambda e: replace(e, said=replace(e.said, start=b"HTTP/1.1 201 Created")),
    "answer": lambda e: replace(e, said=replace(e.said, body=e.said.body + b"1")),
}


@pytest.mark.parametrize("how", PLANTED)
def test_a_planted_difference_is_seen(wire: Wire, bucket: str, how: str) -> None:
    wire.call("s3", "put_object", Bucket=bucket, Key="planted+", Body=b"1", Metadata={"a": "b"})
    near, far, *call = wire.seen[-1]
    assert differences(near, far, *call) == []
    assert differences(near, PLANTED[how](far), *call)
