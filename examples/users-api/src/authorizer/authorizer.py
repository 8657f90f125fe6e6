"""The API's Lambda authorizer: who is calling, and what they may do.

API Gateway turns an exception whose text is exactly `Unauthorized` into a 401, any other one into a 500, and a policy
that does not allow the method into a 403.
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
"""

from __future__ import annotations

import functools
import logging
import os

import jwt
from jwks import KeySet, address_of

__all__ = ["Policy", "Unauthorized", "lambda_handler", "policy_for", "verified_claims"]

Policy = dict[str, object]

# AWS sets its own handler and level before this; elsewhere the log is stderr.
logging.basicConfig(level=logging.INFO)
log = logging.getLogger(__name__)

# Cognito's clock and this one need not agree to the second, and a token is often used in the second of its issue.
_LEEWAY_SECONDS = 5

_OWN_DATA = ("GET", "PUT", "DELETE")


class Unauthorized(Exception):
    """The token proves nothing; why goes to the log, not to the caller."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


def lambda_handler(event: dict[str, str], _context: object) -> Policy:
    """Answer API Gateway's question about one token."""
    token = event["authorizationToken"].removeprefix("Bearer ")
    issuer = os.environ["ISSUER"]
    keys = _key_set(address_of(issuer, os.environ))
    claims = verified_claims(token, keys=keys, issuer=issuer, audience=os.environ["AUDIENCE"])
    log.info("token accepted of %s", claims["sub"])
    return policy_for(claims, method_arn=event["methodArn"], admin_group=os.environ["ADMIN_GROUP"])


@functools.cache
def _key_set(url: str) -> KeySet:
    """One key set for as long as the execution environment lives."""
    return KeySet(url)


def verified_claims(token: str, *, keys: KeySet, issuer: str, audience: str) -> dict[str, object]:
    """The claims of an ID token of this pool and client.

    https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html

    Raises:
        Unauthorized: it is no such token, or nothing can be said about it because the pool's keys cannot be read.
    """
    try:
        key = keys.key(jwt.get_unverified_header(token).get("kid", ""))
        if key is None:
            raise jwt.InvalidKeyError("signed with a key that is not known here")
        claims = jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            issuer=issuer,
            audience=audience,
            leeway=_LEEWAY_SECONDS,
            options={"require": ["exp", "iss", "aud", "sub", "token_use"]},
        )
    except jwt.PyJWTError as error:
        log.warning("token refused: %s", error)
        raise Unauthorized from error
    if claims["token_use"] != "id":
        log.warning("token refused: an ID token is needed, this is one for %r", claims["token_use"])
        raise Unauthorized
    return claims


def policy_for(claims: dict[str, object], *, method_arn: str, admin_group: str) -> Policy:
    """What the owner of these claims may do with the API: everything as an administrator, else use their own data.

    API Gateway keeps the answer for the token's next requests, whichever method they call, so it must not depend on the
    method asked about.
    """
    api_and_stage = "/".join(method_arn.split("/")[:2])
    subject = str(claims["sub"])
    groups = claims.get("cognito:groups")
    if isinstance(groups, list) and admin_group in groups:
        allowed = [f"{api_and_stage}/*"]
    else:
        allowed = [f"{api_and_stage}/{method}/users/{subject}" for method in _OWN_DATA]
    return {
        "principalId": subject,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": allowed}],
        },
    }
