"""Definitions of state machines with their substitutions carried out.

Source: CloudFormation Template Reference, `AWS::StepFunctions::StateMachine`, `DefinitionSubstitutions`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sandgate.guard.templates.values import Unknown

__all__ = ["substituted"]

_PLACE = re.compile(r"\$\{([^}]+)\}")
_DEFINITIONS = ("Definition", "DefinitionS3Location", "DefinitionUri")
_SUBSTITUTIONS = "DefinitionSubstitutions"


def substituted(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Resolved properties, definitions that are mappings with the values that `DefinitionSubstitutions` gives."""
    values = properties.get(_SUBSTITUTIONS)
    if not isinstance(values, Mapping):
        return dict(properties)
    return {key: _filled(part, values) if key in _DEFINITIONS else part for key, part in properties.items()}


def _filled(node: object, values: Mapping[str, Any]) -> object:
    if isinstance(node, Mapping):
        return {key: _filled(part, values) for key, part in node.items()}
    if isinstance(node, list):
        return [_filled(part, values) for part in node]
    return _text(node, values) if isinstance(node, str) else node


def _text(text: str, values: Mapping[str, Any]) -> str | Unknown:
    parts: list[str] = []
    end = 0
    for found in _PLACE.finditer(text):
        value = values.get(found[1], found[0])
        if isinstance(value, Unknown):
            return value
        # Readers differ in whether they look for more in what they have put in.
        if not isinstance(value, str | int) or (found[1] in values and "${" in str(value)):
            return Unknown(f"the substitution {found[1]} is no plain text")
        parts += [text[end : found.start()], str(value)]
        end = found.end()
    return "".join([*parts, text[end:]])
