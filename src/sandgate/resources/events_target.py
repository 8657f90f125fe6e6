"""Targets of a rule that the run did not create."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sandgate.resources._model import Create, Listing, Probe, Removal, ResourceType

__all__ = ["RESOURCE"]

_RULE = {"EventBusName": "EventBusName", "Name": "Name"}
_ABSENT = ("ResourceNotFoundException",)


def _each(request: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for target in request.get("Targets", ()):
        yield {**request, "Targets": [target]}


RESOURCE = ResourceType(
    name="events-target",
    type="AWS::Events::Target",
    service="events",
    creates=(
        Create(
            operation="PutTargets",
            names={"EventBusName": "tail(EventBusName)|=default", "Name": "Rule", "Id": "Targets.Id"},
            many=_each,
            probe=Probe(
                operation="ListTargetsByRule",
                parameters={"EventBusName": "{EventBusName}", "Rule": "{Name}"},
                absent=_ABSENT,
                shows="Targets.Id",
                equals="{Id}",
            ),
        ),
    ),
    removal=Removal(
        operation="RemoveTargets",
        parameters={"EventBusName": "EventBusName", "Rule": "Name", "Ids.0": "Id"},
        key={"EventBusName": "tail(EventBusName)|=default", "Name": "Rule", "Id": "Ids"},
        partly={"RemoveTargets": "FailedEntries"},
        absent=_ABSENT,
    ),
    listing=Listing(
        operation="ListTargetsByRule",
        entries="Targets",
        key={**_RULE, "Id": "Id"},
        within={"EventBusName": "EventBusName", "Rule": "Name"},
        name="Id",
    ),
    within="events-rule",
    container=_RULE,
)
