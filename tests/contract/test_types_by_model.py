"""Types that the emulator lacks: listed and removed as botocore's model of the service says that AWS does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from sandgate.resources._model import resource_types
from sandgate.sweep.found import Found, list_all
from sandgate.sweep.remove import Answer, RemovalError, remove, remove_batch


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What AWS answers, and how one is removed then."""

    listed: Mapping[str, Any]
    """The listing's answer, with one resource in it."""
    key: Mapping[str, Any]
    removal: Mapping[str, Any]
    """Parameters of the removal."""
    given: Mapping[str, Any] = field(default_factory=dict)
    """Parameters of the listing."""
    absent: str


_STREAM = "arn:aws:cloudwatch:eu-west-1:111122223333:metric-stream/test-x"
_CASES = {
    "cloudwatch-metric-stream": Case(
        listed={"Entries": [{"Name": "test-x", "Arn": _STREAM, "State": "running"}]},
        key={"Name": "test-x"},
        removal={"Name": "test-x"},
        absent="ResourceNotFoundException",
    ),
    "elasticache-serverless-cache-snapshot": Case(
        listed={"ServerlessCacheSnapshots": [{"ServerlessCacheSnapshotName": "test-x", "Status": "available"}]},
        given={"SnapshotType": "manual"},
        key={"ServerlessCacheSnapshotName": "test-x"},
        removal={"ServerlessCacheSnapshotName": "test-x"},
        absent="ServerlessCacheSnapshotNotFoundFault",
    ),
    "apigatewayv2-vpc-link": Case(
        listed={
            "Items": [{"VpcLinkId": "a1b2c3", "Name": "test-x", "SecurityGroupIds": [], "SubnetIds": ["subnet-0a1b"]}]
        },
        key={"VpcLinkId": "a1b2c3"},
        removal={"VpcLinkId": "a1b2c3"},
        absent="NotFoundException",
    ),
    "ssm-document": Case(
        listed={"DocumentIdentifiers": [{"Name": "test-x", "Owner": "111122223333"}]},
        given={"Filters": [{"Key": "Owner", "Values": ["Self"]}]},
        key={"Name": "test-x"},
        removal={"Name": "test-x"},
        absent="InvalidDocument",
    ),
}


_POOL = {"UserPoolId": "eu-west-1_a"}
_USER_POOL: list[tuple[str, str | dict[str, Any], dict[str, Any]]] = [
    ("DeleteUserPool", "InvalidParameterException", _POOL),
    ("UpdateUserPool", {}, {**_POOL, "DeletionProtection": "INACTIVE"}),
    ("DescribeUserPool", {"UserPool": {"Domain": "test-x", "CustomDomain": "x.example"}}, _POOL),
    ("DeleteUserPoolDomain", {}, {**_POOL, "Domain": "test-x"}),
    ("DeleteUserPoolDomain", {}, {**_POOL, "Domain": "x.example"}),
    ("DeleteUserPool", {}, _POOL),
]
_LOG_GROUP: list[tuple[str, str | dict[str, Any], dict[str, Any]]] = [
    ("DeleteLogGroup", "ValidationException", {"logGroupName": "test-x"}),
    ("PutLogGroupDeletionProtection", {}, {"logGroupIdentifier": "test-x", "deletionProtectionEnabled": False}),
    ("DeleteLogGroup", {}, {"logGroupName": "test-x"}),
]


