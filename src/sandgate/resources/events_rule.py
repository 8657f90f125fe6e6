"""Rules, on whatever bus, with the targets that AWS wants gone first."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Part, Probe, Removal, ResourceType

__all__ = ["RESOURCE"]

_BUS = {"EventBusName": "EventBusName"}
_RULE = {**_BUS, "Name": "Name"}
_NAMES = {"EventBusName": "tail(EventBusName)|=default", "Name": "Name"}
_ABSENT = ("ResourceNotFoundException",)

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
    parts=(
        Part(
            listing="ListTargetsByRule",
            given={**_BUS, "Rule": "Name"},
            entries="Targets",
            removal="RemoveTargets",
            parameters={**_BUS, "Rule": "Name", "Ids.0": ".Id"},
            absent=_ABSENT,
        ),
    ),
    empty_first=True,
    physical={"EventBusName": "left(@)|=default", "Name": "right(@)"},
)
