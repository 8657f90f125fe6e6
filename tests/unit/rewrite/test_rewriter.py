"""The rewriter as the gate uses it: addresses both ways, headers, credentials."""

from __future__ import annotations

import gzip
import json
from typing import Any

import botocore.session
import pytest
from botocore.model import ListShape, Shape, StructureShape
from botocore.parsers import create_parser

from sandgate.rewrite.addresses import Addresses, address_rules, at_port
from sandgate.rewrite.document import RewriteError
from sandgate.rewrite.rewriter import Rewriter
from sandgate.wire.http import WireError
from sandgate.wire.signing.credential import Credential

GATE = "http://127.0.0.1:4566"
JSON = ("content-type", "application/x-amz-json-1.0")
AWS_QUEUE = "https://sqs.eu-west-1.amazonaws.com/111122223333/test-q"
GATE_QUEUE = f"{GATE}/111122223333/test-q"


class Keys:
    """Stands in for the gate's surrogates."""

    def mint(self, real: Credential, label: str = "") -> Credential:
        assert label
        return Credential(f"SG{real.access_key_id}", "surrogate", "surrogate" if real.session_token else "")

    def real_id(self, access_key_id: str) -> str | None:
        return access_key_id.removeprefix("SG") if access_key_id.startswith("SG") else None

    def surrogate_id(self, access_key_id: str) -> str | None:
        return f"SG{access_key_id}"


class NoSurrogates(Keys):
    def real_id(self, access_key_id: str) -> str | None:
        assert access_key_id
        return None


@pytest.fixture
def rewriter() -> Rewriter:
    return Rewriter(GATE, Keys())


def signed_for(region: str) -> tuple[str, str]:
    return ("Authorization", f"AWS4-HMAC-SHA256 Credential=A/20260131/{region}/sqs/aws4_request, SignedHeaders=host")


def answer(rewriter: Rewriter, service: str, operation: str, document: Any) -> Any:
    _, body = rewriter.response(service, operation, [JSON], json.dumps(document).encode())
    return json.loads(body)


def ask(rewriter: Rewriter, operation: str, url: str, region: str = "eu-west-1", service: str = "sqs") -> Any:
    body = rewriter.request(service, operation, [JSON, signed_for(region)], json.dumps({"QueueUrl": url}).encode())
    return json.loads(body)["QueueUrl"]


@pytest.mark.parametrize(
    ("service", "operation", "sent"),
    [
        pytest.param("sts", "GetAccessKeyInfo", b"AKIAREAL", id="whose it is"),
        pytest.param("iam", "DeleteAccessKey", b"SGATEOWN", id="no more than that"),
    ],
)
def test_a_run_key_is_the_real_one_where_it_is_asked_whose_it_is(service: str, operation: str, sent: bytes) -> None:
    rewriter = Rewriter(GATE, NoSurrogates())
    own = {"SGATEOWN": "AKIAREAL"}.get
    body = rewriter.request(service, operation, [FORM], b"AccessKeyId=SGATEOWN", own=own)
    assert body == b"AccessKeyId=" + sent


def test_queue_urls_there_and_back(rewriter: Rewriter) -> None:
    assert not rewriter.wants("sqs", "SendMessage")
    assert answer(rewriter, "sqs", "GetQueueUrl", {"QueueUrl": AWS_QUEUE}) == {"QueueUrl": GATE_QUEUE}
    assert rewriter.wants("sqs", "SendMessage")
    assert ask(rewriter, "SendMessage", GATE_QUEUE) == AWS_QUEUE
    assert ask(rewriter, "SendMessage", GATE_QUEUE.replace("4566", "4567")) == AWS_QUEUE
    assert ask(rewriter, "SendMessage", f"{GATE}/111122223333/test-other") == f"{GATE}/111122223333/test-other"
    assert ask(rewriter, "SendMessage", AWS_QUEUE) == AWS_QUEUE


@pytest.mark.parametrize(
    ("operation", "document"),
    [
        ("CreateQueue", {"QueueUrl": "X"}),
        ("ListQueues", {"QueueUrls": ["X", "X"], "NextToken": "X"}),
        ("ListDeadLetterSourceQueues", {"queueUrls": ["X"]}),
    ],
)
def test_every_answer_with_queue_urls(rewriter: Rewriter, operation: str, document: Any) -> None:
    text = json.dumps(document)
    expected = json.loads(text.replace('"X"', json.dumps(GATE_QUEUE)))
    if "NextToken" in expected:
        expected["NextToken"] = AWS_QUEUE
    assert answer(rewriter, "sqs", operation, json.loads(text.replace('"X"', json.dumps(AWS_QUEUE)))) == expected


