"""API Gateway v2: paths without the version, and portals, which have actions of their own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandgate.iam.actions import Unresolvable
from sandgate.iam.request import AccessRequest

Needs = Callable[..., list[str]]
Asked = Callable[..., tuple[AccessRequest, ...]]
ROOT = "arn:aws:apigateway:eu-west-1::"
OWN = "arn:aws:apigateway:eu-west-1:111122223333:"
API = "arn:aws:apigateway:eu-west-1::/apis/abc123"


@pytest.mark.parametrize(
    ("operation", "parameters", "needed"),
    [
        ("GetApi", {"ApiId": "abc123"}, f"apigateway:GET {API}"),
        ("GetApis", {}, "apigateway:GET arn:aws:apigateway:eu-west-1::/apis"),
        ("UpdateApi", {"ApiId": "abc123"}, f"apigateway:PATCH {API}"),
        ("DeleteStage", {"ApiId": "abc123", "StageName": "$default"}, f"apigateway:DELETE {API}/stages/$default"),
        (
            "DeleteRouteSettings",
            {"ApiId": "abc123", "StageName": "live", "RouteKey": "GET /pets"},
            f"apigateway:DELETE {API}/stages/live/routesettings/GET /pets",
        ),
        ("ExportApi", {"ApiId": "abc123", "Specification": "OAS30"}, f"apigateway:GET {API}/exports/OAS30"),
        (
            "TagResource",
            {"ResourceArn": API, "Tags": {"a": "b"}},
            f"apigateway:POST {ROOT}/tags/arn%3Aaws%3Aapigateway%3Aeu-west-1%3A%3A%2Fapis%2Fabc123",
        ),
        ("GetPortal", {"PortalId": "p1"}, "apigateway:GetPortal arn:aws:apigateway:eu-west-1:111122223333:/portals/p1"),
        (
            "PublishPortal",
            {"PortalId": "p1"},
            "apigateway:PublishPortal arn:aws:apigateway:eu-west-1:111122223333:/portals/p1",
        ),
        ("ListPortals", {}, "apigateway:ListPortals arn:aws:apigateway:eu-west-1:111122223333:/portals/*"),
        (
            "GetPortalProduct",
            {"PortalProductId": "p1", "ResourceOwnerAccountId": "000000000000"},
            "apigateway:GetPortalProduct arn:aws:apigateway:eu-west-1:000000000000:/portalproducts/p1",
        ),
        (
            "PutRoutingRule",
            {"DomainName": "a.example.com", "RoutingRuleId": "r1"},
            f"apigateway:UpdateRoutingRule {OWN}/domainnames/a.example.com/routingrules/r1",
        ),
        (
            "CreateRoutingRule",
            {"DomainName": "a.example.com"},
            f"apigateway:CreateRoutingRule {OWN}/domainnames/a.example.com/routingrules/*",
        ),
    ],
)
def test_what_a_call_asks(asked: Asked, operation: str, parameters: dict[str, object], needed: str) -> None:
    (request,) = asked(f"apigatewayv2.{operation}", **parameters)
    assert f"{request.action} {request.resource}" == needed


@pytest.mark.parametrize("name", ["", "*", "abc*", "a/b", "..", "a%2fb", "a:b", None])
@pytest.mark.parametrize("operation", ["GetApi", "DeleteApi", "CreateRoute", "ReimportApi"])
def test_what_is_no_id_is_refused(needs: Needs, operation: str, name: object) -> None:
    with pytest.raises(Unresolvable):
        needs(f"apigatewayv2.{operation}", ApiId=name)


def test_tags_and_keys_of_a_new_api(asked: Asked) -> None:
    found = asked("apigatewayv2.CreateApi", Name="test_a", ProtocolType="HTTP", Tags={"team": "a"})
    assert [(request.action, request.resource) for request in found] == [
        ("apigateway:POST", "arn:aws:apigateway:eu-west-1::/apis"),
        ("apigateway:PUT", "arn:aws:apigateway:eu-west-1::/tags/*"),
    ]
    assert found[0].context["aws:requesttag/team"] == ("a",)
    assert found[0].context["apigateway:request/apiname"] == ("test_a",)


def test_a_certificate_of_a_domain_needs_its_own_action(needs: Needs) -> None:
    configurations = [{"CertificateArn": "arn:x", "EndpointType": "REGIONAL"}]
    found = needs("apigatewayv2.CreateDomainName", DomainName="a.example.com", DomainNameConfigurations=configurations)
    assert found[1] == "apigateway:AddCertificateToDomain arn:aws:apigateway:eu-west-1::/domainnames"
