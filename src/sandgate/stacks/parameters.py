"""Parameters of a template, checked before anything is packed or uploaded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sandgate.core.registry import nearest
from sandgate.errors import StackError, UsageError
from sandgate.stacks.template import Template

__all__ = ["check_parameters", "parse_parameters"]


def parse_parameters(pairs: Iterable[str]) -> Mapping[str, str]:
    """Read `KEY=VALUE` arguments; the value may be empty and may hold further `=`.

    Raises:
        UsageError: an argument has no `=` or no key, or a key comes twice.
    """
    parameters: dict[str, str] = {}
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not separator or not key.strip():
            # The text may be a secret whose key was forgotten: it is not repeated.
            raise UsageError("parameter must be KEY=VALUE", where=f"--parameter {key if separator else '…'}")
        if key in parameters:
            raise UsageError(f"parameter {key!r} is given twice", where=f"--parameter {key}")
        parameters[key] = value
    return parameters


def check_parameters(template: Template, given: Mapping[str, str]) -> None:
    """Compare given parameters with those that the template declares.

    Args:
        template: the template.
        given: values by parameter name.

    Raises:
        StackError: a parameter that the template does not have, one without value and default, or a value outside
            `AllowedValues`; values themselves are not repeated, since they may be secrets.
    """
    declared: Mapping[str, Any] = template.body.get("Parameters") or {}
    for name in given:
        if name not in declared:
            close = nearest(name, declared)
            known = ", ".join(declared) or "none"
            raise StackError(
                f"template has no parameter {name!r}",
                where=str(template.path),
                hint=f"did you mean {close!r}? it has: {known}" if close else f"it has: {known}",
            )
    for name, details in declared.items():
        if name not in given and "Default" not in details:
            raise StackError(
                f"parameter {name!r} needs a value",
                where=template.where("Parameters", name),
                hint=f"--parameter {name}=…",
            )
        allowed = details.get("AllowedValues")
        if name in given and allowed and given[name] not in map(_text, allowed):
            raise StackError(
                f"value of parameter {name!r} is not allowed",
                where=template.where("Parameters", name, "AllowedValues"),
                hint=f"allowed: {', '.join(map(_text, allowed))}",
            )


def _text(value: object) -> str:
    """A YAML scalar as CloudFormation would compare it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
