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
    """

    name: str
    service: str
    operation: str
    owner_type: str
    match: Callable[[Request], RouteMatch | None]
    summary: str
    example: str
    aws_host: str = ""
