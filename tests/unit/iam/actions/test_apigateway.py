"""API Gateway: verbs on paths, tags by encoded ARN, and every place where a role can stand."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from sandgate.iam.actions import Unresolvable
from sandgate.iam.request import AccessRequest

Needs = Callable[..., list[str]]
Asked = Callable[..., tuple[AccessRequest, ...]]
ROOT = "arn:aws:apigateway:eu-west-1::"
API = "arn:aws:apigateway:eu-west-1::/restapis/abc123"
ADMIN = "arn:aws:iam::000000000000:role/path/admin"
CALLER = "arn:aws:iam::*:user/*"


@pytest.mark.parametrize(
    ("operation", "parameters", "needed"),
    [
        ("GetRestApi", {"restApiId": "abc123"}, f"apigateway:GET {API}"),
        ("DeleteRestApi", {"restApiId": "abc123"}, f"apigateway:DELETE {API}"),
        ("UpdateRestApi", {"restApiId": "abc123", "patchOperations": []}, f"apigateway:PATCH {API}"),
        ("GetRestApis", {}, "apigateway:GET arn:aws:apigateway:eu-west-1::/restapis"),
        ("GetAccount", {}, "apigateway:GET arn:aws:apigateway:eu-west-1::/account"),
        (
            "PutMethod",
            {"restApiId": "abc123", "resourceId": "r1", "httpMethod": "ANY"},
            f"apigateway:PUT {API}/resources/r1/methods/ANY",
        ),
        (
            "PutIntegrationResponse",
            {"restApiId": "abc123", "resourceId": "r1", "httpMethod": "GET", "statusCode": "200"},
            f"apigateway:PUT {API}/resources/r1/methods/GET/integration/responses/200",
        ),
        ("GetStage", {"restApiId": "abc123", "stageName": "live"}, f"apigateway:GET {API}/stages/live"),
        (
            "GetBasePathMapping",
            {"domainName": "a.example.com", "basePath": "(none)"},
            "apigateway:GET arn:aws:apigateway:eu-west-1::/domainnames/a.example.com/basepathmappings/(none)",
        ),
        (
            "GetDomainName",
            {"domainName": "a.example.com", "domainNameId": "x1"},
            "apigateway:GET arn:aws:apigateway:eu-west-1:111122223333:/domainnames/a.example.com+x1",
        ),
        (
            "GetTags",
            {"resourceArn": API},
            f"apigateway:GET {ROOT}/tags/arn%3Aaws%3Aapigateway%3Aeu-west-1%3A%3A%2Frestapis%2Fabc123",
        ),
    ],
)
def test_a_verb_on_a_path(asked: Asked, operation: str, parameters: dict[str, object], needed: str) -> None:
    (request,) = asked(f"apigateway.{operation}", **parameters)
    assert f"{request.action} {request.resource}" == needed


@pytest.mark.parametrize("name", ["", "*", "abc*", "a/b", "..", "a/../b", "abc123/stages/x", "a%2fb", "a:b", None, 7])
@pytest.mark.parametrize("operation", ["GetRestApi", "GetStages", "CreateDeployment", "PutRestApi"])
def test_what_is_no_id_is_refused(needs: Needs, operation: str, name: object) -> None:
    with pytest.raises(Unresolvable):
        needs(f"apigateway.{operation}", restApiId=name)


def test_tags_with_a_create(asked: Asked) -> None:
    found = asked(
        "apigateway.CreateRestApi", name="test_a", tags={"team": "a"}, endpointConfiguration={"types": ["EDGE"]}
    )
    assert [(request.action, request.resource) for request in found] == [
        ("apigateway:POST", "arn:aws:apigateway:eu-west-1::/restapis"),
        ("apigateway:PUT", "arn:aws:apigateway:eu-west-1::/tags/*"),
    ]
    assert found[0].context["aws:requesttag/team"] == ("a",)
    assert found[0].context["apigateway:request/apiname"] == ("test_a",)
    assert found[0].context["apigateway:request/endpointtype"] == ("EDGE",)


@pytest.mark.parametrize(
    "arn", ["", "*", "arn:aws:s3:::b", f"{API}/../x", f"{API}*", f"{API}/", "arn:aws:apigateway:::/x"]
)
@pytest.mark.parametrize("operation", ["TagResource", "UntagResource", "GetTags"])
def test_tags_of_something_else_are_refused(needs: Needs, operation: str, arn: str) -> None:
    with pytest.raises(Unresolvable):
        needs(f"apigateway.{operation}", resourceArn=arn)
    with pytest.raises(Unresolvable):
        needs(f"apigatewayv2.{operation}", ResourceArn=arn)


def test_a_clone_reads_its_source_and_a_policy_needs_its_own_action(needs: Needs) -> None:
    assert needs("apigateway.CreateRestApi", name="n", cloneFrom="prod1", policy="{}")[1:] == [
        "apigateway:GET arn:aws:apigateway:eu-west-1::/restapis/prod1",
        "apigateway:UpdateRestApiPolicy arn:aws:apigateway:eu-west-1::/restapis",
    ]
    patch = [{"op": "replace", "path": "/policy", "value": "{}"}]
    assert needs("apigateway.UpdateRestApi", restApiId="abc123", patchOperations=patch)[1:] == [
        f"apigateway:UpdateRestApiPolicy {API}"
    ]
    with pytest.raises(Unresolvable):
        needs("apigateway.CreateRestApi", name="n", cloneFrom="*")


@pytest.mark.parametrize(
    ("call", "parameters"),
    [
        ("apigateway.CreateAuthorizer", {"restApiId": "abc123", "authorizerCredentials": ADMIN}),
        (
            "apigateway.PutIntegration",
            {"restApiId": "abc123", "resourceId": "r", "httpMethod": "GET", "credentials": ADMIN},
        ),
        (
            "apigateway.UpdateIntegration",
            {
                "restApiId": "abc123",
                "resourceId": "r",
                "httpMethod": "GET",
                "patchOperations": [{"op": "replace", "path": "/credentials", "value": ADMIN}],
            },
        ),
        (
            "apigateway.UpdateAuthorizer",
            {
                "restApiId": "abc123",
                "authorizerId": "a",
                "patchOperations": [{"op": "replace", "path": "/authorizerCredentials", "value": ADMIN}],
            },
        ),
        (
            "apigateway.UpdateAccount",
            {"patchOperations": [{"op": "replace", "path": "/cloudwatchRoleArn", "value": ADMIN}]},
        ),
        ("apigatewayv2.CreateApi", {"Name": "n", "ProtocolType": "HTTP", "CredentialsArn": ADMIN}),
        ("apigatewayv2.UpdateApi", {"ApiId": "abc123", "CredentialsArn": ADMIN}),
        ("apigatewayv2.CreateAuthorizer", {"ApiId": "abc123", "AuthorizerCredentialsArn": ADMIN}),
        ("apigatewayv2.UpdateAuthorizer", {"ApiId": "abc123", "AuthorizerId": "a", "AuthorizerCredentialsArn": ADMIN}),
        ("apigatewayv2.CreateIntegration", {"ApiId": "abc123", "CredentialsArn": ADMIN}),
        ("apigatewayv2.UpdateIntegration", {"ApiId": "abc123", "IntegrationId": "i", "CredentialsArn": ADMIN}),
    ],
)
def test_credentials_are_a_role_that_is_passed(asked: Asked, call: str, parameters: dict[str, object]) -> None:
    passed = asked(call, **parameters)[-1]
    assert (passed.action, passed.resource) == ("iam:PassRole", ADMIN)
    assert passed.context["iam:passedtoservice"] == ("apigateway.amazonaws.com",)
    caller = json.loads(json.dumps(parameters).replace(ADMIN, CALLER))
    assert [request.action for request in asked(call, **caller)] == [
        request.action for request in asked(call, **parameters)[:-1]
    ]
    wrong = json.loads(json.dumps(parameters).replace(ADMIN, "arn:aws:iam::111122223333:role/*"))
    with pytest.raises(Unresolvable):
        asked(call, **wrong)


@pytest.mark.parametrize("path", ["/Credentials", "/credentials/", "//credentials", "/credentials~1", "/x/role"])
def test_a_patch_of_a_role_by_another_path_is_refused(needs: Needs, path: str) -> None:
    patch = [{"op": "replace", "path": path, "value": ADMIN}]
    with pytest.raises(Unresolvable):
        needs("apigateway.UpdateIntegration", restApiId="a", resourceId="r", httpMethod="GET", patchOperations=patch)


def test_a_patch_that_copies_a_role_is_refused(needs: Needs) -> None:
    patch = [{"op": "copy", "path": "/credentials", "from": "/x"}]
    with pytest.raises(Unresolvable):
        needs("apigateway.UpdateIntegration", restApiId="a", resourceId="r", httpMethod="GET", patchOperations=patch)


DOCUMENT = {
    "openapi": "3.0.1",
    "paths": {"/x": {"get": {"x-amazon-apigateway-integration": {"type": "aws", "credentials": ADMIN}}}},
    "components": {
        "securitySchemes": {"a": {"x-amazon-apigateway-authorizer": {"authorizerCredentials": ADMIN + "2"}}},
        "schemas": {"Login": {"properties": {"credentials": {"type": "string"}}, "example": {"credentials": "secret"}}},
    },
}
YAML = f"""openapi: 3.0.1
x-all: &all {{credentials: "{ADMIN}"}}
paths:
  /x: {{get: {{x-amazon-apigateway-integration: *all}}}}
  /y: {{get: {{x-amazon-apigateway-integration: {{"\\x63redentials": {ADMIN}2}}}}}}
