"""Links of HTTP APIs into a VPC; their network interfaces are in the way of its subnets."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="apigatewayv2-vpc-link",
    type="AWS::ApiGatewayV2::VpcLink",
    service="apigatewayv2",
    creates=(Create(operation="CreateVpcLink", ids={"VpcLinkId": "vpcLinkId"}, told={"Name": "Name"}),),
    removal=Removal(
        operation="DeleteVpcLink",
        parameters={"VpcLinkId": "VpcLinkId"},
        absent=("NotFoundException",),
        busy=("BadRequestException", "ConflictException"),
        promises=True,
    ),
    listing=Listing(
        operation="GetVpcLinks", entries="Items", key={"VpcLinkId": "VpcLinkId"}, name="Name", created="CreatedDate"
    ),
    after=("apigatewayv2-api",),
    patience=600,
    proven="model",
)
