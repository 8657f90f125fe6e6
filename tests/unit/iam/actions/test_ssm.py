"""Systems Manager: parameters however they are named, paths, documents, instances, and roles."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandgate.iam.actions import Unresolvable
from sandgate.iam.request import AccessRequest

Needs = Callable[..., list[str]]
Asked = Callable[..., tuple[AccessRequest, ...]]
HEAD = "arn:aws:ssm:eu-west-1:111122223333"
FOREIGN = "arn:aws:ssm:us-east-1:000000000000:parameter/prod/p"
ROLE = "arn:aws:iam::000000000000:role/admin"
KEY = "arn:aws:kms:eu-west-1:000000000000:key/k-1"


@pytest.mark.parametrize(
    ("name", "resource"),
    [
        ("test_p", f"{HEAD}:parameter/test_p"),
        ("/test/a/b", f"{HEAD}:parameter/test/a/b"),
        ("/test/a:3", f"{HEAD}:parameter/test/a"),
        ("test_p:label", f"{HEAD}:parameter/test_p"),
        (FOREIGN, FOREIGN),
        (f"{FOREIGN}:3", FOREIGN),
    ],
)
@pytest.mark.parametrize("operation", ["GetParameter", "GetParameterHistory", "DeleteParameter"])
def test_a_parameter_however_it_is_named(asked: Asked, operation: str, name: str, resource: str) -> None:
    (request,) = asked(f"ssm.{operation}", Name=name)
    assert (request.action, request.resource) == (f"ssm:{operation}", resource)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "*",
        "/test/*",
        "/",
        "//a",
        "/a//b",
        "a/",
        "a b",
        "a:b:c",
        f"{HEAD}:parameter/*",
        f"{HEAD}:parameter//a",
        None,
        7,
    ],
)
def test_what_names_no_parameter_is_refused(needs: Needs, name: object) -> None:
    for operation in ("GetParameter", "PutParameter", "DeleteParameter", "LabelParameterVersion"):
        with pytest.raises(Unresolvable):
            needs(f"ssm.{operation}", Name=name)
    with pytest.raises(Unresolvable):
        needs("ssm.GetParameters", Names=["test_p", name or ""])


@pytest.mark.parametrize("operation", ["GetParameters", "DeleteParameters"])
def test_a_list_asks_for_each(needs: Needs, operation: str) -> None:
    assert needs(f"ssm.{operation}", Names=["/test/a", FOREIGN]) == [
        f"ssm:{operation} arn:aws:ssm:::parameter/test/a",
        f"ssm:{operation} {FOREIGN}",
    ]


@pytest.mark.parametrize(
    ("path", "resource"),
    [("/test", "test"), ("/test/", "test/"), ("/test/a/b", "test/a/b"), ("/", "*")],
)
def test_a_path_is_asked_for_as_it_is_written(asked: Asked, path: str, resource: str) -> None:
    (request,) = asked("ssm.GetParametersByPath", Path=path, Recursive=True)
    assert request.resource == f"{HEAD}:parameter/{resource}"
    assert request.context["ssm:recursive"] == ("true",)


@pytest.mark.parametrize("path", ["", "*", "test", "/*", "/test*", "//", "/a//b", f"{HEAD}:parameter/*", None])
def test_what_is_no_path_is_refused(needs: Needs, path: object) -> None:
    with pytest.raises(Unresolvable):
        needs("ssm.GetParametersByPath", Path=path)


def test_a_new_parameter_with_everything(asked: Asked) -> None:
    tags = [{"Key": "team", "Value": "a"}]
    found = asked("ssm.PutParameter", Name="/test/p", Type="SecureString", KeyId=KEY, Overwrite=False, Tags=tags)
    assert [(request.action, request.resource) for request in found] == [
        ("ssm:PutParameter", f"{HEAD}:parameter/test/p"),
        ("ssm:AddTagsToResource", f"{HEAD}:parameter/test/p"),
        ("kms:Encrypt", KEY),
        ("kms:GenerateDataKey", KEY),
    ]
    assert found[0].context["ssm:overwrite"] == ("false",)
    assert found[1].context["aws:requesttag/team"] == ("a",)


@pytest.mark.parametrize(
    ("kind", "name", "resource"),
    [
        ("Parameter", "/test/p", "parameter/test/p"),
        ("Document", "test_d", "document/test_d"),
        ("ManagedInstance", "mi-0a", "managed-instance/mi-0a"),
        ("MaintenanceWindow", "mw-0a", "maintenancewindow/mw-0a"),
        ("PatchBaseline", "pb-0a", "patchbaseline/pb-0a"),
        ("OpsItem", "oi-0a", "opsitem/oi-0a"),
        ("OpsMetadata", f"{HEAD}:opsmetadata/a/b", "opsmetadata/a/b"),
        ("Automation", "1-2", "automation-execution/1-2"),
        ("Association", "1-2", "association/1-2"),
    ],
)
@pytest.mark.parametrize("operation", ["AddTagsToResource", "RemoveTagsFromResource", "ListTagsForResource"])
def test_tags_are_of_a_type_and_an_id(asked: Asked, operation: str, kind: str, name: str, resource: str) -> None:
    (request,) = asked(f"ssm.{operation}", ResourceType=kind, ResourceId=name)
    assert request.resource == f"{HEAD}:{resource}"
    for type_, id_ in ((kind, "*"), (kind, ""), ("Other", name)):
        with pytest.raises(Unresolvable):
            asked(f"ssm.{operation}", ResourceType=type_, ResourceId=id_)


@pytest.mark.parametrize(
    ("name", "resource"),
    [
        ("test_d", f"{HEAD}:document/test_d"),
        ("AWS-RunShellScript", "arn:aws:ssm:eu-west-1::document/AWS-RunShellScript"),
        ("arn:aws:ssm:us-east-1:000000000000:document/d", "arn:aws:ssm:us-east-1:000000000000:document/d"),
    ],
)
def test_a_document_by_name_and_by_arn(asked: Asked, name: str, resource: str) -> None:
    (request,) = asked("ssm.GetDocument", Name=name)
    assert request.resource == resource
    for wrong in ("", "*", "a/b", f"{HEAD}:document/*"):
        with pytest.raises(Unresolvable):
            asked("ssm.GetDocument", Name=wrong)


def test_a_command_goes_to_each_instance(needs: Needs) -> None:
    found = needs(
        "ssm.SendCommand",
        DocumentName="AWS-RunShellScript",
        InstanceIds=["i-0a", "mi-0b"],
        OutputS3BucketName="prod-b",
        ServiceRoleArn=ROLE,
    )
    assert found == [
        "ssm:SendCommand arn:aws:ssm:eu-west-1::document/AWS-RunShellScript",
        "ssm:SendCommand arn:aws:ec2:::instance/i-0a",
        "ssm:SendCommand arn:aws:ssm:::managed-instance/mi-0b",
        "s3:PutObject arn:aws:s3:::prod-b/*",
        f"iam:PassRole {ROLE}",
    ]
    with pytest.raises(Unresolvable):
        needs("ssm.SendCommand", DocumentName="test_d", InstanceIds=["i-0a", "*"])


def test_targets_by_tag_may_be_any_instance(needs: Needs) -> None:
    targets = [{"Key": "tag:env", "Values": ["prod"]}]
    assert needs("ssm.SendCommand", DocumentName="test_d", Targets=targets) == [
        "ssm:SendCommand arn:aws:ssm:::document/test_d",
        "ssm:SendCommand arn:aws:ec2:::instance/*",
        "ssm:SendCommand arn:aws:ssm:::managed-instance/*",
    ]


@pytest.mark.parametrize(
    ("target", "resource"),
    [("i-0a", "arn:aws:ec2:::instance/i-0a"), ("mi-0a", "arn:aws:ssm:::managed-instance/mi-0a")],
)
def test_a_session_is_with_an_instance(needs: Needs, target: str, resource: str) -> None:
    assert needs("ssm.StartSession", Target=target, DocumentName="test_d") == [
        f"ssm:StartSession {resource}",
        "ssm:StartSession arn:aws:ssm:::document/test_d",
    ]
    for wrong in ("", "*", "i-*", "host"):
        with pytest.raises(Unresolvable):
            needs("ssm.StartSession", Target=wrong)


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("CreateActivation", {"IamRole": ROLE}),
        ("StartAutomationExecution", {"DocumentName": "test_d", "Parameters": {"AutomationAssumeRole": [ROLE]}}),
        ("CreateAssociation", {"Name": "test_d", "AssociationDispatchAssumeRole": ROLE}),
        ("RegisterTaskWithMaintenanceWindow", {"WindowId": "mw-0a", "ServiceRoleArn": ROLE}),
        ("UpdateManagedInstanceRole", {"InstanceId": "mi-0a", "IamRole": ROLE}),
    ],
)
def test_a_role_is_passed(asked: Asked, operation: str, parameters: dict[str, object]) -> None:
    passed = asked(f"ssm.{operation}", **parameters)[-1]
    assert (passed.action, passed.resource) == ("iam:PassRole", ROLE)
    assert passed.context["iam:passedtoservice"] == ("ssm.amazonaws.com",)


def test_an_association_of_a_batch_is_asked_for_each(needs: Needs) -> None:
    entries = [{"Name": "test_d", "InstanceId": "i-0a"}, {"Name": "prod", "Targets": [{"Key": "InstanceIds"}]}]
    assert needs("ssm.CreateAssociationBatch", Entries=entries) == [
        "ssm:CreateAssociationBatch arn:aws:ssm:::document/test_d",
        "ssm:CreateAssociationBatch arn:aws:ec2:::instance/i-0a",
        "ssm:CreateAssociationBatch arn:aws:ssm:::document/prod",
        "ssm:CreateAssociationBatch arn:aws:ec2:::instance/*",
        "ssm:CreateAssociationBatch arn:aws:ssm:::managed-instance/*",
    ]


def test_policies_are_of_an_arn(needs: Needs) -> None:
    assert needs("ssm.PutResourcePolicy", ResourceArn=FOREIGN, Policy="{}") == [f"ssm:PutResourcePolicy {FOREIGN}"]
    for wrong in ("", "*", "test_p", f"{HEAD}:parameter/*", "arn:aws:s3:::b"):
        with pytest.raises(Unresolvable):
            needs("ssm.PutResourcePolicy", ResourceArn=wrong, Policy="{}")
