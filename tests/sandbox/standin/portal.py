"""The access portal of a single sign-on: whoever shows the token of a session gets a role's credentials.

After the SSO Portal API Reference, "GetRoleCredentials"; the emulator does not have it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from tests.sandbox.standin.keys import Key
from tests.sandbox.standin.messages import Answer, Request

__all__ = ["Portal"]


class Portal:
    """Sessions that people have logged in to, by their tokens."""

    def __init__(self) -> None:
        self.sessions: dict[str, Mapping[tuple[str, str], Key]] = {}
        """By token: a role's credentials by account and role."""

    def answer(self, request: Request) -> Answer:
        """To GetRoleCredentials."""
        granted = self.sessions.get(request.header("x-amz-sso_bearer_token"))
        if granted is None:
            return _said(401, {"message": "Session token not found or invalid"}, "UnauthorizedException")
        key = granted.get((request.parameter("account_id"), request.parameter("role_name")))
        if key is None or key.expires is None:
            return _said(403, {"message": "No access"}, "ForbiddenException")
        credentials = {
            "accessKeyId": key.access_key_id,
            "secretAccessKey": key.secret,
            "sessionToken": key.token,
            "expiration": int(key.expires.timestamp() * 1000),
        }
        return _said(200, {"roleCredentials": credentials})


def _said(status: int, body: Mapping[str, object], error: str = "") -> Answer:
    kind = (("x-amzn-errortype", error),) if error else ()
    headers = (("content-type", "application/json"), *kind)
    return Answer(status=status, headers=headers, body=json.dumps(body).encode())
