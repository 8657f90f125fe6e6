"""`execute-api`: the data plane of API Gateway."""

from __future__ import annotations

import re

from sandgate.routes._model import Route, RouteMatch
from sandgate.wire.http import Request

__all__ = ["ROUTE"]

_PATH = re.compile(r"/_aws/execute-api/([a-z0-9]+)/([^/]+)(/.*)?")
_HOST = re.compile(r"([a-z0-9]+)\.execute-api\.[a-z0-9-]+\.[a-z0-9.-]+(?::\d+)?")


def _match(request: Request) -> RouteMatch | None:
    found = _PATH.fullmatch(request.path)
    if found:
        api, stage, path = found.group(1), found.group(2), found.group(3) or "/"
    else:
        host = _HOST.fullmatch(request.host)
        if host is None:
            return None
        stage, _, rest = request.path.lstrip("/").partition("/")
        api, path = host.group(1), "/" + rest
    return RouteMatch(owner=api, parameters={"api": api, "stage": stage, "method": request.method, "path": path})


ROUTE = Route(
    name="execute-api",
    service="execute-api",
    operation="Invoke",
    owner_type="AWS::ApiGateway::RestApi",
    match=_match,
    summary="requests to a deployed API, with method and path",
    example="/_aws/execute-api/a1b2c3/Prod/users",
    aws_host=r"[a-z0-9]+\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?",
)
