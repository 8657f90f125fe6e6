"""IAM: principals by name and path, policies and boundaries as keys, and both sides of what is joined or renamed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandgate.iam.actions import Unresolvable
from sandgate.iam.request import AccessRequest

Needs = Callable[..., list[str]]
Asked = Callable[..., tuple[AccessRequest, ...]]
HEAD = "arn:aws:iam::111122223333"
SERVICE_ROLE = f"{HEAD}:role/aws-service-role/es.amazonaws.com"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
FOREIGN = "arn:aws:iam::000000000000:policy/path/prod"


@pytest.mark.parametrize(
    ("operation", "parameters", "resource"),
    [
        ("GetRole", {"RoleName": "test_r"}, f"{HEAD}:role/test_r"),
        ("GetRole", {"RoleName": "arn:aws:iam::000000000000:role/r"}, "arn:aws:iam::000000000000:role/r"),
        ("CreateRole", {"RoleName": "test_r", "Path": "/"}, f"{HEAD}:role/test_r"),
        ("CreateRole", {"RoleName": "test_r", "Path": "/a/b/"}, f"{HEAD}:role/a/b/test_r"),
        ("CreateUser", {"UserName": "test_u", "Path": "/a/"}, f"{HEAD}:user/a/test_u"),
        ("CreateGroup", {"GroupName": "test_g"}, f"{HEAD}:group/test_g"),
        ("CreatePolicy", {"PolicyName": "test_p", "Path": "/a/"}, f"{HEAD}:policy/a/test_p"),
        ("CreateInstanceProfile", {"InstanceProfileName": "test_i"}, f"{HEAD}:instance-profile/test_i"),
        ("CreateVirtualMFADevice", {"VirtualMFADeviceName": "test_m"}, f"{HEAD}:mfa/test_m"),
        ("CreateSAMLProvider", {"Name": "test_s"}, f"{HEAD}:saml-provider/test_s"),
        ("CreateOpenIDConnectProvider", {"Url": "https://id.example.com/a"}, f"{HEAD}:oidc-provider/id.example.com/a"),
        ("UploadServerCertificate", {"ServerCertificateName": "test_c"}, f"{HEAD}:server-certificate/test_c"),
        ("GetPolicy", {"PolicyArn": ADMINISTRATOR}, ADMINISTRATOR),
        ("CreatePolicyVersion", {"PolicyArn": FOREIGN}, FOREIGN),
        ("SetDefaultPolicyVersion", {"PolicyArn": FOREIGN}, FOREIGN),
        ("PutRolePolicy", {"RoleName": "test_r", "PolicyName": "x"}, f"{HEAD}:role/test_r"),
        ("UpdateAssumeRolePolicy", {"RoleName": "test_r"}, f"{HEAD}:role/test_r"),
        ("CreateAccessKey", {"UserName": "test_u"}, f"{HEAD}:user/test_u"),
        ("CreateAccessKey", {}, f"{HEAD}:user/*"),
        ("GetUser", {}, f"{HEAD}:user/*"),
        ("GetAccessKeyLastUsed", {"AccessKeyId": "x"}, f"{HEAD}:user/*"),
        ("ListServiceSpecificCredentials", {"UserName": "test_u", "AllUsers": True}, f"{HEAD}:user/*"),
        ("ListServiceSpecificCredentials", {"UserName": "test_u", "AllUsers": False}, f"{HEAD}:user/test_u"),
        ("SimulatePrincipalPolicy", {"PolicySourceArn": f"{HEAD}:group/a/g"}, f"{HEAD}:group/a/g"),
        ("GenerateServiceLastAccessedDetails", {"Arn": FOREIGN}, FOREIGN),
        ("DeleteVirtualMFADevice", {"SerialNumber": f"{HEAD}:mfa/a/m"}, f"{HEAD}:mfa/a/m"),
        (
            "CreateServiceLinkedRole",
            {"AWSServiceName": "es.amazonaws.com"},
            f"{HEAD}:role/aws-service-role/es.amazonaws.com/*",
        ),
        (
            "GetServiceLinkedRoleDeletionStatus",
            {"DeletionTaskId": "task/aws-service-role/es.amazonaws.com/R/1234abcd-12ab-34cd-56ef-1234567890ab"},
            f"{SERVICE_ROLE}/R",
        ),
        (
            "CreateDelegationRequest",
            {"OwnerAccountId": "000000000000"},
            "arn:aws:iam::000000000000:delegation-request/*",
        ),
    ],
)
def test_what_a_call_works_on(asked: Asked, operation: str, parameters: dict[str, object], resource: str) -> None:
    (request,) = asked(f"iam.{operation}", **parameters)
    assert (request.action, request.resource) == (f"iam:{operation}", resource)


@pytest.mark.parametrize("name", ["", "*", "test_*", "a/b", "a b", "a:b", "${aws:username}", "é", "a\n", None, 7])
@pytest.mark.parametrize(
    ("operation", "member"),
    [
        ("GetRole", "RoleName"),
        ("CreateRole", "RoleName"),
        ("DeleteUser", "UserName"),
        ("PutGroupPolicy", "GroupName"),
        ("CreatePolicy", "PolicyName"),
        ("DeleteInstanceProfile", "InstanceProfileName"),
    ],
)
def test_what_is_no_name_is_refused(needs: Needs, operation: str, member: str, name: object) -> None:
    with pytest.raises(Unresolvable):
        needs(f"iam.{operation}", **{member: name})


@pytest.mark.parametrize("name", ["", "*", "a/b"])
@pytest.mark.parametrize("operation", ["CreateAccessKey", "GetUser", "ListMFADevices", "DeleteLoginProfile"])
def test_an_optional_user_that_is_no_name_is_refused(needs: Needs, operation: str, name: str) -> None:
    with pytest.raises(Unresolvable):
        needs(f"iam.{operation}", UserName=name)


@pytest.mark.parametrize("path", ["", "a", "/a", "a/", "/*/", "/../", "//"])
def test_what_is_no_path_is_refused(needs: Needs, path: str) -> None:
    with pytest.raises(Unresolvable):
        needs("iam.CreateRole", RoleName="test_r", Path=path)


@pytest.mark.parametrize(("kind", "member"), [("Role", "RoleName"), ("User", "UserName"), ("Group", "GroupName")])
@pytest.mark.parametrize("verb", ["Attach", "Detach"])
def test_a_policy_that_is_attached_is_a_key(asked: Asked, verb: str, kind: str, member: str) -> None:
    (request,) = asked(f"iam.{verb}{kind}Policy", PolicyArn=ADMINISTRATOR, **{member: "test_x"})
    assert request.resource == f"{HEAD}:{kind.lower()}/test_x"
    assert request.context["iam:policyarn"] == (ADMINISTRATOR,)
    for wrong in ("", "*", "AdministratorAccess", f"{HEAD}:policy/*", f"{HEAD}:role/x", "arn:aws:s3:::b"):
        with pytest.raises(Unresolvable):
            asked(f"iam.{verb}{kind}Policy", PolicyArn=wrong, **{member: "test_x"})


@pytest.mark.parametrize(
    ("operation", "member"),
    [
        ("CreateRole", "RoleName"),
        ("CreateUser", "UserName"),
        ("PutRolePermissionsBoundary", "RoleName"),
        ("PutUserPermissionsBoundary", "UserName"),
    ],
)
def test_a_boundary_is_a_key(asked: Asked, operation: str, member: str) -> None:
    (request,) = asked(f"iam.{operation}", PermissionsBoundary=FOREIGN, **{member: "test_x"})
    assert request.context["iam:permissionsboundary"] == (FOREIGN,)
    for wrong in ("", "*", f"{HEAD}:policy/*", f"{HEAD}:role/x"):
        with pytest.raises(Unresolvable):
            asked(f"iam.{operation}", PermissionsBoundary=wrong, **{member: "test_x"})


def test_no_boundary_no_key(asked: Asked) -> None:
    (request,) = asked("iam.CreateRole", RoleName="test_r")
    assert "iam:permissionsboundary" not in request.context


@pytest.mark.parametrize("arn", ["", "test_p", "*", f"{HEAD}:policy/*", f"{HEAD}:role/x", "arn:aws:iam:::policy/x"])
@pytest.mark.parametrize("operation", ["GetPolicy", "DeletePolicy", "CreatePolicyVersion", "TagPolicy"])
def test_what_is_no_policy_is_refused(needs: Needs, operation: str, arn: str) -> None:
    with pytest.raises(Unresolvable):
        needs(f"iam.{operation}", PolicyArn=arn)


def test_a_role_in_an_instance_profile_is_passed(asked: Asked) -> None:
    found = asked("iam.AddRoleToInstanceProfile", InstanceProfileName="test_i", RoleName="admin")
    assert [(request.action, request.resource) for request in found] == [
        ("iam:AddRoleToInstanceProfile", f"{HEAD}:instance-profile/test_i"),
        ("iam:PassRole", f"{HEAD}:role/admin"),
    ]
    assert found[1].context["iam:passedtoservice"] == ("ec2.amazonaws.com",)


@pytest.mark.parametrize(
    ("operation", "kind", "member"),
    [
        ("UpdateUser", "user", "UserName"),
        ("UpdateGroup", "group", "GroupName"),
        ("UpdateServerCertificate", "server-certificate", "ServerCertificateName"),
    ],
)
def test_a_new_name_is_asked_for_too(needs: Needs, operation: str, kind: str, member: str) -> None:
    old, new = {member: "test_x"}, {f"New{member}": "prod"}
    first = f"iam:{operation} {HEAD}:{kind}/test_x"
    assert needs(f"iam.{operation}", **old) == [first]
    assert needs(f"iam.{operation}", **old, **new) == [first, f"iam:{operation} {HEAD}:{kind}/prod"]
    assert needs(f"iam.{operation}", **old, **new, NewPath="/p/") == [first, f"iam:{operation} {HEAD}:{kind}/p/prod"]
    assert needs(f"iam.{operation}", **old, NewPath="/p/") == [first, f"iam:{operation} {HEAD}:{kind}/p/test_x"]
    with pytest.raises(Unresolvable):
        needs(f"iam.{operation}", **old, **{f"New{member}": "*"})


@pytest.mark.parametrize(
    ("operation", "action", "parameters"),
    [
        ("CreateRole", "TagRole", {"RoleName": "test_x"}),
        ("CreateUser", "TagUser", {"UserName": "test_x"}),
        ("CreatePolicy", "TagPolicy", {"PolicyName": "test_x"}),
        ("CreateVirtualMFADevice", "TagMFADevice", {"VirtualMFADeviceName": "test_x"}),
        ("CreateOpenIDConnectProvider", "TagOpenIDConnectProvider", {"Url": "https://id.example.com"}),
    ],
)
def test_tags_with_a_create(asked: Asked, operation: str, action: str, parameters: dict[str, str]) -> None:
    found = asked(f"iam.{operation}", **parameters, Tags=[{"Key": "team", "Value": "a"}])
    assert [request.action for request in found] == [f"iam:{operation}", f"iam:{action}"]
    assert found[0].resource == found[1].resource
    assert found[1].context["aws:requesttag/team"] == ("a",)


@pytest.mark.parametrize(
    "url", ["", "*", "http://id.example.com", "https://", "https://id.example.com/../x", "https://a@b"]
)
def test_what_is_no_provider_is_refused(needs: Needs, url: str) -> None:
    with pytest.raises(Unresolvable):
        needs("iam.CreateOpenIDConnectProvider", Url=url)


def test_a_role_from_a_template_is_any_role(needs: Needs) -> None:
    template = "arn:aws:iam::aws:role-template/ec2.amazonaws.com/t:1"
    assert needs("iam.AcquireRole", TemplateArn=template) == [
        f"iam:GetRoleTemplateVersion {template}",
        f"iam:GetRole {HEAD}:role/*",
        f"iam:CreateRole {HEAD}:role/*",
        f"iam:AttachRolePolicy {HEAD}:role/*",
        f"iam:PutRolePolicy {HEAD}:role/*",
    ]


@pytest.mark.parametrize(
    ("operation", "parameters", "resources"),
    [
        ("AddUserToGroup", {"GroupName": "test_g", "UserName": "u"}, ["group/test_g", "user/u"]),
        ("RemoveUserFromGroup", {"GroupName": "test_g", "UserName": "u"}, ["group/test_g", "user/u"]),
        (
            "RemoveRoleFromInstanceProfile",
            {"InstanceProfileName": "test_p", "RoleName": "r"},
            ["instance-profile/test_p", "role/r"],
        ),
    ],
)
def test_both_sides_of_a_membership_count(
    asked: Asked, operation: str, parameters: dict[str, object], resources: list[str]
) -> None:
    found = asked(f"iam.{operation}", **parameters)
    assert [request.resource.split(":")[5] for request in found] == resources
    assert {request.action for request in found} == {f"iam:{operation}"}
