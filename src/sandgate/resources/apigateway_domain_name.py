"""Domain names made by the API of REST APIs."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Part, Removal, ResourceType

__all__ = ["RESOURCE"]

_NAME = {"domainName": "domainName"}
_ABSENT = ("NotFoundException",)

RESOURCE = ResourceType(
    name="apigateway-domain-name",
    type="AWS::ApiGateway::DomainName",
    service="apigateway",
    creates=(Create(operation="CreateDomainName", names=_NAME),),
    removal=Removal(
        operation="DeleteDomainName",
        parameters=_NAME,
        absent=_ABSENT,
        full=("BadRequestException", "ConflictException"),
    ),
    listing=Listing(operation="GetDomainNames", entries="items", key=_NAME, parameters={"limit": 500}),
    parts=(
        Part(
            listing="GetBasePathMappings",
            given=_NAME,
            entries="items",
            removal="DeleteBasePathMapping",
            parameters={**_NAME, "basePath": ".basePath"},
            absent=_ABSENT,
        ),
    ),
    patience=300,
    remark="AWS lets an account delete one domain name every 30 seconds.",
)
