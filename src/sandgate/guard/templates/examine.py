"""A template and its parameters to what the stack would hold, and what nobody can know or allow before it exists."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType
from typing import Any

from sandgate.guard.templates.conditions import decide
from sandgate.guard.templates.grants import known_action
from sandgate.guard.templates.inspect_member import Inspection
from sandgate.guard.templates.model import Examined, Part, Place, Problem
from sandgate.guard.templates.parameters import parameter_values
from sandgate.guard.templates.parts import Parts, Stack
from sandgate.guard.templates.read import fault_of
from sandgate.guard.templates.resolve import function_in
from sandgate.guard.templates.sam import expand
from sandgate.guard.templates.values import Unknown, shown
from sandgate.templates.reading import SAM_TRANSFORM, transform_names

__all__ = ["examine"]

_UNDECIDED = 4
"""Conditions that may stay undecided; each doubles the work."""
_NAME = re.compile(r"[A-Za-z0-9]+")
"""Source: CloudFormation User Guide, "Resources", "Parameters" and "Mappings": alphanumeric, unique in the template."""
_SECTIONS = frozenset({
    "AWSTemplateFormatVersion", "Conditions", "Description", "Globals", "Mappings", "Metadata", "Outputs", "Parameters",
    "Resources", "Rules", "Transform",
})  # fmt: skip


def examine(
    template: Mapping[str, Any],
    *,
    stack_name: str,
    parameters: Mapping[str, str],
    place: Place,
    unknown_parameters: frozenset[str] = frozenset(),
    transforms: frozenset[str] = frozenset({SAM_TRANSFORM}),
    known_action: Callable[[str], bool] = known_action,
    parts: Mapping[str, Part] = MappingProxyType({}),
) -> Examined:
    """Find out what a template would make.

    Args:
        template: as `read_template` gives it.
        stack_name: of the call; a full ARN is not a name.
        parameters: values of the call.
        place: account and region of the call.
        unknown_parameters: those that keep a previous value which nobody has looked up.
        transforms: those that may run; only SAM's is understood, so only SAM's can be among them to any effect.
        known_action: whether IAM knows an action; handlers ask for some that do not exist.
        parts: what lies elsewhere and was read, by `Source.text`; `Examined.needed` says what else there is.

    Returns:
        Members, references and documents for `check`, and problems; it raises nothing, whatever the template holds.
    """
    setting = _Setting(place=place, transforms=transforms, known_action=known_action)
    stack = Stack(name=stack_name, parameters=parameters, unknown=unknown_parameters)
    return _examined(template, stack, Parts(parts, setting.look), setting)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    """What holds for a template and for those nested in it."""

    place: Place
    transforms: frozenset[str]
    known_action: Callable[[str], bool]

    def look(self, template: Mapping[str, Any], stack: Stack, parts: Parts) -> Examined:
        """Examine a nested template."""
        return _examined(template, stack, parts, self)


def _examined(template: Mapping[str, Any], stack: Stack, parts: Parts, setting: _Setting) -> Examined:
    fault = fault_of(template) or _shape(template)
    if fault:
        return Examined(problems=(_problem("malformed", "Resources", "", fault, "correct the template"),))
    early = [*_transform_problems(template, setting.transforms), *_section_problems(template)]
    if early:
        return Examined(problems=tuple(early))
    resources: Mapping[str, Mapping[str, Any]] = template["Resources"]
    sam: frozenset[str] = frozenset()
    if SAM_TRANSFORM in transform_names(template):
        resources, sam = expand(resources, template.get("Globals"))
    values = parameter_values(_section(template, "Parameters"), stack.parameters, stack.unknown, stack.inherited)
    decided = decide(_section(template, "Conditions"), values)
    used = set(_conditions_in({**template, "Resources": resources}))
    undecided = sorted(name for name, value in decided.items() if value is None and name in used)
    if len(undecided) > _UNDECIDED:
        why = f"more than {_UNDECIDED} conditions cannot be decided: {', '.join(undecided)}"
        problem = _problem("unresolvable", "Conditions", "", why, "let conditions compare parameters with plain texts")
        return Examined(problems=(problem,))
    found: list[Examined] = []
    for choice in product((True, False), repeat=len(undecided)):
        conditions = {name: bool(value) for name, value in decided.items()} | dict(zip(undecided, choice, strict=True))
        inspection = Inspection(
            template,
            resources={key: item for key, item in resources.items() if _made(item, conditions)},
            conditions=conditions,
            values=values,
            stack=stack,
            place=setting.place,
            sam=sam,
            known_action=setting.known_action,
            parts=parts,
        )
        found.append(inspection.run())
    return _together(found)


def _problem(code: str, path: str, value: str, why: str, remedy: str) -> Problem:
    return Problem(code=code, path=path, value=value, why=why, remedy=remedy)


def _section(template: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = template.get(name)
    return section if isinstance(section, Mapping) else {}


def _shape(template: Mapping[str, Any]) -> str:
    """What is wrong with the names of what a template has, and with the resources as such."""
    seen: set[str] = set()
    for section in ("Parameters", "Mappings", "Resources"):
        for name in _section(template, section):
            if str(name).startswith("Fn::"):
                continue
            # An emulator may keep all of them, and the pseudo parameters, under one roof: a later one hides the others.
            if not _NAME.fullmatch(str(name)) or name in seen:
                return f"{shown(name)} of {section} must be letters and digits, and named once in the template"
            seen.add(name)
    for logical_id, item in template["Resources"].items():
        if logical_id.startswith("Fn::"):
            continue
        if not isinstance(item, Mapping) or not isinstance(item.get("Type"), str):
            return f"resource {shown(logical_id)} has no Type"
        if not isinstance(item.get("Properties") or {}, Mapping):
            return f"Properties of {shown(logical_id)} must be a mapping"
        if "Condition" in item and not isinstance(item["Condition"], str):
            return f"Condition of {shown(logical_id)} must be a name"
    return ""


def _transform_problems(template: Mapping[str, Any], transforms: frozenset[str]) -> Iterator[Problem]:
    for name in transform_names(template):
        if name not in transforms or name != SAM_TRANSFORM:
            why = "what this transform makes of the template is not known before the stack exists"
            yield _problem("transform", "Transform", shown(name), why, "send the template that the transform makes")


def _section_problems(template: Mapping[str, Any]) -> Iterator[Problem]:
    for name in template.keys() - _SECTIONS:
        why = "this section changes what the stack does in a way that is not known here"
        yield _problem("unresolvable", shown(name), "", why, "remove it")
    for section in ("Conditions", "Mappings", "Parameters", "Rules"):
        refused = function_in if section == "Mappings" else _transform_in
        if _any_in(template.get(section), refused):
            why = "this section holds a function that it must not hold; readers differ in what they make of it"
            yield _problem("unresolvable", section, "", why, "write the values out")
    for name in template["Resources"]:
        if name.startswith("Fn::"):
            why = "these resources are not known before the stack exists"
            yield _problem("unresolvable", f"Resources.{shown(name)}", "", why, "write the resources out")


def _transform_in(node: object) -> bool:
    return isinstance(node, Mapping) and "Fn::Transform" in node


def _any_in(node: object, wanted: Callable[[object], object]) -> bool:
    parts = node.values() if isinstance(node, Mapping) else node if isinstance(node, list) else ()
    return bool(wanted(node)) or any(_any_in(part, wanted) for part in parts)


def _conditions_in(node: object) -> Iterator[str]:
    """Names of conditions that something depends on, outside the section that defines them."""
    if isinstance(node, list):
        for part in node:
            yield from _conditions_in(part)
    elif isinstance(node, Mapping):
        for key, part in node.items():
            if key == "Conditions":
                continue
            if key == "Condition" and isinstance(part, str):
                yield part
            elif key == "Fn::If" and isinstance(part, list) and part and isinstance(part[0], str):
                yield part[0]
            yield from _conditions_in(part)


def _made(item: Mapping[str, Any], conditions: Mapping[str, bool]) -> bool:
    """Whether a resource would be made; one whose condition is not in the template is taken to be."""
    return "Condition" not in item or conditions.get(item["Condition"], True)


def _together(found: list[Examined]) -> Examined:
    """What holds in any of the cases, each once, in order."""
    return Examined(
        members=tuple({repr(one): one for case in found for one in case.members}.values()),
        references=tuple(dict.fromkeys(one for case in found for one in case.references)),
        documents=tuple({repr(one): one for case in found for one in case.documents}.values()),
        grantees=tuple(dict.fromkeys(one for case in found for one in case.grantees)),
        problems=tuple(dict.fromkeys(one for case in found for one in case.problems)),
        needed=tuple(dict.fromkeys(one for case in found for one in case.needed)),
        outputs={name: _agreed(name, found) for case in found for name in case.outputs},
        samples={key: text for case in found for key, text in case.samples.items()},
    )


def _agreed(name: str, found: list[Examined]) -> object:
    values = [case.outputs.get(name) for case in found]
    if all(value == values[0] for value in values):
        return values[0]
    return Unknown(f"the output {name} depends on a condition that cannot be decided")
