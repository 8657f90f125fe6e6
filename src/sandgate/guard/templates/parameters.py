"""Parameters of a template: the values that its references to them have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sandgate.guard.templates.model import Place
from sandgate.guard.templates.values import FORGED, NO_VALUE, RANDOM, NoValue, Unknown

__all__ = ["is_stored", "parameter_values", "pseudo_values", "stored_names"]

_STORED = "AWS::SSM::Parameter::"
_KIND = re.compile(r"(String|Number|CommaDelimitedList|List<[^<>]+>)$|AWS::")
"""Source: CloudFormation User Guide, "Parameters", supported types; an emulator splits what only begins with `List`."""

_LONGEST = 4096
"""Bytes of a value. Source: CloudFormation User Guide, "CloudFormation quotas"."""


def parameter_values(
    declared: Mapping[str, Any],
    given: Mapping[str, str],
    unknown: frozenset[str],
    inherited: Mapping[str, str | Unknown] | None = None,
) -> dict[str, str | list[str] | Unknown]:
    """The value of each declared parameter.

    Args:
        declared: the section of the template.
        given: values of the call.
        unknown: parameters whose value the call takes over from the stack and that nobody has looked up.
        inherited: values that the template above gives, in place of `given`; they may hold marks.

    Returns:
        Texts, lists for list types; `Unknown` for values that come from Parameter Store, from a stack, or from nowhere.
    """
    if inherited is None:
        return {name: _value(name, item, given, unknown) for name, item in declared.items()}
    texts = {name: value for name, value in inherited.items() if isinstance(value, str)}
    found = {name: _value(name, item, texts, frozenset(), ours=True) for name, item in declared.items()}
    for name, value in inherited.items():
        if isinstance(value, Unknown) and name in found:
            found[name] = Unknown(f"parameter {name}: {value.why}")
    return found


def _value(
    name: str, item: object, given: Mapping[str, str], unknown: frozenset[str], *, ours: bool = False
) -> str | list[str] | Unknown:
    if not isinstance(item, Mapping):
        return Unknown(f"parameter {name} is not declared as a mapping")
    kind, default = item.get("Type", "String"), item.get("Default")
    if name in unknown:
        return Unknown(f"parameter {name} keeps its previous value, which is not known here")
    if not isinstance(kind, str) or not _KIND.match(kind):
        return Unknown(f"parameter {name} has a type that is not known here")
    if kind.startswith(_STORED):
        return Unknown(f"parameter {name} is read from Parameter Store when the stack is made")
    return _given(name, kind, given.get(name, default), ours=ours)


def _given(name: str, kind: str, value: object, *, ours: bool) -> str | list[str] | Unknown:
    # The text of a boolean or a fraction differs between readers.
    if isinstance(value, bool | float) or not isinstance(value, str | int):
        return Unknown(f"parameter {name} has no text as its value")
    text = str(value)
    if (FORGED.search(text) and not ours) or len(text.encode()) > _LONGEST:
        return Unknown(f"parameter {name} has a value that CloudFormation would not take")
    is_list = kind == "CommaDelimitedList" or kind.startswith("List<")
    return [part.strip() for part in text.split(",")] if is_list else text


def is_stored(item: object) -> bool:
    """Whether a declaration names a parameter of Parameter Store, whose value the stack may read."""
    return isinstance(item, Mapping) and str(item.get("Type")).startswith(_STORED)


def stored_names(
    declared: Mapping[str, Any],
    given: Mapping[str, str],
    unknown: frozenset[str],
    inherited: Mapping[str, str | Unknown] | None = None,
) -> dict[str, str | list[str] | Unknown]:
    """What names a parameter of Parameter Store whose value the stack would read, by parameter of the template.

    Args:
        declared: as in `parameter_values`, and so are the others.
        given: values of the call.
        unknown: parameters whose value is taken over and not known.
        inherited: values that the template above gives.

    Returns:
        Texts, with marks where a template above gives them; `Unknown` for what cannot be known. A parameter without a
        value is left out: no stack is made.
    """
    # An emulator also reads what `AWS::SSM::Parameter::Name` only names.
    plain = {name: {**item, "Type": "String"} for name, item in declared.items() if is_stored(item)}
    some = {*given, *unknown, *(inherited or {}), *(name for name, item in plain.items() if "Default" in item)}
    values = parameter_values(plain, given, unknown, inherited)
    return {name: value for name, value in values.items() if name in some}


def pseudo_values(stack_name: str, place: Place) -> dict[str, str | Unknown | NoValue]:
    """The pseudo parameters.

    Source: CloudFormation Template Reference, "Pseudo parameters reference".
    """
    stack_id = f"arn:{place.partition}:cloudformation:{place.region}:{place.account}:stack/{stack_name}/{RANDOM}"
    return {
        "AWS::AccountId": place.account,
        "AWS::NoValue": NO_VALUE,
        "AWS::NotificationARNs": Unknown("AWS::NotificationARNs"),
        "AWS::Partition": place.partition,
        "AWS::Region": place.region,
        "AWS::StackId": stack_id,
        "AWS::StackName": stack_name,
        "AWS::URLSuffix": place.suffix,
    }
