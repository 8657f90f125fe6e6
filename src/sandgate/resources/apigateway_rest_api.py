"""REST APIs, with everything in them."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="apigateway-rest-api",
    type="AWS::ApiGateway::RestApi",
    service="apigateway",
    creates=(
        Create(operation="CreateRestApi", ids={"restApiId": "id"}, told={"name": "name"}),
        Create(operation="ImportRestApi", ids={"restApiId": "id"}),
    ),
    removal=Removal(
        operation="DeleteRestApi",
        parameters={"restApiId": "restApiId"},
        absent=("NotFoundException",),
        busy=("BadRequestException", "ConflictException"),  # a domain name leads to it
    ),
    listing=Listing(
        operation="GetRestApis",
        entries="items",
        key={"restApiId": "id"},
        parameters={"limit": 500},
        name="name",
        created="createdDate",
    ),
    after=("apigateway-domain-name", "apigatewayv2-domain-name", "apigateway-usage-plan"),
    patience=300,
    remark="AWS lets an account delete one REST API every 30 seconds.",
)
