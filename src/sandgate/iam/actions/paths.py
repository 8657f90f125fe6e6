"""Paths into the parameters of a call: `TableName`, `Entries.*.Id`, `RequestItems.@`.

`*` is each entry of a list, `@` each key of a map, `%` each value of a map.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

__all__ = ["Steps", "select"]

Steps = tuple[str, ...]


def select(node: object, steps: Sequence[str], where: str = "") -> Iterator[tuple[object, str]]:
    """Every value at a path that is there and not null, with its place.

    Args:
        node: parameters or an item.
        steps: of a path.
        where: place of `node`.

    Yields:
        Value and place, `("x", "Entries[1].Id")`.
    """
    if not steps:
        if node is not None:
            yield node, where
        return
    step, rest = steps[0], steps[1:]
    for value, place in _step(node, step, where):
        yield from select(value, rest, place)


def _step(node: object, step: str, where: str) -> Iterator[tuple[object, str]]:
    if step == "*":
        if isinstance(node, Sequence) and not isinstance(node, str | bytes):
            yield from ((entry, f"{where}[{number}]") for number, entry in enumerate(node))
    elif isinstance(node, Mapping):
        if step == "@":
            yield from ((key, f"{where}.{key}") for key in node)
        elif step == "%":
            yield from ((value, f"{where}.{key}") for key, value in node.items())
        else:
            yield node.get(step), f"{where}.{step}" if where else step
