"""Literal segments beat labels, labels beat greedy ones, and more query keys beat fewer."""

from __future__ import annotations

from typing import Any

import pytest

from sandgate.wire.models import Operation
from sandgate.wire.router import Router


def operation(name: str, method: str, uri: str, **more: Any) -> tuple[str, Operation]:
    traits: dict[str, Any] = {"auth": "sigv4", "host_prefix": "", "input": None, "streaming": "", "deprecated": False}
    traits |= {"required_query": (), "required_headers": (), **more}
    return "service", Operation(name=name, method=method, uri=uri, **traits)


@pytest.fixture
def router() -> Router:
    return Router(
        [
            operation("Root", "GET", "/"),
            operation("Item", "GET", "/items/{Id}"),
            operation("Newest", "GET", "/items/newest"),
            operation("Rest", "GET", "/items/{Path+}"),
            operation("Tail", "GET", "/items/{Path+}/tail"),
            operation("Slash", "GET", "/slash/"),
            operation("Plain", "PUT", "/things/{Id}"),
            operation("Acl", "PUT", "/things/{Id}?acl"),
            operation("Kind", "PUT", "/things/{Id}?kind=a"),
            operation("Part", "PUT", "/things/{Id}", required_query=("part", "upload")),
            operation("Copy", "PUT", "/things/{Id}", required_headers=("source",)),
            operation("Old", "DELETE", "/things/{Id}", deprecated=True),
            operation("New", "DELETE", "/things/{Id}"),
            operation("One", "POST", "/twins"),
            operation("Two", "POST", "/twins"),
        ]
    )


@pytest.mark.parametrize(
    ("method", "path", "query", "headers", "expected"),
    [
        ("GET", "/", {}, {}, ["Root"]),
        ("GET", "/items/1", {}, {}, ["Item"]),
        ("GET", "/items/newest", {}, {}, ["Newest"]),
        ("GET", "/items/1/2", {}, {}, ["Rest"]),
        ("GET", "/items/1/tail", {}, {}, ["Tail"]),
        ("GET", "/items/1/2/tail", {}, {}, ["Tail"]),
        ("GET", "/slash", {}, {}, ["Slash"]),
        ("GET", "/items/1/", {}, {}, ["Rest"]),
        ("PUT", "/things/1", {}, {}, ["Plain"]),
        ("PUT", "/things/1", {"acl": ""}, {}, ["Acl"]),
        ("PUT", "/things/1", {"kind": "a"}, {}, ["Kind"]),
        ("PUT", "/things/1", {"kind": "b"}, {}, ["Plain"]),
        ("PUT", "/things/1", {"part": "1", "upload": "u"}, {}, ["Part"]),
        ("PUT", "/things/1", {"part": "1"}, {}, ["Plain"]),
        ("PUT", "/things/1", {}, {"source": "s"}, ["Copy"]),
        ("DELETE", "/things/1", {}, {}, ["New"]),
        ("POST", "/twins", {}, {}, ["One", "Two"]),
        ("POST", "/things/1", {}, {}, []),
        ("GET", "/things//", {}, {}, []),
        ("GET", "/nothing", {}, {}, []),
        ("GET", "/items" + "/a" * 600, {}, {}, []),
    ],
)
def test_the_best_route(
    router: Router, method: str, path: str, query: dict[str, str], headers: dict[str, str], expected: list[str]
) -> None:
    found = router.find(method, path.split("/")[1:], query, headers)
    assert [name for _, name in (found.candidates if found else ())] == expected


def test_labels_have_the_names_of_the_template(router: Router) -> None:
    found = router.find("GET", ["items", "a", "b", "tail"], {}, {})
    assert found is not None
    assert found.labels == ({"Path": "a/b"},)
