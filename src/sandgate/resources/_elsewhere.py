"""Operations that sound as if they made something, and why no resource type lists them among its creates.

One file per service in `data/`: operation, or pattern of operations (`Create*Route`), to the reason: one clause that a
person can check. A reason that begins with `no type` says that something may stay that nobody knows how to remove; the
ledger writes that down and the sweep tells it.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Mapping
from functools import cache
from importlib import resources

__all__ = ["made_elsewhere", "makes", "untyped"]

_MAKING = (
    "Add", "Allocate", "Build", "Clone", "Copy", "Create", "Deploy", "Import", "Initiate", "Launch", "Provision",
    "Publish", "Purchase", "Put", "Register", "Request", "Reserve", "Restore", "Run", "Start", "Submit", "Subscribe",
    "Upload",
)  # fmt: skip
"""First words of operations that may leave something. `Send`, `Set`, `Update` and the like change what is there."""


def makes(operation: str) -> bool:
    """Whether an operation sounds as if it made something."""
    return operation.startswith(_MAKING)


@cache
def made_elsewhere() -> Mapping[str, Mapping[str, str]]:
    """Service to operation to reason."""
    folder = resources.files("sandgate.resources").joinpath("data")
    return {
        entry.name.removesuffix(".json"): json.loads(entry.read_text(encoding="utf-8"))
        for entry in folder.iterdir()
        if entry.name.endswith(".json")
    }


@cache
def untyped(service: str, operation: str) -> bool:
    """Whether an operation makes something for which its service has no type, and that may stay.

    What is said of an operation goes before what is said of a pattern.
    """
    reasons = made_elsewhere().get(service, {})
    found = [reasons[operation]] if operation in reasons else []
    found = found or [why for pattern, why in reasons.items() if fnmatch.fnmatchcase(operation, pattern)]
    return any(why.startswith("no type") for why in found)
