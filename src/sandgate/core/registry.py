"""Cases are files: a package is walked, each module exports one value under a fixed name.

Adding a case edits no other file; what is listed anywhere (choices, docs, permissions) is read from here.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import pkgutil
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Protocol, TypeVar

from sandgate.errors import UsageError

__all__ = ["Named", "case_names", "discover", "lookup", "nearest"]


class Named(Protocol):
    """What every case has: the name that users type."""

    @property
    def name(self) -> str:
        """The name, unique in its registry; the file is called the same with `_` for `-` and `.`."""


T = TypeVar("T", bound=Named)


def discover(package: str, export: str, kind: type[T], *, only: str = "") -> Mapping[str, T]:
    """Import every public module of `package` and collect its `export`.

    Args:
        package: dotted name of the package to walk; modules that start with `_` are helpers, not cases.
        export: the fixed name of the case in each module, such as `TIER`.
        kind: the type that the case must have.
        only: name of the one case that is wanted; where no file is named so, all are collected as without it.

    Returns:
        A read-only mapping from case name to case, sorted by name.

    Raises:
        TypeError: a module lacks the export, has the wrong type, or a name that does not match its file;
            that is a bug in the case, so it is loud.
    """
    found: dict[str, T] = {}
    parent = importlib.import_module(package)
    files = [info.name for info in pkgutil.iter_modules(parent.__path__) if not info.name.startswith("_")]
    wanted = _file_name(only)
    for file in [wanted] if wanted in files else files:
        case = getattr(importlib.import_module(f"{package}.{file}"), export, None)
        if not isinstance(case, kind):
            raise TypeError(f"{package}.{file} must export {export}: {kind.__name__}")
        if _file_name(case.name) != file:
            raise TypeError(f"{package}.{file} exports {export} named {case.name!r}; file and name must agree")
        found[case.name] = case
    return MappingProxyType(dict(sorted(found.items())))


def _file_name(case: str) -> str:
    return case.replace("-", "_").replace(".", "_")


def case_names(package: str) -> tuple[str, ...]:
    """The names of a registry's cases as their files say them, without importing one.

    Args:
        package: dotted name of the package to walk.
    """
    spec = importlib.util.find_spec(package)
    places = spec.submodule_search_locations if spec else None
    names = (info.name for info in pkgutil.iter_modules(places or ()) if not info.name.startswith("_"))
    return tuple(sorted(name.replace("_", "-") for name in names))


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name most like `name`, or an empty string."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return close[0] if close else ""


def lookup(
    cases: Mapping[str, T], name: str, *, what: str, where: str = "", aliases: Iterable[str] = ()
) -> T:  # fmt: skip
    """The case of that name.

    Args:
        cases: by name.
        name: as typed.
        what: a case is, for the message.
        where: it was typed.
        aliases: other names that people may have meant.

    Raises:
        UsageError: there is none; names the nearest one and lists them all.
    """
    if name in cases:
        return cases[name]
    known = tuple(dict.fromkeys((*cases, *aliases)))
    close = nearest(name, known)
    hint = f"did you mean {close!r}? " if close else ""
    raise UsageError(f"unknown {what} {name!r}", where=where, hint=f"{hint}known: {', '.join(known)}")
