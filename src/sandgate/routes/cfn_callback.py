"""`cfn-callback`: answers of custom resources and wait conditions to CloudFormation."""

from __future__ import annotations

import re

from sandgate.routes._model import Route, RouteMatch
from sandgate.wire.http import Request

__all__ = ["ROUTE"]

_PATH = re.compile(r"/_ministack/cfn-(response|signal)/([A-Za-z0-9_.~-]+)")


def _match(request: Request) -> RouteMatch | None:
    found = _PATH.fullmatch(request.path)
    if found is None or request.method != "PUT":
        return None
    return RouteMatch(owner=found.group(2), parameters={"kind": found.group(1)})


ROUTE = Route(
    name="cfn-callback",
    service="cloudformation",
    operation="Callback",
    owner_type="AWS::CloudFormation::Stack",
    match=_match,
    summary="the pre-signed callback of a custom resource or wait condition",
    example="/_ministack/cfn-response/0f8fad5b",
)
