"""Where a value is in what was parsed: `Table.Name`, `tail(QueueUrl)`, `@`. Resource types are written in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache

__all__ = ["every", "first"]

_CALL = re.compile(r"(\w+)\((.*)\)")

_FUNCTIONS: Mapping[str, Callable[[str], str]] = {
    "tail": lambda text: text.rpartition("/")[2],  # of a URL, a path, an ARN `…:table/name`
    "last": lambda text: text.rpartition(":")[2],  # of an ARN `…:function:name`
}


def every(node: object, path: str) -> Iterator[object]:
    """All values at a place, in order.

    Args:
        node: mappings, sequences and scalars.
        path: members, separated by dots; a sequence on the way, or at the end, stands for each of its entries. `@` is
            the node itself. `tail(path)` is what follows the last slash of a text, `last(path)` the last colon.

    Raises:
        KeyError: the path uses a function that does not exist.
    """
    function, steps = _parsed(path)
    found = _walk(node, steps)
    if function is None:
        yield from found
    else:
        yield from (function(value) for value in found if isinstance(value, str))


def first(node: object, path: str) -> object | None:
    """The first value at a place, None where there is none."""
    return next(every(node, path), None)


@cache
def _parsed(path: str) -> tuple[Callable[[str], str] | None, tuple[str, ...]]:
    call = _CALL.fullmatch(path)
    inner = call[2] if call else path
    steps = () if inner in {"@", ""} else tuple(inner.split("."))
    return (_FUNCTIONS[call[1]] if call else None), steps


def _walk(node: object, steps: tuple[str, ...]) -> Iterator[object]:
    if isinstance(node, list | tuple):
        for each in node:
            yield from _walk(each, steps)
    elif not steps:
        if node is not None:
            yield node
    elif isinstance(node, Mapping) and steps[0] in node:
        yield from _walk(node[steps[0]], steps[1:])
