"""`oidc-discovery`: the OpenID configuration of a user pool."""

from __future__ import annotations

from sandgate.routes._model import Route
from sandgate.routes._well_known import POOL_HOST, pool_document

__all__ = ["ROUTE"]

ROUTE = Route(
    name="oidc-discovery",
    service="cognito-idp",
    operation="GetOpenIdConfiguration",
    owner_type="AWS::Cognito::UserPool",
    match=pool_document("openid-configuration"),
    summary="the OpenID Connect discovery document of a user pool",
    example="/eu-west-1_aB3dE5fG7/.well-known/openid-configuration",
    aws_host=POOL_HOST,
)
