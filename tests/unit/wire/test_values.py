"""Values of every kind, written by botocore's serializers and read back the same."""

from __future__ import annotations

import functools
import math
import string
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.awsrequest import create_request_object, prepare_request_dict
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.serialize import create_serializer
from hypothesis import given, settings
from hypothesis import strategies as st

from sandgate.wire.http import Request, WireError
from sandgate.wire.identify import match, parse
from sandgate.wire.models import Models

Trip = Callable[..., dict[str, object]]

settings.register_profile("values", max_examples=150, deadline=None, derandomize=True)
VALUES = settings.get_profile("values")

TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
XML_TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), max_size=30
)
TOKEN = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=8)
HEADER_TEXT = st.text(string.printable.strip(), min_size=1, max_size=20)
WORDS = st.lists(HEADER_TEXT.filter(lambda text: "\\" not in text), min_size=1, max_size=4)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32)
MOMENTS = st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001  the strategy adds it
SECONDS = MOMENTS.map(lambda moment: moment.replace(microsecond=0))
MILLISECONDS = st.integers(0, 4 * 10**12).map(lambda value: datetime.fromtimestamp(value / 1000, UTC))


@functools.cache
def _model(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


@pytest.fixture(scope="session")
def trip(models: Models) -> Trip:
    """Out through botocore and back, with the body held if it streams."""

    def run(service: str, name: str, parameters: dict[str, Any], protocol: str = "", *, hold: bool = True) -> Any:
        model = _model(service)
        protocol = protocol or model.metadata["protocol"]
        serialized = create_serializer(protocol, include_validation=False).serialize_to_request(
            parameters, model.operation_model(name)
        )
        prepare_request_dict(serialized, "http://127.0.0.1:4566")
        sent = create_request_object(serialized).prepare()
        parts = urlsplit(sent.url)
        head = [
            (key, value.decode() if isinstance(value, bytes) else str(value)) for key, value in sent.headers.items()
        ]
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        request = Request.of(sent.method, target or "/", [("host", parts.netloc), *head])
        body = sent.body.encode() if isinstance(sent.body, str) else sent.body or b""
        found = match(request, models, signing_name=model.signing_name)
        identified = parse(found, request, models, body if hold else None)
        assert (identified.service, identified.operation) == (service, name)
        return identified.parameters

    return run


@VALUES
@given(text=TEXT)
def test_text_in_json(trip: Trip, text: str) -> None:
    sent = {"TableName": "t", "Item": {text or "k": {"S": text}}}
    assert trip("dynamodb", "PutItem", sent) == sent


@VALUES
@given(text=TEXT)
def test_text_in_forms(trip: Trip, text: str) -> None:
    sent = {"UserName": text or "u", "Tags": [{"Key": text or "k", "Value": text}]}
    assert trip("iam", "CreateUser", sent) == sent


@VALUES
@given(text=XML_TEXT)
def test_text_in_xml(trip: Trip, text: str) -> None:
    sent = {"Bucket": "b", "Delete": {"Objects": [{"Key": text or "k"}], "Quiet": False}}
    assert trip("s3", "DeleteObjects", sent) == sent


@VALUES
@given(text=TEXT)
def test_text_in_cbor(trip: Trip, text: str) -> None:
    sent = {"Namespace": text or "n", "MetricData": [{"MetricName": text, "Value": 1.0}]}
    assert trip("cloudwatch", "PutMetricData", sent, "smithy-rpc-v2-cbor") == sent


@VALUES
@given(key=TEXT.filter(lambda text: text.strip("/") and "\x00" not in text))
def test_text_in_paths(trip: Trip, key: str) -> None:
    assert trip("s3", "GetObject", {"Bucket": "b", "Key": key}) == {"Bucket": "b", "Key": key}


@VALUES
@given(text=TEXT, other=TEXT)
def test_text_in_queries(trip: Trip, text: str, other: str) -> None:
    sent = {"Bucket": "b", "Prefix": text, "Delimiter": other}
    assert trip("s3", "ListObjectsV2", sent) == sent


@VALUES
@given(values=st.lists(TEXT, min_size=1, max_size=4))
def test_lists_in_queries(trip: Trip, values: list[str]) -> None:
    sent = {"Resource": "arn:aws:lambda:eu-west-1:111122223333:function:f", "TagKeys": values}
    assert trip("lambda", "UntagResource", sent) == sent


@VALUES
@given(text=HEADER_TEXT, metadata=st.dictionaries(TOKEN, HEADER_TEXT, min_size=1, max_size=4))
def test_text_and_maps_in_headers(trip: Trip, text: str, metadata: dict[str, str]) -> None:
    sent = {"Bucket": "b", "Key": "k", "ContentDisposition": text, "Metadata": metadata, "ContentLength": 0}
    assert trip("s3", "PutObject", sent, hold=False) == sent


@VALUES
@given(words=WORDS)
def test_lists_in_headers(trip: Trip, words: list[str]) -> None:
    sent = {"Bucket": "b", "Key": "k", "ObjectAttributes": words}
    assert trip("s3", "GetObjectAttributes", sent) == sent


@VALUES
@given(
    value=st.recursive(st.none() | st.booleans() | st.integers(-9, 9) | TEXT, lambda inner: st.lists(inner, max_size=3))
)
def test_json_in_headers(trip: Trip, value: object) -> None:
    sent = {
        "botName": "b",
        "botAlias": "a",
        "userId": "u",
        "contentType": "text/plain",
        "sessionAttributes": {"a": value},
    }
    assert trip("lex-runtime", "PostContent", {**sent, "inputStream": b""}, hold=False) == sent


@VALUES
@given(moment=SECONDS)
def test_timestamps_in_headers_and_forms(trip: Trip, moment: datetime) -> None:
    sent = {"Bucket": "b", "Key": "k", "IfModifiedSince": moment}
    assert trip("s3", "GetObject", sent) == sent
    window = {"Namespace": "n", "MetricName": "m", "StartTime": moment, "EndTime": moment, "Period": 60}
    assert trip("cloudwatch", "GetMetricStatistics", window, "query") == window


@VALUES
@given(moment=MILLISECONDS)
def test_timestamps_in_bodies(trip: Trip, moment: datetime) -> None:
    window = {"Namespace": "n", "MetricName": "m", "StartTime": moment, "EndTime": moment, "Period": 60}
    for protocol in ("json", "query", "smithy-rpc-v2-cbor"):
        assert trip("cloudwatch", "GetMetricStatistics", window, protocol) == window


@VALUES
@given(number=NUMBERS)
def test_numbers(trip: Trip, number: float) -> None:
    sent = {"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": number}]}
    for protocol in ("json", "query", "smithy-rpc-v2-cbor"):
        assert trip("cloudwatch", "PutMetricData", sent, protocol) == sent


