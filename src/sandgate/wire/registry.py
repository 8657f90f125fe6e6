"""Errors of container registries, as their clients show them.

Sources: https://github.com/opencontainers/distribution-spec ("Error Codes"); RFC 7617 for the challenge.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType

from sandgate.wire.http import Request, Response

__all__ = ["challenge", "registry_error"]

_CODES: Mapping[int, str] = MappingProxyType(
    {401: "UNAUTHORIZED", 403: "DENIED", 404: "NAME_UNKNOWN", 405: "UNSUPPORTED", 429: "TOOMANYREQUESTS"}
)
_UNAUTHORIZED = 401


def registry_error(request: Request, status: int, message: str) -> Response:
    """An error that a client shows with its message.

    Args:
        request: that it answers.
        status: HTTP status; the error's code follows.
        message: one sentence.
    """
    body = json.dumps({"errors": [{"code": _CODES.get(status, "UNKNOWN"), "message": message}]}).encode()
    headers = [("content-type", "application/json; charset=utf-8"), ("docker-distribution-api-version", "registry/2.0")]
    if status == _UNAUTHORIZED:
        headers.append(("www-authenticate", f'Basic realm="https://{request.host}/",service="ecr.amazonaws.com"'))
    return Response(status, tuple(headers), b"" if request.method == "HEAD" else body)


def challenge(request: Request, message: str) -> Response:
    """How one logs in, for whoever has not said who it is."""
    return registry_error(request, _UNAUTHORIZED, message)
