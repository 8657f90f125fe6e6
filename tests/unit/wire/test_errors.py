"""Errors that botocore itself reads back as the code and message that were meant."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from botocore.parsers import PROTOCOL_PARSERS, create_parser

from sandgate.wire.cases import PROTOCOLS
from sandgate.wire.errors import render
from sandgate.wire.http import Response
from sandgate.wire.models import Models

MESSAGE = "sandgate refused this: rule <prefix> & \"name\", value 'é'\x00"


def rendered(protocol: str, service: str, models: Models | None = None, method: str = "POST") -> Response:
    return render(
        protocol=protocol,
        service=service,
        code="AccessDenied",
        message=MESSAGE,
        status=403,
        request_id="id-1",
        method=method,
        resource="/b/k",
        info=models.services[service] if models else None,
    )


def read_by_botocore(protocol: str, response: Response) -> dict[str, Any]:
    parser: Any = create_parser(protocol)
    parsed: dict[str, Any] = parser.parse(
        {
            "status_code": response.status,
            "headers": dict(response.headers),
            "body": response.body,
            "context": {"operation_name": "X"},
        },
        None,
    )
    return parsed


def test_every_protocol_of_botocore_has_a_case() -> None:
    assert {name.removeprefix("smithy-") for name in PROTOCOL_PARSERS} == set(PROTOCOLS)


@pytest.mark.parametrize(
    ("protocol", "service"),
    [
        ("query", "sts"),
        ("ec2", "ec2"),
        ("json", "dynamodb"),
        ("rest-json", "lambda"),
        ("rest-xml", "s3"),
        ("rest-xml", "s3control"),
        ("rest-xml", "route53"),
        ("smithy-rpc-v2-cbor", "cloudwatch"),
    ],
)
@pytest.mark.parametrize("with_model", [True, False])
def test_botocore_reads_code_message_and_request_id(
    protocol: str, service: str, with_model: bool, models: Models
) -> None:
    parsed = read_by_botocore(protocol, rendered(protocol, service, models if with_model else None))
    assert parsed["Error"]["Code"] == "AccessDenied"
    assert parsed["Error"]["Message"].rstrip("\x00?") == MESSAGE.rstrip("\x00")
    assert parsed["ResponseMetadata"]["RequestId"] == "id-1"
    assert parsed["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_every_service_gets_an_error_that_botocore_raises_as_that_code(models: Models) -> None:
    for name, info in models.services.items():
        for protocol in info.protocols:
            botocore_name = protocol if protocol in PROTOCOL_PARSERS else f"smithy-{protocol}"
            parsed = read_by_botocore(botocore_name, rendered(protocol, name, models))
            assert parsed["Error"]["Code"] == "AccessDenied", name


def test_s3_errors_have_a_root_of_their_own() -> None:
    root = ET.fromstring(rendered("rest-xml", "s3").body)
    assert root.tag == "Error"
    assert {child.tag: child.text for child in root}["Resource"] == "/b/k"
    assert ET.fromstring(rendered("rest-xml", "cloudfront").body).tag == "ErrorResponse"


def test_an_error_before_the_service_is_known_is_read_as_s3_does() -> None:
    assert ET.fromstring(rendered("rest-xml", "").body).tag == "Error"
    assert read_by_botocore("rest-xml", rendered("rest-xml", ""))["Error"]["Code"] == "AccessDenied"


@pytest.mark.parametrize("protocol", ["", *PROTOCOLS])
def test_head_gets_no_body(protocol: str) -> None:
    assert rendered(protocol, "s3", method="HEAD").body == b""


def test_code_is_in_header_and_body_of_json_errors() -> None:
    for protocol in ("json", "rest-json"):
        response = rendered(protocol, "dynamodb")
        assert dict(response.headers)["x-amzn-errortype"] == "AccessDenied"
        assert json.loads(response.body)["__type"] == "AccessDenied"


def test_once_query_services_get_the_old_code_too(models: Models) -> None:
    assert dict(rendered("json", "sqs", models).headers)["x-amzn-query-error"] == "AccessDenied;Sender"
    assert "x-amzn-query-error" not in dict(rendered("json", "dynamodb", models).headers)
    parsed = read_by_botocore("json", rendered("json", "sqs", models))
    assert (parsed["Error"]["Code"], parsed["Error"]["Type"]) == ("AccessDenied", "Sender")


def test_without_a_protocol_the_error_is_plain_text() -> None:
    response = rendered("", "")
    assert response.status == 403
    assert dict(response.headers)["content-type"].startswith("text/plain")
    assert response.body.startswith(b"AccessDenied: sandgate refused")