_NAMED = {"Name": "test-x"}
_SHARE = {**_NAMED, "PermissionType": "Share"}
_DOCUMENT: list[tuple[str, str | dict[str, Any], dict[str, Any]]] = [
    ("DeleteDocument", "InvalidDocumentOperation", _NAMED),
    ("DescribeDocumentPermission", {"AccountIds": ["000000000000"]}, _SHARE),
    ("ModifyDocumentPermission", {}, {**_SHARE, "AccountIdsToRemove": ["000000000000"]}),
    ("DeleteDocument", {}, _NAMED),
]
_GROUP = {"GroupId": "sg-a"}
_RULES = [{"SecurityGroupRuleId": "sgr-in", "IsEgress": False}, {"SecurityGroupRuleId": "sgr-out", "IsEgress": True}]
_SECURITY_GROUP: list[tuple[str, str | dict[str, Any], dict[str, Any]]] = [
    ("DeleteSecurityGroup", "DependencyViolation", _GROUP),
    (
        "DescribeSecurityGroupRules",
        {"SecurityGroupRules": _RULES},
        {"Filters": [{"Name": "group-id", "Values": ["sg-a"]}]},
    ),
    ("RevokeSecurityGroupIngress", {}, {**_GROUP, "SecurityGroupRuleIds": ["sgr-in"]}),
    ("RevokeSecurityGroupEgress", {}, {**_GROUP, "SecurityGroupRuleIds": ["sgr-out"]}),
    ("DeleteSecurityGroup", {}, _GROUP),
]
_USER = {"UserName": "test-x"}
_DEVICE = {**_USER, "SerialNumber": "arn:aws:iam::111122223333:mfa/test-x"}
_IAM_USER: list[tuple[str, str | dict[str, Any], dict[str, Any]]] = [
    ("DeleteUser", "DeleteConflict", _USER),
    ("ListAccessKeys", {"AccessKeyMetadata": []}, _USER),
    ("ListUserPolicies", {"PolicyNames": []}, _USER),
    ("ListAttachedUserPolicies", {}, _USER),
    ("ListGroupsForUser", {"Groups": []}, _USER),
    # The sandbox policy grants nothing of these, unless a project allows it.
    ("GetLoginProfile", "AccessDenied", _USER),
    ("ListSigningCertificates", "AccessDenied", _USER),
    ("ListSSHPublicKeys", {"SSHPublicKeys": []}, _USER),
    ("ListServiceSpecificCredentials", "AccessDenied", _USER),
    ("ListMFADevices", {"MFADevices": [{**_DEVICE, "EnableDate": datetime(2026, 1, 1, tzinfo=UTC)}]}, _USER),
    ("DeactivateMFADevice", {}, _DEVICE),
    ("DeleteUser", {}, _USER),
]
_DELETED = {"SecretId": "test-x", "ForceDeleteWithoutRecovery": True}
_SECRET: list[tuple[str, str | dict[str, Any], dict[str, Any]]] = [
    ("DeleteSecret", "InvalidRequestException", _DELETED),
    ("DescribeSecret", {"ReplicationStatus": [{"Region": "eu-central-1"}]}, {"SecretId": "test-x"}),
    ("RemoveRegionsFromReplication", {}, {"SecretId": "test-x", "RemoveReplicaRegions": ["eu-central-1"]}),
    ("DeleteSecret", {}, _DELETED),
]


@pytest.mark.parametrize(
    ("name", "key", "calls"),
    [
        ("cognito-idp-user-pool", _POOL, _USER_POOL),
        ("ec2-security-group", _GROUP, _SECURITY_GROUP),
        ("iam-user", _USER, _IAM_USER),
        ("logs-log-group", {"logGroupName": "test-x"}, _LOG_GROUP),
        ("secretsmanager-secret", _NAMED, _SECRET),
        ("ssm-document", _NAMED, _DOCUMENT),
    ],
    ids=["user pool", "security group", "user", "log group", "secret", "document"],
)
def test_a_refusal_that_the_emulator_does_not_know(
    name: str, key: Mapping[str, Any], calls: list[tuple[str, str | dict[str, Any], dict[str, Any]]]
) -> None:
    """What is protected, or holds something, is freed and emptied only when AWS says so, and goes then."""
    kind = resource_types()[name]
    client = _client(kind.service)
    with Stubber(client) as stub:
        for operation, answer, given in calls:
            if isinstance(answer, str):
                stub.add_client_error(_method(client, operation), answer, expected_params=given)
            else:
                stub.add_response(_method(client, operation), answer, given)
        assert remove(client, kind, Found(key=key, name="test-x")) == (Answer.ACCEPTED, "")
        stub.assert_no_pending_responses()


def test_a_batch_of_which_one_is_missing_proves_nothing() -> None:
    """AWS removes no dashboard when one of the names is unknown, so none of them is taken for gone."""
    kind = resource_types()["cloudwatch-dashboard"]
    client = _client(kind.service)
    found = [Found(key={"DashboardName": name}, name=name) for name in ("test-x", "test-y")]
    with Stubber(client) as stub:
        stub.add_client_error("delete_dashboards", "ResourceNotFound")
        with pytest.raises(RemovalError, match="ResourceNotFound"):
            remove_batch(client, kind, found)


def test_every_type_has_a_case() -> None:
    """A type that is only held against the model is held against it."""
    assert {kind.name for kind in resource_types().values() if kind.proven == "model"} == set(_CASES)


@pytest.mark.parametrize("name", sorted(_CASES))
def test_life(name: str) -> None:
    """It is listed under its key, goes, and going twice is no error."""
    kind, case = resource_types()[name], _CASES[name]
    client = _client(kind.service)
    with Stubber(client) as stub:
        stub.add_response(_method(client, kind.listing.operation), dict(case.listed), dict(case.given))
        (found,) = list_all(client, kind)
        assert found.key == case.key
        stub.add_response(_method(client, kind.removal.operation), {}, dict(case.removal))
        assert remove(client, kind, found) == (Answer.ACCEPTED, "")
        stub.add_client_error(_method(client, kind.removal.operation), case.absent)
        assert remove(client, kind, found) == (Answer.ABSENT, "")
        stub.assert_no_pending_responses()


def _client(service: str) -> Any:
    return boto3.client(service, region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")


def _method(client: Any, operation: str) -> str:
    names: Mapping[str, str] = client.meta.method_to_api_mapping
    return next(name for name, called in names.items() if called == operation)
