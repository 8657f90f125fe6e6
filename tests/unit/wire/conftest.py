"""Models and requests for the tests of `wire`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandgate.wire.http import Request
from sandgate.wire.identify import Identified, match, parse
from sandgate.wire.models import Models

Head = Callable[..., Request]
Identify = Callable[..., Identified]


@pytest.fixture(scope="session")
def models() -> Models:
    """Every service model of the installed botocore."""
    return Models.load(None)


def _head(method: str, target: str, headers: dict[str, str] | None = None) -> Request:
    return Request.of(method, target, {"host": "127.0.0.1:4566", **(headers or {})}.items())


@pytest.fixture(scope="session")
def head() -> Head:
    """A request head, to the gate unless a host is given."""
    return _head


@pytest.fixture(scope="session")
def identify(models: Models) -> Identify:
    """Match and parse; a streaming body is not held."""

    def run(
        signing_name: str, method: str, target: str, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> Identified:
        request = _head(method, target, headers)
        found = match(request, models, signing_name=signing_name)
        return parse(found, request, models, None if found.body == "stream" else body)

    return run
