"""`hosted-ui`: the OAuth endpoints and login pages of a user pool's domain."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import parse_qs, unquote

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
    if request.path not in _PATHS or request.method not in ("GET", "HEAD", "POST"):
        return None
    client = parse_qs(request.query).get("client_id", [""])[0] or _basic_user(request)
    return RouteMatch(owner=client, parameters={"path": request.path, "method": request.method})


def _basic_user(request: Request) -> str:
    """The client that authenticates itself with its secret (RFC 6749, 2.3.1)."""
    scheme, _, pair = request.fields.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return unquote(base64.b64decode(pair, validate=True).decode("ascii").partition(":")[0])
    except (binascii.Error, ValueError):
        return ""


ROUTE = Route(
    name="hosted-ui",
    service="cognito-idp",
    operation="HostedUi",
    owner_type="AWS::Cognito::UserPoolClient",
    match=_match,
    summary="login, logout and the OAuth 2.0 endpoints of a user pool",
    example="/oauth2/token",
    aws_host=r"[a-z0-9-]+\.auth(?:-fips)?\.[a-z0-9-]+\.amazoncognito\.com",
)
