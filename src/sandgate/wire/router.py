"""Which operation of a REST service a method, a path and a query name.

Rules, from the Smithy HTTP binding documents: literal segments beat labels, labels beat greedy labels, and of several
operations behind one path the one with more query keys of its own (`?acl`), then with more required keys and headers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sandgate.wire.models import Operation

__all__ = ["Found", "Router"]

_MAX_SEGMENTS = 512


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Route:
    service: str
    operation: Operation
    labels: tuple[str, ...]
    fixed: tuple[tuple[str, str], ...]
    query_keys: frozenset[str]
    header_names: frozenset[str]


@dataclass(slots=True)
class _Node:
    literals: dict[str, _Node] = field(default_factory=dict)
    label: _Node | None = None
    greedy: _Node | None = None
    routes: dict[str, list[_Route]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The operations that fit equally well, the model's own order kept; almost always one."""

    candidates: tuple[tuple[str, str], ...]
    """Service and operation names."""
    labels: tuple[Mapping[str, str], ...]
    """Decoded path labels by their name in the template, one mapping per candidate."""


class Router:
    """The routes of one or several services that sign with the same name."""

    def __init__(self, operations: Iterable[tuple[str, Operation]]) -> None:
        self._root = _Node()
        self.selectors: set[str] = set()
        """Query keys that tell one operation of a path from another."""
        for service, operation in operations:
            self._add(service, operation)

    def _add(self, service: str, operation: Operation) -> None:
        path, _, query = operation.uri.partition("?")
        node = self._root
        labels = []
        for segment in path.split("/")[1:]:
            if segment.startswith("{"):
                labels.append(segment.strip("{}").removesuffix("+"))
            node = _child(node, segment)
        fixed = tuple((part.partition("=")[0], part.partition("=")[2]) for part in query.split("&") if part)
        self.selectors |= {key for key, _ in fixed}
        route = _Route(
            service=service,
            operation=operation,
            labels=tuple(labels),
            fixed=fixed,
            query_keys=frozenset(operation.required_query),
            header_names=frozenset(operation.required_headers),
        )
        node.routes.setdefault(operation.method, []).append(route)

    def find(
        self, method: str, segments: list[str], query: Mapping[str, str], headers: Mapping[str, str]
    ) -> Found | None:
        """The best operations for a request head, or None.

        Args:
            method: upper case.
            segments: of the path, decoded one by one.
            query: decoded; of a repeated key any value.
            headers: by lower-case name.
        """
        if len(segments) > _MAX_SEGMENTS:
            return None
        other = segments[:-1] if len(segments) > 1 and segments[-1] == "" else [*segments, ""]
        # A trailing slash more or less is forgiven when nothing else fits: generators of SDKs differ in it.
        for attempt in (segments, other):
            for node, values in _walk(self._root, attempt, 0):
                best = _best(node.routes.get(method, ()), query, headers)
                if best:
                    return Found(
                        candidates=tuple((route.service, route.operation.name) for route in best),
                        labels=tuple(dict(zip(route.labels, values, strict=True)) for route in best),
                    )
        return None


def _child(node: _Node, segment: str) -> _Node:
    if not segment.startswith("{"):
        return node.literals.setdefault(segment, _Node())
    if segment.endswith("+}"):
        node.greedy = node.greedy or _Node()
        return node.greedy
    node.label = node.label or _Node()
    return node.label


def _walk(node: _Node, segments: list[str], at: int) -> Iterator[tuple[_Node, tuple[str, ...]]]:
    """Every node that the segments reach, the most literal first, with what the labels took."""
    if at == len(segments):
        yield node, ()
        return
    segment = segments[at]
    literal = node.literals.get(segment)
    if literal is not None:
        yield from _walk(literal, segments, at + 1)
    if node.label is not None and segment:
        for found, values in _walk(node.label, segments, at + 1):
            yield found, (segment, *values)
    if node.greedy is not None:
        # What follows a greedy label is literal, so it is tried before the label takes everything.
        ends = range(len(segments) - 1, at, -1) if node.greedy.literals else ()
        for end in (*ends, len(segments)):
            taken = "/".join(segments[at:end])
            if taken:
                for found, values in _walk(node.greedy, segments, end):
                    yield found, (taken, *values)


def _best(routes: Iterable[_Route], query: Mapping[str, str], headers: Mapping[str, str]) -> list[_Route]:
    fitting = [route for route in routes if not route.fixed or _has_fixed(route, query)]
    if len(fitting) <= 1:
        return fitting
    complete = [route for route in fitting if route.query_keys <= query.keys() and route.header_names <= headers.keys()]
    ranked = [(_rank(route), route) for route in complete or fitting]
    top = max(rank for rank, _ in ranked)
    best = [route for rank, route in ranked if rank == top]
    # A service that has two names for one operation has deprecated the older one.
    current = {route.service for route in best if not route.operation.deprecated}
    return [route for route in best if not route.operation.deprecated or route.service not in current]


def _has_fixed(route: _Route, query: Mapping[str, str]) -> bool:
    return all(key in query and value in ("", query[key]) for key, value in route.fixed)


def _rank(route: _Route) -> tuple[int, int]:
    return len(route.fixed), len(route.query_keys) + len(route.header_names)
