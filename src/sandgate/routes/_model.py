"""A route: a data-plane path outside the service models, which is a call too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sandgate.wire.http import Request

__all__ = ["Route", "RouteMatch"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteMatch:
    """A request that a route recognised."""

    owner: str
    """Id of the API, function, pool, repository or callback token that the request reaches."""
    parameters: Mapping[str, object] = field(default_factory=dict)
    operation: str = ""
    """Operation of the service's model that the request is by another protocol; empty for the route's own."""
    region: str = ""
    """Where the host says that it is; empty on the gate's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A case of the registry: one file in `routes/` exports one as `ROUTE`.

    Args:
        name: name of the case.
        service: service of the call, as IAM spells it.
        operation: operation of the call.
        owner_type: CloudFormation type of what owns the path.
        match: recognises a request by its head.
        summary: one line for the reference page.
        example: a path that it matches.
        aws_host: pattern of the host that has these paths at AWS; on any other host but the gate's own they are
            something else, such as keys of a bucket in virtual-host style.
        by_token: whether callers prove who they are with a token that a call of the API gave them (RFC 7617), and
            not with a signature.
    """

    name: str
    service: str
    operation: str
    owner_type: str
    match: Callable[[Request], RouteMatch | None]
    summary: str
    example: str
    aws_host: str = ""
    by_token: bool = False