def test_queues_of_one_name_in_two_regions(rewriter: Rewriter) -> None:
    other = AWS_QUEUE.replace("eu-west-1", "us-east-1")
    for url in (AWS_QUEUE, other):
        assert answer(rewriter, "sqs", "GetQueueUrl", {"QueueUrl": url}) == {"QueueUrl": GATE_QUEUE}
    assert ask(rewriter, "SendMessage", GATE_QUEUE, "eu-west-1") == AWS_QUEUE
    assert ask(rewriter, "SendMessage", GATE_QUEUE, "us-east-1") == other
    assert ask(rewriter, "SendMessage", GATE_QUEUE, "eu-north-1") == GATE_QUEUE


def test_any_emulators_queue_url(rewriter: Rewriter) -> None:
    url = "http://queues.test:9324/queue/test-q"
    assert answer(rewriter, "sqs", "CreateQueue", {"QueueUrl": url}) == {"QueueUrl": f"{GATE}/queue/test-q"}
    assert ask(rewriter, "ReceiveMessage", f"{GATE}/queue/test-q") == url


def test_an_upstream_that_names_the_gate_costs_nothing(rewriter: Rewriter) -> None:
    headers = [JSON, ("Content-Length", "70"), ("x-amz-crc32", "1")]
    body = json.dumps({"QueueUrl": GATE_QUEUE}).encode()
    assert rewriter.response("sqs", "GetQueueUrl", headers, body) == (headers, body)
    assert not rewriter.wants("sqs", "SendMessage")


def test_query_protocol_queues(rewriter: Rewriter) -> None:
    body = (
        b'<ListQueuesResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><ListQueuesResult><QueueUrl>'
        + AWS_QUEUE.encode()
        + b"</QueueUrl></ListQueuesResult></ListQueuesResponse>"
    )
    _, made = rewriter.response("sqs", "ListQueues", [("Content-Type", "text/xml")], body)
    assert made == body.replace(AWS_QUEUE.encode(), GATE_QUEUE.encode())
    form = (
        b"Action=SendMessage&QueueUrl=http%3A%2F%2F127.0.0.1%3A4566%2F111122223333%2Ftest-q&MessageBody="
        + GATE_QUEUE.encode()
    )
    sent = rewriter.request("sqs", "SendMessage", [("Content-Type", "application/x-www-form-urlencoded")], form)
    assert sent.startswith(
        b"Action=SendMessage&QueueUrl=https%3A%2F%2Fsqs.eu-west-1.amazonaws.com%2F111122223333%2Ftest-q&"
    )
    assert sent.endswith(b"MessageBody=" + GATE_QUEUE.encode())


def test_messages_are_data(rewriter: Rewriter) -> None:
    document = {"Messages": [{"Body": AWS_QUEUE}]}
    assert answer(rewriter, "sqs", "ReceiveMessage", document) == document


