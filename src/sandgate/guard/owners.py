"""From the ARN of something with a random id to what must have been made by the run: the API of a resource, the key."""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import unquote

from sandgate.guard.services import ById, granted

__all__ = ["owners_of"]

_ID = "(?P<id>[a-z-]+-[0-9]:[0-9a-f-]{36}|[^/:]+)"
"""An identity pool's id has its region in front, and a colon."""
_PLACE = {"p": "(?P<p>[^:]*)", "r": "(?P<r>[^:]*)", "a": "(?P<a>[^:]*)", "id": _ID, "any": "[^/:]+"}


def owners_of(resource: str) -> tuple[str, ...]:
    """ARNs of which one must be this run's for the resource to be.

    Args:
        resource: an ARN, or the pattern `…/*` of what has no id yet.

    Returns:
        `arn:…::/restapis/a1` for `arn:…::/restapis/a1/resources/b2`; empty where the resource has no such type.
    """
    for pattern, item in _patterns():
        found = pattern.fullmatch(resource)
        if found is None:
            continue
        place = found.groupdict()
        if item.names:
            inner = unquote(place["id"])
            return owners_of(inner) or (inner,)
        if item.owners:
            return tuple(template.format(**place) for template in item.owners)
        return (item.arn.format(**place),)
    return ()


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], ById], ...]:
    return tuple((_pattern(item.arn), item) for entry in granted().values() for item in entry.by_id)


def _pattern(template: str) -> re.Pattern[str]:
    head = template.removesuffix("/*")
    text = re.sub(r"\\\{(\w+)\\\}", lambda found: _PLACE[found[1]], re.escape(head))
    return re.compile(f"{text}(?:[/:].*)?", re.DOTALL)