"""


@pytest.mark.parametrize("body", [json.dumps(DOCUMENT), json.dumps(DOCUMENT).encode(), YAML, YAML.encode()])
@pytest.mark.parametrize(
    ("call", "member", "more"),
    [
        ("apigateway.ImportRestApi", "body", {}),
        ("apigateway.PutRestApi", "body", {"restApiId": "abc123"}),
        ("apigatewayv2.ImportApi", "Body", {}),
        ("apigatewayv2.ReimportApi", "Body", {"ApiId": "abc123"}),
    ],
)
def test_roles_in_a_document_are_passed(
    asked: Asked, call: str, member: str, more: dict[str, str], body: str | bytes
) -> None:
    found = [request for request in asked(call, **{member: body}, **more) if request.action == "iam:PassRole"]
    assert {request.resource for request in found} == {ADMIN, f"{ADMIN}2"}
    assert {request.context["iam:passedtoservice"] for request in found} == {("apigateway.amazonaws.com",)}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{",
        "a: b: c",
        b"\xff\xfe",
        7,
        '{"a": {}, "a": {}}',
        '{"x-amazon-apigateway-integration": {"credentials": {"Ref": "Role"}}}',
        '{"x-amazon-apigateway-integration": {"credentials": "admin/*"}}',
        '{"x-amazon-apigateway-integration": {"$ref": "#/components/other"}}',
        '{"X-Amazon-ApiGateway-Integration": {"Credentials": "*"}}',
    ],
)
def test_a_document_that_cannot_be_judged_is_refused(needs: Needs, body: object) -> None:
    with pytest.raises(Unresolvable):
        needs("apigateway.ImportRestApi", body=body)
    with pytest.raises(Unresolvable):
        needs("apigatewayv2.ImportApi", Body=body)


def test_a_document_that_passes_the_caller_on(needs: Needs) -> None:
    body = json.dumps({"x-amazon-apigateway-integration": {"credentials": CALLER}})
    assert needs("apigatewayv2.ImportApi", Body=body) == ["apigateway:PUT arn:aws:apigateway:eu-west-1::/apis"]


def test_a_certificate_of_a_domain_needs_its_own_action(needs: Needs) -> None:
    domains = "arn:aws:apigateway:eu-west-1::/domainnames"
    assert needs("apigateway.CreateDomainName", domainName="a.example.com", regionalCertificateArn="arn:x") == [
        f"apigateway:POST {domains}",
        f"apigateway:AddCertificateToDomain {domains}",
    ]
    patch = [{"op": "replace", "path": "/certificateArn", "value": "arn:x"}]
    assert needs("apigateway.UpdateDomainName", domainName="a.example.com", patchOperations=patch)[1:] == [
        f"apigateway:AddCertificateToDomain {domains}/a.example.com"
    ]


def test_associations_of_private_domains(needs: Needs) -> None:
    domain = "arn:aws:apigateway:eu-west-1:000000000000:/domainnames/a.example.com+x1"
    other = (
        "arn:aws:apigateway:eu-west-1:000000000000:/domainnameaccessassociations/domainname/a.example.com/vpcesource/v"
    )
    assert needs("apigateway.CreateDomainNameAccessAssociation", domainNameArn=domain, accessAssociationSource="v") == [
        "apigateway:POST arn:aws:apigateway:::/domainnameaccessassociations",
        f"apigateway:CreateAccessAssociation {domain}",
    ]
    assert needs("apigateway.DeleteDomainNameAccessAssociation", domainNameAccessAssociationArn=other) == [
        f"apigateway:DELETE {other}"
    ]
    for wrong in ("", "*", domain, f"{other}/../x"):
        with pytest.raises(Unresolvable):
            needs("apigateway.DeleteDomainNameAccessAssociation", domainNameAccessAssociationArn=wrong)
