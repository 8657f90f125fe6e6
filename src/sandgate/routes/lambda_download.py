"""`lambda-download`: the pre-signed address from which a function's or layer's code is fetched."""

from __future__ import annotations

import re

from sandgate.routes._model import Route, RouteMatch
from sandgate.wire.http import Request

__all__ = ["ROUTE"]

_PATH = re.compile(r"/_ministack/lambda-(?:code|layers)/([A-Za-z0-9_.~/%-]+)")


def _match(request: Request) -> RouteMatch | None:
    found = _PATH.fullmatch(request.path)
    if found is None or request.method not in ("GET", "HEAD"):
        return None
    return RouteMatch(owner=found.group(1))


ROUTE = Route(
    name="lambda-download",
    service="lambda",
    operation="DownloadCode",
    owner_type="AWS::Lambda::Function",
    match=_match,
    summary="downloads of function and layer code by their `Location`",
    example="/_ministack/lambda-code/worker",
)
