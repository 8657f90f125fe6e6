"""Secrets Manager: secrets by name, whole and partial ARN, batches, replicas and rotation."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandgate.iam.actions import Unresolvable
from sandgate.iam.request import AccessRequest

Needs = Callable[..., list[str]]
Asked = Callable[..., tuple[AccessRequest, ...]]
SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:"
FOREIGN = "arn:aws:secretsmanager:us-east-1:000000000000:secret:prod-AbC123"
KEY = "arn:aws:kms:eu-west-1:000000000000:key/k-1"


@pytest.mark.parametrize(
    ("name", "resource"),
    [
        ("test_s", f"{SECRET}test_s-??????"),
        ("test/a/b", f"{SECRET}test/a/b-??????"),
        ("test-secret", f"{SECRET}test-secret-??????"),
        (f"{SECRET}test_s", f"{SECRET}test_s-??????"),
        (f"{SECRET}test_s-AbC123", f"{SECRET}test_s-AbC123"),
        (FOREIGN, FOREIGN),
    ],
)
@pytest.mark.parametrize("operation", ["GetSecretValue", "PutSecretValue", "DeleteSecret", "TagResource"])
def test_a_secret_however_it_is_named(asked: Asked, operation: str, name: str, resource: str) -> None:
    (request,) = asked(f"secretsmanager.{operation}", SecretId=name)
    assert (request.action, request.resource) == (f"secretsmanager:{operation}", resource)
    assert request.context["secretsmanager:secretid"] == (name,)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "*",
        "test_*",
        "test_?",
        "test s",
        "test:s",
        "${aws:username}",
        f"{SECRET}*",
        f"{SECRET}",
        f"{SECRET}test_s-??????",
        f"{SECRET}test_s-AbC12*",
        "arn:aws:secretsmanager::111122223333:secret:test_s",
        "arn:aws:ssm:eu-west-1:111122223333:secret:test_s",
        None,
        7,
    ],
)
@pytest.mark.parametrize("operation", ["GetSecretValue", "DeleteSecret", "ReplicateSecretToRegions", "RotateSecret"])
def test_what_names_no_secret_is_refused(needs: Needs, operation: str, name: object) -> None:
    with pytest.raises(Unresolvable):
        needs(f"secretsmanager.{operation}", SecretId=name)
    with pytest.raises(Unresolvable):
        needs("secretsmanager.BatchGetSecretValue", SecretIdList=["test_s", name or ""])


def test_a_batch_asks_for_each(asked: Asked) -> None:
    found = asked("secretsmanager.BatchGetSecretValue", SecretIdList=["test_s", FOREIGN])
    assert [(request.action, request.resource, request.member) for request in found] == [
        ("secretsmanager:BatchGetSecretValue", "*", ""),
        ("secretsmanager:GetSecretValue", f"{SECRET}test_s-??????", "SecretIdList[0]"),
        ("secretsmanager:GetSecretValue", FOREIGN, "SecretIdList[1]"),
    ]
    assert found[2].context["secretsmanager:secretid"] == (FOREIGN,)


def test_a_batch_by_filter_asks_for_all(needs: Needs) -> None:
    assert needs("secretsmanager.BatchGetSecretValue", Filters=[{"Key": "name", "Values": ["prod"]}]) == [
        "secretsmanager:BatchGetSecretValue *",
        "secretsmanager:GetSecretValue arn:aws:secretsmanager:::secret:*",
        "secretsmanager:ListSecrets *",
    ]


def test_a_new_secret_with_everything(asked: Asked) -> None:
    found = asked(
        "secretsmanager.CreateSecret",
        Name="test_s",
        Description="d",
        KmsKeyId=KEY,
        Tags=[{"Key": "team", "Value": "a"}],
        AddReplicaRegions=[{"Region": "us-east-1"}],
    )
    other = "arn:aws:secretsmanager:us-east-1:111122223333:secret:test_s-??????"
    assert [(request.action, request.resource) for request in found] == [
        ("secretsmanager:CreateSecret", f"{SECRET}test_s-??????"),
        ("secretsmanager:TagResource", f"{SECRET}test_s-??????"),
        ("secretsmanager:ReplicateSecretToRegions", f"{SECRET}test_s-??????"),
        ("secretsmanager:ReplicateSecretToRegions", other),
        ("kms:GenerateDataKey", KEY),
        ("kms:Decrypt", KEY),
    ]
    context = found[0].context
    assert context["secretsmanager:name"] == ("test_s",)
    assert context["secretsmanager:kmskeyid"] == (KEY,)
    assert context["secretsmanager:addreplicaregions"] == ("us-east-1",)
    assert context["aws:requesttag/team"] == ("a",)
    assert found[4].context["kms:viaservice"] == ("secretsmanager.eu-west-1.amazonaws.com",)


@pytest.mark.parametrize("name", ["", "*", "test*", "a:b", FOREIGN, None])
def test_a_new_name_that_is_none_is_refused(needs: Needs, name: object) -> None:
    with pytest.raises(Unresolvable):
        needs("secretsmanager.CreateSecret", Name=name)


def test_a_replica_of_another_accounts_secret_is_refused(needs: Needs) -> None:
    with pytest.raises(Unresolvable, match="another account"):
        needs("secretsmanager.CreateSecret", Name="test_s", CrossAccountPrimaryARN=FOREIGN)


def test_replicas_are_asked_for_in_their_regions(needs: Needs) -> None:
    regions = [{"Region": "us-east-1"}, {"Region": "us-west-2"}]
    found = needs("secretsmanager.ReplicateSecretToRegions", SecretId="test_s", AddReplicaRegions=regions)
    assert [entry.split(":")[4] for entry in found] == ["", "us-east-1", "us-west-2"]
    found = needs("secretsmanager.RemoveRegionsFromReplication", SecretId=FOREIGN, RemoveReplicaRegions=["us-west-2"])
    assert found[1].endswith("arn:aws:secretsmanager:us-west-2:000000000000:secret:prod-AbC123")
    with pytest.raises(Unresolvable):
        needs("secretsmanager.ReplicateSecretToRegions", SecretId="test_s", AddReplicaRegions=[{"Region": "*"}])


def test_rotation_invokes_its_function(asked: Asked) -> None:
    function = "arn:aws:lambda:eu-west-1:000000000000:function:rotate:live"
    found = asked("secretsmanager.RotateSecret", SecretId="test_s", RotationLambdaARN=function, RotateImmediately=False)
    assert [(request.action, request.resource) for request in found] == [
        ("secretsmanager:RotateSecret", f"{SECRET}test_s-??????"),
        ("lambda:InvokeFunction", function),
    ]
    assert found[0].context["secretsmanager:rotationlambdaarn"] == (function,)
    assert found[0].context["secretsmanager:rotateimmediately"] == ("false",)
    with pytest.raises(Unresolvable):
        asked("secretsmanager.RotateSecret", SecretId="test_s", RotationLambdaARN="*")


def test_a_role_for_rotation_is_passed(asked: Asked) -> None:
    role = "arn:aws:iam::000000000000:role/admin"
    found = asked("secretsmanager.RotateSecret", SecretId="test_s", ExternalSecretRotationRoleArn=role)
    assert (found[-1].action, found[-1].resource) == ("iam:PassRole", role)
    assert found[-1].context["iam:passedtoservice"] == ("secretsmanager.amazonaws.com",)


def test_keys_of_a_deletion_and_of_a_version(asked: Asked) -> None:
    (request,) = asked("secretsmanager.DeleteSecret", SecretId="test_s", ForceDeleteWithoutRecovery=True)
    assert request.context["secretsmanager:forcedeletewithoutrecovery"] == ("true",)
    (request,) = asked("secretsmanager.GetSecretValue", SecretId="test_s", VersionStage="AWSPREVIOUS")
    assert request.context["secretsmanager:versionstage"] == ("AWSPREVIOUS",)


def test_a_policy_may_be_checked_alone(needs: Needs) -> None:
    assert needs("secretsmanager.ValidateResourcePolicy", ResourcePolicy="{}") == [
        "secretsmanager:ValidateResourcePolicy *"
    ]
    with pytest.raises(Unresolvable):
        needs("secretsmanager.ValidateResourcePolicy", ResourcePolicy="{}", SecretId="*")
