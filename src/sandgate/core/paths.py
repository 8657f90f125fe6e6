"""Where a value is in what was parsed: `Table.Name`, `tail(QueueUrl)`, `@`. Resource types are written in it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

__all__ = ["every", "first", "nested"]

_CALL = re.compile(r"(\w+)\((.*)\)")

_SECRET = re.compile(r"arn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:(.+?)(?:-\w{6})?")

_FUNCTION = re.compile(r"(?:(?:.*:)?function:)?([^:]+)(?::[^:]*)?")
_LOG_GROUP = re.compile(r"arn:.*:log-group:([^:]+)(?::.*)?")

_PASSWORD = "****"  # noqa: S105 - how SNS shows one in its listings


def _address(text: str) -> str:
    """A URL of which no secret is left: keys of webhooks stand in user, path or query.

    What is cut off becomes a short hash, in which every password is the same one: listings do not show it.
    """
    scheme, found, rest = text.partition("://")
    if not found:
        return text
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    user, _, host = authority.rpartition("@")
    if rest.rstrip("/") == host:
        return text
    shown = user.partition(":")[0] + ":" + _PASSWORD if ":" in user else user
    digest = hashlib.sha256(f"{shown}@{rest.removeprefix(authority)}".encode()).hexdigest()
    return f"{scheme}://{host}#{digest[:8]}"


_FUNCTIONS: Mapping[str, Callable[[str], str]] = {
    "tail": lambda text: text.rpartition("/")[2],  # of a URL, a path, an ARN `…:table/name`
    "last": lambda text: text.rpartition(":")[2],  # of an ARN `…:function:name`
    "address": _address,
    "lower": str.lower,  # where AWS stores a name in lower case, whatever the request said
    "secret": lambda text: found[1] if (found := _SECRET.fullmatch(text)) else text,
    "function": lambda text: found[1] if (found := _FUNCTION.fullmatch(text)) else text,  # also in an ARN of a version
    "loggroup": lambda text: found[1] if (found := _LOG_GROUP.fullmatch(text)) else text,
    "layer": lambda text: text.split(":")[-2] if ":" in text else text,  # of an ARN `…:layer:name:1`
    "left": lambda text: text.rpartition("|")[0],  # of a physical id `bus|rule`
    "right": lambda text: text.rpartition("|")[2],
    "second": lambda text: text.split("/")[1] if "/" in text else text,  # of an ARN `…:stack/name/id`
}


def every(node: object, path: str) -> Iterator[object]:
    """All values at a place, in order.

    Args:
        node: mappings, sequences and scalars.
        path: members, separated by dots; a sequence on the way, or at the end, stands for each of its entries. `@` is
            the node itself. `tail(path)` is what follows the last slash of a text, `last(path)` the last colon;
            `second(path)` is what stands between the first two slashes, all of a text that has none; `lower(path)`
            is the text in lower case, `secret(path)` the name in a secret's ARN, which ends in a dash and six
            characters of AWS's, `layer(path)` what stands before the last colon, `function(path)` the name of a
            function and `loggroup(path)` that of a log group in its ARN. `one|other` is both, one after the
            other, and `=text` is that text: `tail(EventBusName)|=default`. `left(path)` and `right(path)` are what
            stands before and after the last bar, `address(path)` a URL without what may be secret in it, and a short
            hash of that; any other text as it is. A function that leaves nothing of a text yields nothing.

    Raises:
        KeyError: the path uses a function that does not exist.
    """
    for function, steps in _parsed(path):
        if isinstance(function, str):
            yield function
            continue
        found = _walk(node, steps)
        if function is None:
            yield from found
        else:
            yield from (made for value in found if isinstance(value, str) and (made := function(value)))


def first(node: object, path: str) -> object | None:
    """The first value at a place, None where there is none."""
    return next(every(node, path), None)


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of a call from a flat mapping: `A.B` is member B of structure A, `A.0` the only entry of list A."""
    made: dict[str, Any] = {}
    inner: dict[str, dict[str, Any]] = {}
    for path, value in values.items():
        step, dot, rest = path.partition(".")
        if dot:
            inner.setdefault(step, {})[rest] = value
        else:
            made[step] = value
    for step, members in inner.items():
        deeper = nested(members)
        made[step] = [deeper["0"]] if set(deeper) == {"0"} else deeper
    return made


@cache
def _parsed(path: str) -> tuple[tuple[Callable[[str], str] | str | None, tuple[str, ...]], ...]:
    parsed: list[tuple[Callable[[str], str] | str | None, tuple[str, ...]]] = []
    for way in path.split("|"):
        if way.startswith("="):
            parsed.append((way[1:], ()))
            continue
        call = _CALL.fullmatch(way)
        inner = call[2] if call else way
        steps = () if inner in {"@", ""} else tuple(inner.split("."))
        parsed.append((_FUNCTIONS[call[1]] if call else None, steps))
    return tuple(parsed)


def _walk(node: object, steps: tuple[str, ...]) -> Iterator[object]:
    if isinstance(node, list | tuple):
        for each in node:
            yield from _walk(each, steps)
    elif not steps:
        if node is not None:
            yield node
    elif isinstance(node, Mapping) and steps[0] in node:
        yield from _walk(node[steps[0]], steps[1:])
