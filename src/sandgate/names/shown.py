"""Which parameters may be written as they are: names of things, and the few words that AWS itself gives, as data.

Everything else that a client sends as text may be a user's data, whatever it is called, and is not in the table
`shown.json`. What `binders.json` binds is shown as well: an event names those resources anyway.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

from sandgate.names.binders import rules

__all__ = ["shown_members"]


@cache
def shown_members(service: str, operation: str) -> frozenset[tuple[str, ...]]:
    """Paths to text that may be written down.

    Args:
        service: botocore's name of the service.
        operation: operation name.

    Returns:
        Steps: a member, `*` for each entry of a list, `@` for the keys of a map; none for unknown services.
    """
    bound = {path for path, _kind in rules(service, operation)}
    return frozenset(bound | {tuple(path.split(".")) for path in _table().get(service, ())})


@cache
def _table() -> Mapping[str, Sequence[str]]:
    text = resources.files("sandgate.names").joinpath("shown.json").read_text(encoding="utf-8")
    table: Mapping[str, Sequence[str]] = json.loads(text)["services"]
    return table
