"""`lambda-download`: the pre-signed address from which a function's or layer's code is fetched."""

from __future__ import annotations

import re
from urllib.parse import unquote

from sandgate.routes._model import Route, RouteMatch
from sandgate.wire.http import Request

__all__ = ["ROUTE"]

_PATH = re.compile(r"/_ministack/lambda-(?:code|layers)/([A-Za-z0-9_.~/%-]+)")


def _match(request: Request) -> RouteMatch | None:
    found = _PATH.fullmatch(request.path)
    if found is None or request.method not in ("GET", "HEAD") or _climbs(found.group(1)):
        return None
    return RouteMatch(owner=found.group(1))


def _climbs(path: str) -> bool:
    """Whether a segment would lead out of the folder, in whatever spelling."""
    return any(unquote(segment) in (".", "..") or "/" in unquote(segment) for segment in path.split("/"))


ROUTE = Route(
    name="lambda-download",
    service="lambda",
    operation="DownloadCode",
    owner_type="AWS::Lambda::Function",
    match=_match,
    summary="downloads of function and layer code by their `Location`",
    example="/_ministack/lambda-code/worker",
)
