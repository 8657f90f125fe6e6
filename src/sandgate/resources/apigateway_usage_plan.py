"""Usage plans, which AWS wants to be rid of their stages first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sandgate.resources._model import Create, Key, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]


def _without_stages(client: Any, key: Key, entry: Mapping[str, Any]) -> Iterator[int]:
    stages = [f"{stage['apiId']}:{stage['stage']}" for stage in entry.get("apiStages", ())]
    if stages:
        operations = [{"op": "remove", "path": "/apiStages", "value": stage} for stage in stages]
        client.update_usage_plan(usagePlanId=key["usagePlanId"], patchOperations=operations)
    yield len(stages)


RESOURCE = ResourceType(
    name="apigateway-usage-plan",
    type="AWS::ApiGateway::UsagePlan",
    service="apigateway",
    creates=(Create(operation="CreateUsagePlan", ids={"usagePlanId": "id"}, told={"name": "name"}),),
    removal=Removal(
        operation="DeleteUsagePlan",
        parameters={"usagePlanId": "usagePlanId"},
        absent=("NotFoundException",),
        busy=("BadRequestException", "ConflictException"),
    ),
    listing=Listing(
        operation="GetUsagePlans",
        entries="items",
        key={"usagePlanId": "id"},
        parameters={"limit": 500},
        name="name",
    ),
    empty=_without_stages,
    empty_first=True,
    actions=("apigateway:PATCH",),
)
