"""References of a template, checked before anything is packed.

AWS refuses a template that refers to what it does not have. An emulator may take the name for the value and go on,
which would be green for the wrong reason; so the check is ours, and the same on every tier.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandgate.core.registry import nearest
from sandgate.errors import StackError
from sandgate.stacks.template import Template
from sandgate.templates.reading import SAM_TRANSFORM

__all__ = ["check_references"]

_PSEUDO = frozenset({
    "AWS::AccountId", "AWS::NoValue", "AWS::NotificationARNs", "AWS::Partition", "AWS::Region", "AWS::StackId",
    "AWS::StackName", "AWS::URLSuffix",
})  # fmt: skip
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html"""
_IN_TEXT = re.compile(r"\$\{([^!${}][^${}]*)\}")
_SAM_NAMES = ("Serverless", "CodeDeployServiceRole")
"""What SAM makes without a resource of the template to name it after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reference:
    kind: str
    """`resource`, `value` (a resource or a parameter) or `condition`."""
    name: str
    path: tuple[str, ...]


def check_references(template: Template) -> None:
    """Look up every name that resources and outputs refer to.

    Templates with macros other than SAM are not checked, since only CloudFormation knows what they make.

    Raises:
        StackError: a name that the template does not have, with its place and the nearest one.
    """
    if any(name != SAM_TRANSFORM for name in template.transforms):
        return
    resources, conditions = set(template.resources), set(template.body.get("Conditions") or {})
    values = resources | set(template.body.get("Parameters") or {}) | _PSEUDO
    known = {"resource": resources, "value": values, "condition": conditions}
    for section in ("Resources", "Outputs"):
        for reference in _references(template.body.get(section) or {}, (section,)):
            names = known[reference.kind]
            if reference.name in names or _made_by_sam(template, reference):
                continue
            close = nearest(reference.name, names - _PSEUDO)
            raise StackError(
                f"template refers to {reference.name!r}, which it does not have",
                where=template.where(*reference.path),
                hint=f"did you mean {close!r}?" if close else "",
            )


def _made_by_sam(template: Template, reference: _Reference) -> bool:
    """Whether SAM may make it: what it makes is named after a resource of the template (`FnRole`, `Api.Stage`)."""
    if SAM_TRANSFORM not in template.transforms or reference.kind == "condition":
        return False
    own = tuple(name for name, item in template.resources.items() if "::Serverless::" in str(item.get("Type")))
    return reference.name.startswith((*own, *_SAM_NAMES))


def _references(node: Any, path: tuple[str, ...]) -> Iterator[_Reference]:
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from _references(item, (*path, str(index)))
    elif isinstance(node, dict):
        if len(node) == 1:
            ((function, argument),) = node.items()
            yield from _direct(function, argument, path)
        if len(path) == 2 and path[0] in {"Resources", "Outputs"}:  # noqa: PLR2004 - the section and a name in it
            yield from _attributes(node, path)
        for key, item in node.items():
            if key != "Fn::Transform":
                yield from _references(item, (*path, key))


def _direct(function: str, argument: Any, path: tuple[str, ...]) -> Iterator[_Reference]:
    """What one function names."""
    if function == "Ref" and isinstance(argument, str):
        yield _Reference(kind="value", name=argument, path=path)
    elif function == "Fn::GetAtt" and isinstance(argument, list) and argument and isinstance(argument[0], str):
        yield _Reference(kind="resource", name=argument[0], path=path)
    elif function == "Fn::If" and isinstance(argument, list) and argument and isinstance(argument[0], str):
        yield _Reference(kind="condition", name=argument[0], path=path)
    elif function == "Fn::Sub":
        text, own = argument if isinstance(argument, list) and len(argument) == 2 else (argument, {})  # noqa: PLR2004
        for name in _IN_TEXT.findall(text) if isinstance(text, str) else ():
            if not (isinstance(own, dict) and name in own):
                kind, resource = ("resource", name.partition(".")[0]) if "." in name else ("value", name)
                yield _Reference(kind=kind, name=resource.strip(), path=path)


def _attributes(item: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[_Reference]:
    """`DependsOn` and `Condition` of a resource or an output."""
    depends = item.get("DependsOn") or []
    for name in [depends] if isinstance(depends, str) else depends:
        if isinstance(name, str):
            yield _Reference(kind="resource", name=name, path=(*path, "DependsOn"))
    if isinstance(item.get("Condition"), str):
        yield _Reference(kind="condition", name=item["Condition"], path=(*path, "Condition"))
