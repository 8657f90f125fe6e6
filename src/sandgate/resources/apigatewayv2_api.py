"""HTTP and WebSocket APIs, with everything in them."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="apigatewayv2-api",
    type="AWS::ApiGatewayV2::Api",
    service="apigatewayv2",
    creates=(
        Create(operation="CreateApi", ids={"ApiId": "apiId"}, told={"Name": "Name"}),
        Create(operation="ImportApi", ids={"ApiId": "apiId"}),
    ),
    removal=Removal(
        operation="DeleteApi",
        parameters={"ApiId": "ApiId"},
        absent=("NotFoundException",),
        busy=("BadRequestException", "ConflictException"),
    ),
    listing=Listing(operation="GetApis", entries="Items", key={"ApiId": "ApiId"}, name="Name", created="CreatedDate"),
    after=("apigateway-domain-name", "apigatewayv2-domain-name"),
)
