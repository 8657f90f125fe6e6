"""What a client may ask of the proxy itself."""

from __future__ import annotations

import base64

import pytest

from sandgate.proxy.head import RefusedHead, parse_head, worker_of


def basic(text: str) -> str:
    return f"Basic {base64.b64encode(text.encode()).decode()}"


@pytest.mark.parametrize(
    ("target", "where"),
    [
        ("dynamodb.eu-west-1.amazonaws.com:443", ("dynamodb.eu-west-1.amazonaws.com", 443)),
        ("SQS.EU-WEST-1.amazonaws.COM.:443", ("sqs.eu-west-1.amazonaws.com", 443)),
        ("[2001:DB8::1]:8443", ("2001:db8::1", 8443)),
        ("127.0.0.1:1", ("127.0.0.1", 1)),
        ("[0:0:0:0:0:0:0:1]:1", ("::1", 1)),
    ],
)
def test_a_connect_names_host_and_port(target: str, where: tuple[str, int]) -> None:
    assert parse_head(f"CONNECT {target} HTTP/1.1\r\nHost: x".encode()).where() == where


@pytest.mark.parametrize(
    ("line", "status", "text"),
    [
        ("GET http://example.org/ HTTP/1.1", 403, "https:// only"),
        ("GET / HTTP/1.1", 400, "AWS_ENDPOINT_URL"),
        ("CONNECT example.org HTTP/1.1", 400, "host and a port"),
        ("CONNECT example.org:0 HTTP/1.1", 400, "host and a port"),
        ("CONNECT example.org:99999 HTTP/1.1", 400, "host and a port"),
        ("CONNECT a@b:443 HTTP/1.1", 400, "host and a port"),
        ("CONNECT -a:443 HTTP/1.1", 400, "host and a port"),
        ("CONNECT http://a:443 HTTP/1.1", 400, "host and a port"),
        ("CONNECT [dead]:443 HTTP/1.1", 400, "an IPv6 address"),
        ("CONNECT [127.0.0.1]:443 HTTP/1.1", 400, "an IPv6 address"),
    ],
)
def test_everything_else_is_refused(line: str, status: int, text: str) -> None:
    with pytest.raises(RefusedHead, match=text) as caught:
        parse_head(line.encode()).where()
    assert caught.value.status == status


@pytest.mark.parametrize(
    "head",
    [
        "\x16\x03\x01 HTTP/1.1", "CONNECT a:1 HTTP/2", "CONNECT a:1 HTTP/1.1\r\nno colon",
        "CONNECT a:1 HTTP/1.1\r\n a: b",
        "CONNECT a:1 HTTP/1.1\r\nProxy-Authorization: Basic a\r\nproxy-authorization: Basic b", "",
    ],
)  # fmt: skip
def test_what_is_no_head_is_a_400(head: str) -> None:
    with pytest.raises(RefusedHead) as caught:
        parse_head(head.encode("latin-1"))
    assert caught.value.status == 400


def test_who_knows_the_secret_is_a_worker() -> None:
    assert worker_of(basic("gw0:s3cret"), "s3cret") == "gw0"
    assert worker_of(basic("main:s3cret").replace("Basic", "basic"), "s3cret") == "main"


@pytest.mark.parametrize(
    "authorization",
    ["", "Basic", "Basic !", basic("main"), basic("main:"), basic("main:s3cre"), basic("main:s3crett"), basic("main:ü"),
     basic(":s3cret"), basic("a b:s3cret"), basic("a\n:s3cret"), "Bearer s3cret",
     basic("main:s3cret").replace("Basic", "Digest")],
)  # fmt: skip
def test_nobody_else_is(authorization: str) -> None:
    with pytest.raises(RefusedHead) as caught:
        worker_of(authorization, "s3cret")
    assert caught.value.status == 407
    assert "s3cret" not in caught.value.text
