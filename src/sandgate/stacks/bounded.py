"""Roles and users of a template, under the permissions boundary that the identity's policy demands. Pure.

Source: CloudFormation and SAM resource references, `PermissionsBoundary` of each type.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from sandgate.stacks.template import Template

__all__ = ["with_boundary"]

_MEMBER = "PermissionsBoundary"
_MAKERS: Mapping[str, str] = MappingProxyType(
    {
        "AWS::IAM::Role": "",
        "AWS::IAM::User": "",
        "AWS::Serverless::Function": "Role",
        "AWS::Serverless::StateMachine": "Role",
    }
)
"""Types that make a principal, and the property that names one which is there already."""
_SCHEDULE, _ITS_ROLE = "ScheduleV2", "RoleArn"
_GLOBALS: Mapping[str, str] = MappingProxyType(
    {"AWS::Serverless::Function": "Function", "AWS::Serverless::StateMachine": "StateMachine"}
)


def with_boundary(template: Template, boundary: str) -> Template:
    """A template whose principals have a boundary; one that names its own keeps it.

    Args:
        template: as read.
        boundary: ARN of a managed policy; empty leaves the template as it is.
    """
    if not boundary:
        return template
    body: dict[str, Any] = copy.deepcopy(dict(template.body))
    defaults = body.get("Globals") or {}
    for resource in body["Resources"].values():
        kind = resource.get("Type") if isinstance(resource, dict) else None
        if kind not in _MAKERS:
            continue
        given = (defaults.get(_GLOBALS.get(str(kind), "")) or {}) if isinstance(defaults, dict) else {}
        properties = resource.setdefault("Properties", {}) or {}
        resource["Properties"] = properties
        own = {**given, **properties}
        if _MEMBER not in own and not own.get(_MAKERS[str(kind)]):
            properties[_MEMBER] = boundary
        for event in _events(properties):
            if event.get("Type") == _SCHEDULE:
                _bind(event.setdefault("Properties", {}), boundary)
    return replace(template, body=body)


def _events(properties: Mapping[str, Any]) -> list[dict[str, Any]]:
    events = properties.get("Events")
    return [event for event in events.values() if isinstance(event, dict)] if isinstance(events, dict) else []


def _bind(properties: dict[str, Any], boundary: str) -> None:
    """A schedule's role, which SAM makes where none is named."""
    if _MEMBER not in properties and _ITS_ROLE not in properties:
        properties[_MEMBER] = boundary
