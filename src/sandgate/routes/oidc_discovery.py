"""`oidc-discovery`: the OpenID configuration of a user pool."""

from __future__ import annotations

import re

from sandgate.routes._model import Route, RouteMatch
from sandgate.wire.http import Request

__all__ = ["ROUTE"]

_PATH = re.compile(r"/([a-z]{2}(?:-[a-z]+)+-\d_[A-Za-z0-9]+)/\.well-known/openid-configuration")


def _match(request: Request) -> RouteMatch | None:
    found = _PATH.fullmatch(request.path)
    if found is None or request.method not in ("GET", "HEAD"):
        return None
    return RouteMatch(owner=found.group(1), parameters={"UserPoolId": found.group(1)})


ROUTE = Route(
    name="oidc-discovery",
    service="cognito-idp",
    operation="GetOpenIdConfiguration",
    owner_type="AWS::Cognito::UserPool",
    match=_match,
    summary="the OpenID Connect discovery document of a user pool",
    example="/eu-west-1_aB3dE5fG7/.well-known/openid-configuration",
)
