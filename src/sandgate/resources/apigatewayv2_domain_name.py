"""Domain names made by the API of HTTP APIs; both APIs list all."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Part, Removal, ResourceType

__all__ = ["RESOURCE"]

_NAME = {"DomainName": "DomainName"}
_ABSENT = ("NotFoundException",)

RESOURCE = ResourceType(
    name="apigatewayv2-domain-name",
    type="AWS::ApiGatewayV2::DomainName",
    service="apigatewayv2",
    creates=(Create(operation="CreateDomainName", names=_NAME),),
    removal=Removal(
        operation="DeleteDomainName",
        parameters=_NAME,
        absent=_ABSENT,
        full=("BadRequestException", "ConflictException"),
    ),
    listing=Listing(operation="GetDomainNames", entries="Items", key=_NAME),
    parts=(
        Part(
            listing="GetApiMappings",
            given=_NAME,
            entries="Items",
            removal="DeleteApiMapping",
            parameters={**_NAME, "ApiMappingId": ".ApiMappingId"},
            absent=_ABSENT,
        ),
        Part(
            listing="ListRoutingRules",
            given=_NAME,
            entries="RoutingRules",
            removal="DeleteRoutingRule",
            parameters={**_NAME, "RoutingRuleId": ".RoutingRuleId"},
            absent=_ABSENT,
            rare=True,
        ),
    ),
    patience=300,
    remark="AWS lets an account delete one domain name every 30 seconds.",
)
