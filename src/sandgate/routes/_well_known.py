"""What `jwks` and `oidc-discovery` share: public documents under the path of a user pool (RFC 8615)."""

from __future__ import annotations

import re
from collections.abc import Callable

from sandgate.routes._model import RouteMatch
from sandgate.wire.http import Request

__all__ = ["POOL_HOST", "pool_document"]

POOL_HOST = r"cognito-idp(?:-fips)?\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?"
"""Where AWS serves them."""


def pool_document(name: str) -> Callable[[Request], RouteMatch | None]:
    """Match reads of one document.

    Args:
        name: the last segment of its path.
    """
    path = re.compile(rf"/([a-z]{{2}}(?:-[a-z]+)+-\d_[A-Za-z0-9]+)/\.well-known/{re.escape(name)}")

    def match(request: Request) -> RouteMatch | None:
        found = path.fullmatch(request.path)
        if found is None or request.method not in ("GET", "HEAD"):
            return None
        return RouteMatch(owner=found.group(1), parameters={"UserPoolId": found.group(1)})

    return match
