"""API keys."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="apigateway-api-key",
    type="AWS::ApiGateway::ApiKey",
    service="apigateway",
    creates=(Create(operation="CreateApiKey", ids={"apiKey": "id"}, told={"name": "name"}),),
    removal=Removal(operation="DeleteApiKey", parameters={"apiKey": "apiKey"}, absent=("NotFoundException",)),
    listing=Listing(
        operation="GetApiKeys",
        entries="items",
        key={"apiKey": "id"},
        parameters={"limit": 500},
        name="name",
        created="createdDate",
    ),
)
