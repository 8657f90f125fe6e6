"""Whatever comes in, nothing but WireError comes out."""

from __future__ import annotations

import contextlib
import json
import random
import string
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sandgate.wire.http import Request, WireError
from sandgate.wire.identify import identify_post_form, match, parse
from sandgate.wire.models import Models

SIGNING_NAMES = [
    "",
    "s3",
    "s3express",
    "s3-outposts",
    "dynamodb",
    "sqs",
    "sts",
    "ec2",
    "rds",
    "ses",
    "monitoring",
    "lambda",
]
SIGNING_NAMES += [
    "apigateway",
    "chime",
    "cloudfront",
    "route53",
    "iam",
    "cloudsearch",
    "timestream",
    "no-service",
    "lex",
]
HOSTS = [
    "127.0.0.1:4566",
    "b.s3.eu-west-1.amazonaws.com",
    "sts.amazonaws.com",
    "",
    "é.amazonaws.com",
    "..s3.amazonaws.com",
]
PATHS = [
    "/",
    "/b",
    "/b/k",
    "//",
    "/2015-03-31/functions",
    "/service/x/operation/y",
    "/v20180820/accesspoint",
    "/token",
    "*",
    "",
]
QUERIES = [
    "",
    "acl",
    "Action=GetCallerIdentity&Version=2011-06-15",
    "list-type=2",
    "x-id=1",
    "uploadId=1&partNumber=01",
    "&&=",
]
TYPES = [
    "",
    "application/x-amz-json-1.0",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=a",
    "application/cbor",
]
TARGETS = ["DynamoDB_20120810.PutItem", "AmazonSQS.SendMessage", ".", "", "a.b.c", "Timestream_20181101.TagResource"]

FUZZ = settings(
    max_examples=400, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
LATIN = st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=40)


def either(known: list[str]) -> st.SearchStrategy[str]:
    """One of the likely values, or anything."""
    return st.sampled_from(known) | LATIN | st.text(max_size=20)


HEADERS = st.fixed_dictionaries(
    {"host": either(HOSTS)},
    optional={
        "content-type": either(TYPES),
        "x-amz-target": either(TARGETS),
        "smithy-protocol": st.just("rpc-v2-cbor"),
        "x-amz-account-id": either(["111122223333", "evil/"]),
        "content-encoding": either(["gzip", "aws-chunked", "br"]),
        "x-amz-copy-source": LATIN,
        "content-length": either(["1", "-1", "01"]),
    },
)


def survive(models: Models, request: Request, signing_name: str, body: bytes | None) -> None:
    """Match and parse, whatever that finds."""
    with contextlib.suppress(WireError):
        found = match(request, models, signing_name=signing_name)
        parse(found, request, models, body)


@FUZZ
@given(
    signing_name=either(SIGNING_NAMES),
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "X"]),
    path=either(PATHS),
    query=either(QUERIES),
    headers=HEADERS,
    body=st.none() | st.binary(max_size=60),
)
@example(signing_name="s3", method="GET", path="/\udcff", query="", headers={"host": ""}, body=b"")
@example(signing_name="s3", method="GET", path="/b", query="prefix=\udcff", headers={"host": ""}, body=b"")
@example(signing_name="s3", method="PUT", path="/b/k", query="", headers={"host": "", "x-amz-acl": "\udcff"}, body=b"")
@example(signing_name="lambda", method="GET", path="/" * 5000, query="", headers={"host": ""}, body=b"")
@example(
    signing_name="workspaces-web", method="GET", path="/portals" + "/a" * 400, query="", headers={"host": ""}, body=b""
)
def test_any_head(
    models: Models, signing_name: str, method: str, path: str, query: str, headers: dict[str, str], body: bytes | None
) -> None:
    target = f"{path}?{query}" if query else path
    survive(models, Request.of(method, target, headers.items()), signing_name, body)


