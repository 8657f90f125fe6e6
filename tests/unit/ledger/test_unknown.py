"""Calls that make what no resource type knows, and calls that make one only sometimes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from sandgate.core.call import Call, Principal
from sandgate.ledger.track import made_by, tracked


def _call(service: str, operation: str, parameters: Mapping[str, Any]) -> Call:
    return Call(
        id="1",
        service=service,
        operation=operation,
        parameters=parameters,
        region="eu-west-1",
        principal=Principal(kind="identity", name="main"),
    )


@pytest.mark.parametrize(
    ("service", "operation", "types"),
    [
        ("ec2", "RunInstances", [""]),
        ("ec2", "CreateVpc", [""]),
        ("ec2", "CreateRoute", []),
        ("ec2", "CreateSecurityGroup", ["ec2-security-group"]),
        ("iam", "UploadServerCertificate", [""]),
    ],
)
def test_what_has_no_type_is_written_down(service: str, operation: str, types: list[str]) -> None:
    """What is said of an operation goes before what is said of a pattern, and a type before both."""
    call = _call(service, operation, {})
    assert [made.type for _, made in made_by(call)] == types
    assert tracked(call) is bool(types)


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "made"),
    [
        ("rds", "DeleteDBInstance", {"SkipFinalSnapshot": True}, {}),
        (
            "rds",
            "DeleteDBInstance",
            {"FinalDBSnapshotIdentifier": "Test-X"},
            {"rds-db-snapshot": {"DBSnapshotIdentifier": "test-x"}},
        ),
        (
            "ecr",
            "PutImage",
            {"repositoryName": "test", "imageTag": "one"},
            {"ecr-image": {"repositoryName": "test", "imageTag": "one"}},
        ),
        ("ecr", "PutImage", {"repositoryName": "test"}, {"ecr-untagged-image": {"repositoryName": "test"}}),
        (
            "cloudformation",
            "CreateChangeSet",
            {"StackName": "arn:aws:cloudformation:eu-west-1:111122223333:stack/test-x/1", "ChangeSetName": "test-y"},
            {"cloudformation-change-set": {"StackName": "test-x", "ChangeSetName": "test-y"}},
        ),
        (
            "cloudformation",
            "CreateChangeSet",
            {"StackName": "test-x", "ChangeSetName": "test-y", "ChangeSetType": "CREATE"},
            {
                "cloudformation-change-set": {"StackName": "test-x", "ChangeSetName": "test-y"},
                "cloudformation-stack": {"StackName": "test-x"},
            },
        ),
    ],
    ids=["no snapshot", "last snapshot", "tagged", "untagged", "of a stack", "for a new stack"],
)
def test_the_request_says_what_comes_of_it(
    service: str, operation: str, parameters: Mapping[str, Any], made: Mapping[str, Mapping[str, str]]
) -> None:
    """One operation makes one thing or another."""
    assert {one.type: one.key for _, one in made_by(_call(service, operation, parameters))} == made
