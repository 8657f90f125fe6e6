"""`hosted-ui`: the OAuth endpoints and login pages of a user pool's domain."""

from __future__ import annotations

from urllib.parse import parse_qs

from sandgate.routes._model import Route, RouteMatch
from sandgate.wire.http import Request

__all__ = ["ROUTE"]

_PATHS = frozenset(
    {
        "/login",
        "/logout",
        "/oauth2/authorize",
        "/oauth2/login",
        "/oauth2/token",
        "/oauth2/userInfo",
        "/oauth2/userinfo",
        "/oauth2/revoke",
    }
)


def _match(request: Request) -> RouteMatch | None:
    if request.path not in _PATHS:
        return None
    client = parse_qs(request.query).get("client_id", [""])[0]
    return RouteMatch(owner=client, parameters={"path": request.path, "method": request.method})


ROUTE = Route(
    name="hosted-ui",
    service="cognito-idp",
    operation="HostedUi",
    owner_type="AWS::Cognito::UserPoolClient",
    match=_match,
    summary="login, logout and the OAuth 2.0 endpoints of a user pool",
    example="/oauth2/token",
)
