"""`jwks`: the public keys of a user pool."""

from __future__ import annotations

from sandgate.routes._model import Route
from sandgate.routes._well_known import POOL_HOST, pool_document

__all__ = ["ROUTE"]

ROUTE = Route(
    name="jwks",
    service="cognito-idp",
    operation="GetJwks",
    owner_type="AWS::Cognito::UserPool",
    match=pool_document("jwks.json"),
    summary="the key set with which tokens of a user pool are verified",
    example="/eu-west-1_aB3dE5fG7/.well-known/jwks.json",
    aws_host=POOL_HOST,
)