@pytest.mark.parametrize("protocol", ["json", "query", "smithy-rpc-v2-cbor"])
def test_numbers_that_are_none(trip: Trip, protocol: str) -> None:
    for number in (math.inf, -math.inf):
        sent = {"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": number}]}
        assert trip("cloudwatch", "PutMetricData", sent, protocol) == sent
    sent = {"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": math.nan}]}
    back: Any = trip("cloudwatch", "PutMetricData", sent, protocol)
    assert math.isnan(back["MetricData"][0]["Value"])


@VALUES
@given(number=st.integers(-(2**63), 2**63 - 1))
def test_integers(trip: Trip, number: int) -> None:
    sent = {"Namespace": "n", "MetricName": "m", "Period": number}
    for protocol in ("json", "query", "smithy-rpc-v2-cbor"):
        assert trip("cloudwatch", "GetMetricStatistics", sent, protocol) == sent


@VALUES
@given(blob=st.binary(max_size=60))
def test_blobs(trip: Trip, blob: bytes) -> None:
    record = {"StreamName": "s", "Data": blob, "PartitionKey": "p"}
    assert trip("kinesis", "PutRecord", record) == record
    code = {"FunctionName": "f", "ZipFile": blob}
    assert trip("lambda", "UpdateFunctionCode", code) == code
    mail = {"RawMessage": {"Data": blob}}
    assert trip("ses", "SendRawEmail", mail) == mail


@VALUES
@given(blob=st.binary(min_size=1, max_size=60))
def test_blobs_that_are_the_body(trip: Trip, blob: bytes) -> None:
    call = {"FunctionName": "f", "Payload": blob}
    assert trip("lambda", "Invoke", call) == call
    upload = {"Bucket": "b", "Key": "k", "ContentLength": len(blob)}
    assert trip("s3", "PutObject", {**upload, "Body": blob}) == {**upload, "Body": blob}
    assert trip("s3", "PutObject", {**upload, "Body": blob}, hold=False) == upload


@pytest.mark.parametrize(
    "value", ["07", "+7", "-0", " 7", "7 ", "7.0", "1e1", "\u0667", "", "9223372036854775808", "0x7", "1_0"]
)
def test_integers_have_one_form(models: Models, value: str) -> None:
    quoted = "".join(f"%{byte:02x}" for byte in value.encode())
    request = Request.of("GET", f"/b?list-type=2&max-keys={quoted}", [])
    with pytest.raises(WireError):
        parse(match(request, models, signing_name="s3"), request, models, b"")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Thu, 01 Jan 1970 00:00:01 GMT", datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
        ("Thu, 1 Jan 1970 00:00:01 UTC", datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
        ("Thu, 31 Feb 1970 00:00:01 GMT", None),
        ("Thu, 01 Foo 1970 00:00:01 GMT", None),
        ("1970-01-01T00:00:01Z", None),
        ("soon", None),
    ],
)
def test_dates_in_headers(models: Models, value: str, expected: datetime | None) -> None:
    request = Request.of("GET", "/b/k", [("if-modified-since", value)])
    found = match(request, models, signing_name="s3")
    if expected is None:
        with pytest.raises(WireError):
            parse(found, request, models, b"")
    else:
        assert parse(found, request, models, b"").parameters["IfModifiedSince"] == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05.123456789Z", datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)),
        ("2026-01-02T05:04:05+02:00", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-13-02T05:04:05Z", None),
        ("2026-W01-1", None),
        ("2026-01-02", None),
        ("0001-01-01T00:00:00+23:00", None),
    ],
)
def test_dates_in_forms(models: Models, value: str, expected: datetime | None) -> None:
    quoted = value.replace("+", "%2B")
    form = f"Action=GetMetricStatistics&Version=2010-08-01&StartTime={quoted}".encode()
    request = Request.of("POST", "/", [("content-type", "application/x-www-form-urlencoded")])
    found = match(request, models, signing_name="monitoring")
    if expected is None:
        with pytest.raises(WireError):
            parse(found, request, models, form)
    else:
        assert parse(found, request, models, form).parameters == {"StartTime": expected}
