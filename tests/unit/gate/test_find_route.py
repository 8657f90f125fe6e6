"""A path is a route on the gate's own host, or on the host that has it at AWS; elsewhere it is something else."""

from __future__ import annotations

import pytest

from sandgate.core.registry import discover
from sandgate.gate.admit import find_route
from sandgate.routes._model import Route
from sandgate.wire.http import Request

ROUTES = discover("sandgate.routes", "ROUTE", Route)


def _found(host: str, path: str, method: str = "GET") -> str:
    found = find_route(Request.of(method, path, [("Host", host)]), None, ROUTES)
    return found[0].name if found else ""


@pytest.mark.parametrize("route", sorted(ROUTES))
def test_a_bucket_in_virtual_host_style_has_no_routes(route: str) -> None:
    for method in ("GET", "PUT", "POST", "DELETE"):
        assert _found("test-public.s3.amazonaws.com", ROUTES[route].example, method) == ""


@pytest.mark.parametrize(
    ("host", "path", "route"),
    [
        ("127.0.0.1:4566", "/login", "hosted-ui"),
        ("pool.auth.eu-west-1.amazoncognito.com", "/login", "hosted-ui"),
        ("cognito-idp.eu-west-1.amazonaws.com", "/eu-west-1_aB3dE5fG7/.well-known/jwks.json", "jwks"),
        ("cognito-idp.eu-west-1.amazonaws.com", "/login", ""),
        ("111122223333.dkr.ecr.eu-west-1.amazonaws.com", "/v2/", "ecr-v2"),
        ("a1b2c3.execute-api.eu-west-1.amazonaws.com", "/Prod/users", "execute-api"),
        ("abc.lambda-url.eu-west-1.on.aws", "/anything", "function-url"),
    ],
)
def test_a_route_lives_on_its_own_host(host: str, path: str, route: str) -> None:
    assert _found(host, path) == route


def test_the_hosted_ui_is_not_written_to() -> None:
    assert [_found("127.0.0.1:4566", "/oauth2/token", method) for method in ("PUT", "DELETE")] == ["", ""]


@pytest.mark.parametrize("path", ["../reset", "%2e%2e/reset", "a/../../reset", "a%2F..%2Freset", "./x"])
def test_downloads_do_not_climb(path: str) -> None:
    assert _found("127.0.0.1:4566", f"/_ministack/lambda-code/{path}") == ""
