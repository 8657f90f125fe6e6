"""Rules, on whatever bus, with the targets that AWS wants gone first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sandgate.resources._model import Create, Key, Listing, Probe, Removal, ResourceType

__all__ = ["RESOURCE"]

_BUS = {"EventBusName": "EventBusName"}
_RULE = {**_BUS, "Name": "Name"}
_NAMES = {"EventBusName": "tail(EventBusName)|=default", "Name": "Name"}
_ABSENT = ("ResourceNotFoundException",)
_DEFAULT = "default"


def _without_targets(client: Any, key: Key, _entry: Mapping[str, Any]) -> Iterator[int]:
    # An emulator may take the default bus for another one when a request names it.
    bus = {} if key["EventBusName"] == _DEFAULT else {"EventBusName": key["EventBusName"]}
    pages = client.get_paginator("list_targets_by_rule").paginate(Rule=key["Name"], **bus)
    for ids in [[target["Id"] for target in page["Targets"]] for page in pages]:
        if ids:
            client.remove_targets(Rule=key["Name"], Ids=ids, **bus)
            yield len(ids)


RESOURCE = ResourceType(
    name="events-rule",
    type="AWS::Events::Rule",
    service="events",
    creates=(
        Create(
            operation="PutRule",
            names=_NAMES,
            arn="RuleArn",
            probe=Probe(
                operation="DescribeRule",
                parameters={"EventBusName": "{EventBusName}", "Name": "{Name}"},
                absent=_ABSENT,
            ),
        ),
    ),
    removal=Removal(
        operation="DeleteRule", parameters=_RULE, key=_NAMES, absent=_ABSENT, full=("ValidationException",)
    ),
    listing=Listing(
        operation="ListRules",
        entries="Rules",
        key=_RULE,
        within=_BUS,
        over=Listing(operation="ListEventBuses", entries="EventBuses", key={"EventBusName": "Name"}),
        name="Name",
    ),
    empty=_without_targets,
    empty_first=True,
    actions=("events:ListTargetsByRule", "events:RemoveTargets"),
    physical={"EventBusName": "left(@)|=default", "Name": "right(@)"},
)
