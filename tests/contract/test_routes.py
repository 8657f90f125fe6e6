"""What every route outside the models must keep."""

from __future__ import annotations

import pytest

from sandgate.core.registry import discover
from sandgate.routes._model import Route
from sandgate.wire.http import Request

ROUTES = discover("sandgate.routes", "ROUTE", Route)


@pytest.fixture(params=ROUTES)
def route(request: pytest.FixtureRequest) -> Route:
    return ROUTES[request.param]


def _example(route: Route, method: str) -> Request:
    return Request.of(method, route.example, [("Host", "127.0.0.1:4566")])


def test_the_promised_ones_are_there() -> None:
    promised = {"execute-api", "jwks", "oidc-discovery", "hosted-ui", "function-url", "ecr-v2", "cfn-callback"}
    assert promised <= set(ROUTES)


def test_its_example_is_its_own(route: Route) -> None:
    found = {
        name: case for name, case in ROUTES.items() for method in ("GET", "PUT") if case.match(_example(route, method))
    }
    assert set(found) == {route.name}


def test_it_takes_nothing_of_the_api(route: Route) -> None:
    for path in ("/", "/bucket", "/bucket/key", "/2015-03-31/functions/f/invocations", "/_ministack/reset", "/_aws/x"):
        for method in ("GET", "PUT", "POST", "DELETE"):
            assert route.match(Request.of(method, path, [("Host", "127.0.0.1:4566")])) is None


def test_it_says_what_it_is(route: Route) -> None:
    assert route.summary
    assert not route.summary.endswith(".")
    assert route.owner_type.startswith("AWS::")
    assert route.operation[0].isupper()


def _plain(value: object) -> bool:
    """A text, or lists and members of such, as models have them."""
    if isinstance(value, list):
        return all(map(_plain, value))
    return all(map(_plain, value.values())) if isinstance(value, dict) else isinstance(value, str)


def test_parameters_are_plain_and_hold_no_query(route: Route) -> None:
    for method in ("GET", "PUT"):
        request = Request.of(method, f"{route.example}?code=secret-code", [("Host", "127.0.0.1:4566")])
        found = route.match(request)
        if found is not None:
            assert all(map(_plain, found.parameters.values()))
            assert "secret-code" not in str(found)
