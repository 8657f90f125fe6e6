"""`function-url`: HTTP requests to a Lambda function's own URL."""

from __future__ import annotations

import re

from sandgate.routes._model import Route, RouteMatch
from sandgate.wire.http import Request

__all__ = ["ROUTE"]

_PATH = re.compile(r"/_aws/lambda-url/([a-z0-9-]+)(/.*)?")
_HOST = re.compile(r"([a-z0-9-]+)\.lambda-url\.[a-z0-9-]+\.[a-z0-9.-]+(?::\d+)?")


def _match(request: Request) -> RouteMatch | None:
    found = _PATH.fullmatch(request.path)
    if found:
        url, path = found.group(1), found.group(2) or "/"
    else:
        host = _HOST.fullmatch(request.host)
        if host is None:
            return None
        url, path = host.group(1), request.path
    return RouteMatch(owner=url, parameters={"url": url, "method": request.method, "path": path})


ROUTE = Route(
    name="function-url",
    service="lambda",
    operation="InvokeFunctionUrl",
    owner_type="AWS::Lambda::Url",
    match=_match,
    summary="requests to a function's own URL",
    example="/_aws/lambda-url/0123456789abcdef0123456789abcdef/",
    aws_host=r"[a-z0-9-]+\.lambda-url\.[a-z0-9-]+\.on\.aws",
)
