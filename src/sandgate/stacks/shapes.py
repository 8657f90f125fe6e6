"""The shapes that members of a template must have, whatever they say.

AWS refuses a template of another shape, `null` included. An emulator may fail somewhere in the middle and never say
that it did; so the check is ours, and the same on every tier.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Misfit", "misfits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """A member of another shape than it must have."""

    path: tuple[str, ...]
    problem: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    name: str
    """Goes on after `must be`."""
    fits: Callable[[Any], bool]


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


_MAPPING = _Shape(name="a mapping", fits=lambda value: isinstance(value, dict))
_LIST = _Shape(name="a list", fits=lambda value: isinstance(value, list))
_TEXT = _Shape(name="text", fits=_is_text)
_SCALAR = _Shape(name="one plain value", fits=lambda value: isinstance(value, (str, int, float)))
_NAMES = _Shape(name="a name or a list of names", fits=lambda value: _is_text(value) or _are_texts(value))

_SHAPES: Mapping[str, _Shape] = {
    "Description": _SCALAR,
    "Metadata": _MAPPING,
    "Globals": _MAPPING,
    "Globals.*": _MAPPING,
    "Parameters": _MAPPING,
    "Parameters.*": _MAPPING,
    "Parameters.*.Type": _TEXT,
    "Parameters.*.Default": _SCALAR,
    "Parameters.*.AllowedValues": _LIST,
    "Rules": _MAPPING,
    "Rules.*": _MAPPING,
    "Mappings": _MAPPING,
    "Mappings.*": _MAPPING,
    "Mappings.*.*": _MAPPING,
    "Conditions": _MAPPING,
    "Conditions.*": _MAPPING,
    "Resources.*.Properties": _MAPPING,
    "Resources.*.Metadata": _MAPPING,
    "Resources.*.DependsOn": _NAMES,
    "Resources.*.Condition": _TEXT,
    "Resources.*.CreationPolicy": _MAPPING,
    "Resources.*.UpdatePolicy": _MAPPING,
    "Outputs": _MAPPING,
    "Outputs.*": _MAPPING,
    "Outputs.*.Condition": _TEXT,
    "Outputs.*.Export": _MAPPING,
}
"""Place to shape, the outer before the inner; `*` is any name but that of a function, which may make anything.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html"""


def misfits(body: Mapping[str, Any]) -> Iterator[Misfit]:
    """The members of a template that have a wrong shape.

    Args:
        body: the template; what is not there is not asked for.
    """
    for place, shape in _SHAPES.items():
        for path, value in _at(body, tuple(place.split("."))):
            if not shape.fits(value):
                hint = "nothing stands there: leave the key out" if value is None else ""
                yield Misfit(path=path, problem=f"{path[-1]} must be {shape.name}", hint=hint)


def _at(node: Any, place: tuple[str, ...], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """What stands at a place, with its path."""
    if not place:
        yield path, node
    elif isinstance(node, dict):
        names = [name for name in node if not name.startswith("Fn::")] if place[0] == "*" else [place[0]]
        for name in names:
            if name in node:
                yield from _at(node[name], place[1:], (*path, name))