STACKS = """<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult>
<Stacks><member><StackName>test-s</StackName><StackId>arn:aws:cloudformation:eu-west-1:111122223333:stack/test-s/1</StackId>
<CreationTime>2026-01-31T12:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus>
<Description>see https://abc123.execute-api.eu-west-1.amazonaws.com/Prod</Description>
<Outputs>
<member><OutputKey>Api</OutputKey><OutputValue>https://abc123.execute-api.eu-west-1.amazonaws.com/Prod/</OutputValue></member>
<member><OutputKey>Curl</OutputKey><OutputValue
>curl "https://abc123.execute-api.eu-west-1.amazonaws.com/Prod/a?b=1&amp;c" &lt; x</OutputValue></member>
<member><OutputKey>Own</OutputKey><OutputValue>http://d4e5.execute-api.127.0.0.1:4566/x</OutputValue></member>
<member><OutputKey>Ws</OutputKey><OutputValue>wss://abc123.execute-api.eu-west-1.amazonaws.com/dev</OutputValue></member>
<member><OutputKey>Url</OutputKey><OutputValue>https://a1-b2.lambda-url.eu-west-1.on.aws/</OutputValue></member>
<member><OutputKey>Queue</OutputKey><OutputValue>https://sqs.eu-west-1.amazonaws.com/111122223333/test-q.fifo</OutputValue></member>
<member><OutputKey>Image</OutputKey><OutputValue>111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/app:1</OutputValue></member>
<member><OutputKey>Plain</OutputKey><OutputValue>arn:aws:lambda:eu-west-1:111122223333:function:test-f</OutputValue></member>
<member><OutputKey>Other</OutputKey><OutputValue>https://abc123.execute-api.eu-west-1.amazonaws.com.example.org/</OutputValue></member>
</Outputs></member></Stacks></DescribeStacksResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>
</DescribeStacksResponse>"""
OUTPUTS = {
    "Api": f"{GATE}/_aws/execute-api/abc123/Prod/",
    "Curl": f'curl "{GATE}/_aws/execute-api/abc123/Prod/a?b=1&c" < x',
    "Own": f"{GATE}/_aws/execute-api/d4e5/x",
    "Ws": "ws://127.0.0.1:4566/_aws/execute-api/abc123/dev",
    "Url": f"{GATE}/_aws/lambda-url/a1-b2/",
    "Queue": f"{GATE}/111122223333/test-q.fifo",
    "Image": "127.0.0.1:4566/team/app:1",
    "Plain": "arn:aws:lambda:eu-west-1:111122223333:function:test-f",
    "Other": "https://abc123.execute-api.eu-west-1.amazonaws.com.example.org/",
}


def described(body: bytes) -> Any:
    output = (
        botocore.session.get_session()
        .get_service_model("cloudformation")
        .operation_model("DescribeStacks")
        .output_shape
    )
    assert output is not None
    response = {"body": body, "headers": {"content-type": "text/xml"}, "status_code": 200}
    return create_parser("query").parse(response, output)


def test_stack_outputs_as_botocore_reads_them(rewriter: Rewriter) -> None:
    headers = [("Content-Type", "text/xml"), ("Content-Length", "1"), ("X-Amz-Crc32", "5"), ("Etag", "e")]
    made_headers, made = rewriter.response("cloudformation", "DescribeStacks", headers, STACKS.encode())
    assert made_headers == [("Content-Type", "text/xml"), ("Etag", "e"), ("content-length", str(len(made)))]
    before, after = described(STACKS.encode()), described(made)
    assert {entry["OutputKey"]: entry["OutputValue"] for entry in after["Stacks"][0].pop("Outputs")} == OUTPUTS
    del before["Stacks"][0]["Outputs"]
    assert after == before