CALLS: dict[str, tuple[str, str, str, dict[str, str]]] = {
    "json": ("dynamodb", "POST", "/", {"x-amz-target": "DynamoDB_20120810.PutItem"}),
    "rest-json": ("lambda", "POST", "/2015-03-31/functions", {}),
    "rest-xml": ("s3", "POST", "/b?delete", {}),
    "query": ("iam", "POST", "/", {"content-type": "application/x-www-form-urlencoded"}),
    "ec2": ("ec2", "POST", "/", {"content-type": "application/x-www-form-urlencoded"}),
    "cbor": (
        "monitoring",
        "POST",
        "/service/GraniteServiceVersion20100801/operation/PutMetricData",
        {"smithy-protocol": "rpc-v2-cbor"},
    ),
}
SEEDS = {
    "json": [b'{"TableName":"t","Item":{"a":{"L":[{"N":"1"}],"B":"aGk="}}}'],
    "rest-json": [b'{"FunctionName":"f","Code":{"ZipFile":"aGk="},"Timeout":3,"Environment":{"Variables":{"a":"b"}}}'],
    "rest-xml": [b"<Delete><Object><Key>a</Key></Object><Quiet>true</Quiet></Delete>"],
    "query": [b"Action=CreateUser&Version=2010-05-08&UserName=u&Tags.member.1.Key=a&Tags.member.1.Value=b"],
    "ec2": [b"Action=RunInstances&Version=2016-11-15&MaxCount=1&TagSpecification.1.Tag.1.Key=a&SecurityGroup.1=x"],
    "cbor": [b"\xa2iNamespaceatjMetricData\x81\xa2jMetricNameaaeValue\xfb?\xf0\x00\x00\x00\x00\x00\x00"],
}  # fmt: skip


@pytest.mark.parametrize("protocol", CALLS)
@FUZZ
@given(body=st.binary(max_size=120), keep=st.integers(0, 80))
def test_any_body(models: Models, protocol: str, body: bytes, keep: int) -> None:
    signing_name, method, target, headers = CALLS[protocol]
    request = Request.of(method, target, headers.items())
    survive(models, request, signing_name, body)
    survive(models, request, signing_name, SEEDS[protocol][0][:keep] + body)


@pytest.mark.parametrize("protocol", CALLS)
def test_mutated_bodies(models: Models, protocol: str) -> None:
    signing_name, method, target, headers = CALLS[protocol]
    request = Request.of(method, target, headers.items())
    found = match(request, models, signing_name=signing_name)
    seed = SEEDS[protocol][0]
    assert parse(found, request, models, seed).parameters, "the seed itself must be understood"
    chance = random.Random(protocol)
    for _ in range(2000):
        mutated = bytearray(seed)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(mutated))
            choice = chance.randrange(3)
            if choice == 0:
                mutated[at] = chance.randrange(256)
            elif choice == 1:
                del mutated[at]
            else:
                mutated[at:at] = mutated[chance.randrange(len(mutated)) :][: chance.randint(1, 12)]
            if not mutated:
                break
        with contextlib.suppress(WireError):
            parse(found, request, models, bytes(mutated))


JSON_VALUES: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=12,
)


@FUZZ
@given(value=JSON_VALUES, member=st.sampled_from(["TableName", "Item", "Expected", "ReturnValues", "x"]))
def test_any_json_value_for_a_member(models: Models, value: object, member: str) -> None:
    signing_name, method, target, headers = CALLS["json"]
    request = Request.of(method, target, headers.items())
    survive(models, request, signing_name, json.dumps({member: value}).encode())


@FUZZ
@given(form=st.dictionaries(either(["key", "acl", "Expires", "x-amz-meta-a"]), st.text(max_size=8), max_size=5))
def test_any_upload_form(models: Models, form: dict[str, str]) -> None:
    request = Request.of("POST", "/b", [("content-type", "multipart/form-data; boundary=a")])
    found = match(request, models, signing_name="s3")
    with contextlib.suppress(WireError):
        identify_post_form(found, models, form)


def deep_bodies() -> dict[str, Callable[[int], bytes]]:
    return {
        "json": lambda size: b'{"Item":' * 1 + b"[" * size,
        "rest-json": lambda size: b'{"a":' * size,
        "rest-xml": lambda size: b"<a>" * size,
        "query": lambda size: b"Action=CreateUser&Version=2010-05-08&" + b"a." * size + b"b=1",
        "ec2": lambda size: b"Action=RunInstances&Version=2016-11-15&" + b"a." * size + b"b=1",
        "cbor": lambda size: b"\x81" * size,
    }


@pytest.mark.parametrize("protocol", CALLS)
def test_depth_is_bounded(models: Models, protocol: str) -> None:
    signing_name, method, target, headers = CALLS[protocol]
    request = Request.of(method, target, headers.items())
    found = match(request, models, signing_name=signing_name)
    for size in (150, 900, 1100, 100_000):
        body = deep_bodies()[protocol](size)
        if size == 150 and protocol in ("query", "ec2"):
            assert parse(found, request, models, body).parameters == {}
            continue
        with pytest.raises(WireError):
            parse(found, request, models, body)


def test_the_fuzz_knows_real_names(models: Models) -> None:
    known = {name for name in SIGNING_NAMES if name} - {"no-service"}
    assert known <= set(models.by_signing_name)
    assert set(string.ascii_lowercase) & set("".join(known))
