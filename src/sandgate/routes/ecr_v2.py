"""`ecr-v2`: the container registry protocol of ECR."""

from __future__ import annotations

import re

from sandgate.routes._model import Route, RouteMatch
from sandgate.wire.http import Request

__all__ = ["ROUTE"]

_PATH = re.compile(r"/v2/(?:(.+)/(?:manifests|blobs|tags|referrers)(?:/.*)?)?")


def _match(request: Request) -> RouteMatch | None:
    found = _PATH.fullmatch(request.path)
    scheme = request.fields.get("authorization", "").partition(" ")[0].lower()
    if found is None or scheme not in ("", "basic", "bearer"):
        return None
    repository = found.group(1) or ""
    return RouteMatch(owner=repository, parameters={"repository": repository, "method": request.method})


ROUTE = Route(
    name="ecr-v2",
    service="ecr",
    operation="Registry",
    owner_type="AWS::ECR::Repository",
    match=_match,
    summary="pushes and pulls of images (OCI distribution protocol)",
    example="/v2/team/app/manifests/latest",
    aws_host=r"\d{12}\.dkr\.ecr(?:-fips)?\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?",
)
