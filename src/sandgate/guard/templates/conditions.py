"""Conditions, decided only where every reader of the template decides alike.

An emulator may read `1.10`, `yes` or a pseudo parameter inside a condition otherwise than AWS does. What is not the
comparison of plain texts and of parameters that hold one text stays undecided, and the template is examined both ways.
Source: CloudFormation Template Reference, "Condition functions".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from sandgate.guard.templates.values import marked

__all__ = ["decide"]

_PAIR = 2
_Named = Callable[[str], bool | None]
_PLAIN = re.compile(r"[A-Za-z_/][\w./-]*|")
"""Texts that are texts to every YAML reader, quoted or not."""


def decide(conditions: Mapping[str, Any], parameters: Mapping[str, object]) -> Mapping[str, bool | None]:
    """The value of each condition; `None` where it cannot be told for sure.

    Args:
        conditions: the section of the template.
        parameters: values of the parameters whose value is known.
    """
    decided: dict[str, bool | None] = {}
    for name in conditions:
        _named(name, conditions, parameters, decided, frozenset())
    return decided


def _named(
    name: str,
    conditions: Mapping[str, Any],
    parameters: Mapping[str, object],
    decided: dict[str, bool | None],
    opened: frozenset[str],
) -> bool | None:
    if name in decided:
        return decided[name]
    if name in opened or name not in conditions:
        return None

    def inner(node: object) -> bool | None:
        return _decide(node, lambda other: _named(other, conditions, parameters, decided, opened | {name}), parameters)

    decided[name] = inner(conditions[name])
    return decided[name]


def _decide(node: object, named: _Named, parameters: Mapping[str, object]) -> bool | None:
    if not isinstance(node, Mapping) or len(node) != 1:
        return None
    ((function, arguments),) = node.items()
    if function == "Condition" and isinstance(arguments, str):
        return named(arguments)
    if not isinstance(arguments, list):
        return None
    return _combined(function, arguments, named, parameters)


def _combined(
    function: object, arguments: list[object], named: _Named, parameters: Mapping[str, object]
) -> bool | None:
    if function == "Fn::Equals" and len(arguments) == _PAIR:
        left, right = (_text(argument, parameters) for argument in arguments)
        return None if left is None or right is None else left == right
    parts = [_decide(argument, named, parameters) for argument in arguments]
    if function == "Fn::Not" and len(parts) == 1:
        return None if parts[0] is None else not parts[0]
    if function in {"Fn::And", "Fn::Or"} and parts:
        deciding = function == "Fn::Or"
        return deciding if deciding in parts else None if None in parts else not deciding
    return None


def _text(node: object, parameters: Mapping[str, object]) -> str | None:
    if isinstance(node, Mapping) and len(node) == 1 and isinstance(node.get("Ref"), str):
        value = parameters.get(node["Ref"])
        # What a mark or a dynamic reference stands for could equal anything.
        return value if isinstance(value, str) and not marked(value) and "{{" not in value else None
    return node if isinstance(node, str) and _PLAIN.fullmatch(node) else None
