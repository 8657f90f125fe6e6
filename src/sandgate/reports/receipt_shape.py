"""What a file must hold to be read as a receipt: it may come from another machine, or be any other JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

__all__ = ["SCHEMA", "flaw_of"]

SCHEMA = 1
"""Of the receipts that this sandgate writes and reads."""


def flaw_of(found: object) -> str:
    """Why it is no receipt, as the end of a sentence that begins so; empty where it is one.

    Args:
        found: what its JSON holds, whatever that is.
    """
    if not isinstance(found, Mapping):
        return "it is no JSON object"
    if found.get("schema") != SCHEMA:
        return f"its `schema` is not {SCHEMA}"
    return next((f"`{name}` {flaw}" for name, shape in _SHAPES.items() if (flaw := _flaw(found, name, shape))), "")


def _flaw(found: Mapping[str, Any], name: str, shape: Callable[[object], bool]) -> str:
    if name not in found:
        return "is missing" if name in _NEEDED else ""
    return "" if shape(found[name]) else "holds what no receipt does"


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _are_counts(value: object) -> bool:
    return isinstance(value, Mapping) and all(map(_is_count, value.values()))


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _are_objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, Mapping) for one in value)


_NEEDED = frozenset({"run", "green", "tier", "tests", "reached", "reasons"})
_SHAPES: Mapping[str, Callable[[object], bool]] = MappingProxyType(
    {
        **dict.fromkeys(
            ("run", "tier", "asked", "upstream", "account", "caller", "region", "namespace", "commit", "guard"),
            _is_text,
        ),
        **dict.fromkeys(("green", "dirty"), _is_flag),
        **dict.fromkeys(("tests", "reached", "refused"), _are_counts),
        **dict.fromkeys(("elsewhere", "leftovers"), _are_objects),
        "reasons": _are_texts,
    }
)
"""Member to what it holds: those that are shown to people."""