@pytest.mark.parametrize(
    ("service", "operation", "document", "expected"),
    [
        ("apigatewayv2", "GetApi", {"apiEndpoint": "https://a1.execute-api.eu-west-1.amazonaws.com", "name": "x"},
         {"apiEndpoint": f"{GATE}/_aws/execute-api/a1", "name": "x"}),
        ("apigatewayv2", "GetApis", {"items": [{"apiEndpoint": "http://a1.execute-api.127.0.0.1:4566"}]},
         {"items": [{"apiEndpoint": f"{GATE}/_aws/execute-api/a1"}]}),
        ("lambda", "GetFunctionUrlConfig",
         {"FunctionUrl": "https://ab.lambda-url.eu-west-1.on.aws/", "AuthType": "NONE"},
         {"FunctionUrl": f"{GATE}/_aws/lambda-url/ab/", "AuthType": "NONE"}),
        ("ecr", "GetAuthorizationToken",
         {"authorizationData": [{"proxyEndpoint": "https://111122223333.dkr.ecr.eu-west-1.amazonaws.com"}]},
         {"authorizationData": [{"proxyEndpoint": GATE}]}),
        ("ecr", "CreateRepository",
         {"repository": {"repositoryUri": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/a/b", "repositoryName": "a/b"}},
         {"repository": {"repositoryUri": "127.0.0.1:4566/a/b", "repositoryName": "a/b"}}),
    ],
)  # fmt: skip
def test_other_addresses(rewriter: Rewriter, service: str, operation: str, document: Any, expected: Any) -> None:
    assert rewriter.wants(service, operation)
    assert answer(rewriter, service, operation, document) == expected


def test_apis_and_functions_are_at_the_port_of_who_asks(rewriter: Rewriter) -> None:
    worker = GATE.replace("4566", "4567")
    headers = [("Content-Type", "text/xml")]
    for url in (worker, GATE, worker):
        _, made = rewriter.response("cloudformation", "DescribeStacks", headers, STACKS.encode(), gate_url=url)
        found = {entry["OutputKey"]: entry["OutputValue"] for entry in described(made)["Stacks"][0]["Outputs"]}
        moved = {name for name in OUTPUTS if found[name] != OUTPUTS[name]}
        assert moved == (set() if url == GATE else {"Api", "Curl", "Own", "Ws", "Url"})
        assert found == {
            name: text.replace("4566", url[-4:]) if name in moved else text for name, text in OUTPUTS.items()
        }


def test_only_apis_and_functions_of_the_gate_move() -> None:
    worker = GATE.replace("4566", "4567")
    assert at_port(f"a {GATE}/_aws/lambda-url/ab/ b {GATE}/_aws/execute-api/x", worker) == (
        f"a {worker}/_aws/lambda-url/ab/ b {worker}/_aws/execute-api/x"
    )
    for text in (f"{GATE}/_aws/other/ab", f"{GATE}/000000000000/test-q", "http://127.0.0.2:4566/_aws/lambda-url/ab/"):
        assert at_port(text, worker) == text


def test_an_address_at_any_port_goes_back() -> None:
    addresses = Addresses(GATE, real=True)
    api = "https://abc123.execute-api.eu-west-1.amazonaws.com/Prod"
    through = addresses.to_gate("text", api, GATE.replace("4566", "4567"))
    assert through == "http://127.0.0.1:4567/_aws/execute-api/abc123/Prod"
    assert addresses.to_real("text", through, "eu-west-1") == api


def test_images_back(rewriter: Rewriter) -> None:
    uri = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/a/b"
    answer(rewriter, "ecr", "CreateRepository", {"repository": {"repositoryUri": uri}})
    for tag in ("", ":1.0", "@sha256:00", ":1@sha256:00"):
        body = json.dumps(
            {"Code": {"ImageUri": f"127.0.0.1:4566/a/b{tag}"}, "Description": "127.0.0.1:4566/a/b"}
        ).encode()
        made = json.loads(rewriter.request("lambda", "CreateFunction", [JSON, signed_for("eu-west-1")], body))
        assert made == {"Code": {"ImageUri": f"{uri}{tag}"}, "Description": "127.0.0.1:4566/a/b"}


@pytest.mark.parametrize("real", [True, False])
def test_stack_parameters_back(*, real: bool) -> None:
    addresses = Addresses(GATE, real=real)
    api = "https://abc123.execute-api.eu-west-1.amazonaws.com/Prod"
    through = addresses.to_gate("text", api)
    assert addresses.to_real("text", through, "eu-west-1") == (api if real else through)
    queue = addresses.to_gate("text", f"url={AWS_QUEUE}")
    assert addresses.to_real("text", queue, "eu-west-1") == f"url={AWS_QUEUE}"
    assert addresses.to_real("text", f"{GATE}/_aws/execute-api/other/Prod", "") == f"{GATE}/_aws/execute-api/other/Prod"
    assert addresses.to_real("text", "127.0.0.1:4566/unknown", "") == "127.0.0.1:4566/unknown"


def test_what_is_remembered_is_bounded() -> None:
    addresses = Addresses(GATE)
    for number in range(10_100):
        addresses.to_gate("queue", f"https://sqs.eu-west-1.amazonaws.com/111122223333/q{number}")
    assert len(addresses._known) == 10_000
    assert addresses.to_real("queue", f"{GATE}/111122223333/q10099", "").startswith("https://sqs.")


STS = (
    b"<GetSessionTokenResponse><GetSessionTokenResult><Credentials><AccessKeyId>A</AccessKeyId>"
    b"<SecretAccessKey>canary</SecretAccessKey><SessionToken>canary</SessionToken></Credentials>"
    b"</GetSessionTokenResult></GetSessionTokenResponse>"
)


def test_credentials(rewriter: Rewriter) -> None:
    headers = [("Content-Type", "text/xml"), ("Content-Encoding", "gzip")]
    made_headers, made = rewriter.response("sts", "GetSessionToken", headers, gzip.compress(STS))
    assert b"<AccessKeyId>SGA</AccessKeyId>" in made
    assert b"canary" not in made
    assert made_headers == [("Content-Type", "text/xml"), ("content-length", str(len(made)))]


@pytest.mark.parametrize("headers", [[("content-encoding", "br")], [("content-type", "text/plain")], []])
def test_unreadable_answers_with_credentials_are_not_passed_on(
    rewriter: Rewriter, headers: list[tuple[str, str]]
) -> None:
    with pytest.raises(RewriteError):
        rewriter.response("sts", "GetSessionToken", headers, b"canary")


def test_other_unreadable_answers_are(rewriter: Rewriter) -> None:
    assert rewriter.response("sqs", "GetQueueUrl", [], b"Service Unavailable") == ([], b"Service Unavailable")


def test_key_ids_in_requests(rewriter: Rewriter) -> None:
    headers = [("Content-Type", "application/x-www-form-urlencoded")]
    assert rewriter.request("iam", "DeleteAccessKey", headers, b"AccessKeyId=SGA") == b"AccessKeyId=A"
    assert rewriter.wants("iam", "DeleteAccessKey")


@pytest.mark.parametrize("body", [b"{", b"\x00"])
def test_unreadable_requests_are_refused(rewriter: Rewriter, body: bytes) -> None:
    with pytest.raises(WireError, match="SerializationException"):
        rewriter.request("sqs", "SendMessage", [], body)


def test_untouched(rewriter: Rewriter) -> None:
    for service, operation in (("dynamodb", "GetItem"), ("s3", "GetObject"), ("sqs", "ReceiveMessage")):
        assert not rewriter.wants(service, operation)
        assert rewriter.response(service, operation, [JSON], b"{}") == ([JSON], b"{}")
        assert rewriter.request(service, operation, [JSON], b"{}") == b"{}"


def members(shape: Shape, path: list[str]) -> bool:
    """Whether a path leads to a text in a shape."""
    if not path:
        return shape.type_name == "string"
    if isinstance(shape, ListShape):
        return path[0] == "[]" and members(shape.member, path[1:])
    assert isinstance(shape, StructureShape)
    wire = {member.serialization.get("name", name): member for name, member in shape.members.items()}
    return path[0] in wire and members(wire[path[0]], path[1:])


def test_the_data_file_names_members_of_the_models() -> None:
    session = botocore.session.get_session()
    for (service, operation, side), (_, paths) in address_rules().items():
        model = session.get_service_model(service).operation_model(operation)
        shape = model.input_shape if side == "request" else model.output_shape
        assert shape is not None
        assert any(members(shape, path.split(".")) for path in paths), (service, operation, paths)


def test_every_queue_url_is_listed() -> None:
    model = botocore.session.get_session().get_service_model("sqs")
    for operation in model.operation_names:
        for side in ("request", "response"):
            shape = (
                model.operation_model(operation).input_shape
                if side == "request"
                else model.operation_model(operation).output_shape
            )
            has = shape is not None and any(name.lower() in {"queueurl", "queueurls"} for name in shape.members)
            assert has == (("sqs", operation, side) in address_rules()), (operation, side)


FORM = ("content-type", "application/x-www-form-urlencoded; charset=utf-8")
BOUNDARY = "arn:aws:iam::111122223333:policy/unit-tester-boundary"
ADDED = "arn%3Aaws%3Aiam%3A%3A111122223333%3Apolicy%2Funit-tester-boundary"


@pytest.mark.parametrize(
    ("operation", "body", "expected"),
    [
        ("CreateRole", b"Action=CreateRole&RoleName=test-r", ADDED),
        ("CreateUser", b"Action=CreateUser&UserName=test-u", ADDED),
        ("CreateUser", b"Action=CreateUser&PermissionsBoundary=own", None),
        ("CreateGroup", b"Action=CreateGroup&GroupName=test-g", None),
    ],
    ids=["role", "user", "its own", "group"],
)
def test_who_tests_make_is_bounded(operation: str, body: bytes, expected: str | None) -> None:
    bounding = Rewriter(GATE, Keys(), boundary=BOUNDARY)
    assert bounding.wants("iam", operation) is (operation != "CreateGroup")
    made = bounding.request("iam", operation, [FORM], body)
    assert made == (body if expected is None else body + f"&PermissionsBoundary={expected}".encode())
    assert Rewriter(GATE, Keys()).request("iam", operation, [FORM], body) == body, "nothing is added elsewhere"
