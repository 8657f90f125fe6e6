"""Under which hosts the gate answers."""

from __future__ import annotations

import pytest

from sandgate.gate.admit import check_host, on_own_host
from sandgate.wire.http import Request, WireError

PORTS = {4000, 4001}


def request(host: str) -> Request:
    return Request.of("GET", "/", [("Host", host)])


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:4000",
        "localhost:4001",
        "dynamodb.eu-west-1.amazonaws.com",
        "test-a.s3.eu-west-1.amazonaws.com:443",
        "sync-127.0.0.1:4000",
        "111122223333.127.0.0.1:4000",
    ],
)
def test_its_own_hosts_and_aws_s_are_served(host: str) -> None:
    check_host(request(host), PORTS)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:4002",
        "sync-127.0.0.1:4002",
        "bucket.127.0.0.1:4000",
        "11112222333.127.0.0.1:4000",
        "evil.example.sync-127.0.0.1:4000",
        "-127.0.0.1:4000",
        "bucket.localhost:4000",
        "amazonaws.com.example",
    ],
)
def test_another_host_is_refused(host: str) -> None:
    with pytest.raises(WireError):
        check_host(request(host), PORTS)


@pytest.mark.parametrize("host", ["sync-127.0.0.1:4000", "111122223333.127.0.0.1:4000"])
def test_a_host_prefix_makes_no_route_and_no_function_s_call(host: str) -> None:
    """Such calls are signed anew, for the upstream's own host; nothing goes on under this one."""
    assert not on_own_host(request(host))
