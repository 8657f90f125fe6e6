"""RDS: identifiers and ARNs, copies and restores on both sides, roles and keys."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandgate.iam.actions import Unresolvable
from sandgate.iam.request import AccessRequest

Needs = Callable[..., list[str]]
Asked = Callable[..., tuple[AccessRequest, ...]]

R = "arn:aws:rds:::"
OTHER = "arn:aws:rds:us-east-1:000000000000"
ROLE = "arn:aws:iam::000000000000:role/admin"
KEY = "arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.mark.parametrize("operation", ["DeleteDBInstance", "StopDBInstance", "RebootDBInstance", "DescribeDBLogFiles"])
def test_an_instance_has_a_name_or_an_arn(needs: Needs, operation: str) -> None:
    assert needs(f"rds.{operation}", DBInstanceIdentifier="test-d") == [f"rds:{operation} {R}db:test-d"]
    assert needs(f"rds.{operation}", DBInstanceIdentifier=f"{OTHER}:db:prod") == [f"rds:{operation} {OTHER}:db:prod"]
    for wrong in ("", "test-*", "TEST-D", "a:b", "a/b", "test-d\n", f"{OTHER}:db:*", f"{OTHER}:cluster:prod", None, 7):
        with pytest.raises(Unresolvable):
            needs(f"rds.{operation}", DBInstanceIdentifier=wrong)


@pytest.mark.parametrize(
    ("operation", "member", "kind"),
    [
        ("DescribeDBInstances", "DBInstanceIdentifier", "db"),
        ("DescribeDBClusters", "DBClusterIdentifier", "cluster"),
        ("DescribeDBSnapshots", "DBSnapshotIdentifier", "snapshot"),
        ("DescribeDBSubnetGroups", "DBSubnetGroupName", "subgrp"),
    ],
)
def test_what_is_listed_is_named_or_all(needs: Needs, operation: str, member: str, kind: str) -> None:
    assert needs(f"rds.{operation}") == [f"rds:{operation} *"]
    assert needs(f"rds.{operation}", **{member: "test-x"}) == [f"rds:{operation} {R}{kind}:test-x"]
    with pytest.raises(Unresolvable):
        needs(f"rds.{operation}", **{member: "test-*"})


@pytest.mark.parametrize(
    ("operation", "what", "kind"),
    [
        ("CopyDBSnapshot", "DBSnapshotIdentifier", "snapshot"),
        ("CopyDBClusterSnapshot", "DBClusterSnapshotIdentifier", "cluster-snapshot"),
        ("CopyDBParameterGroup", "DBParameterGroupIdentifier", "pg"),
        ("CopyDBClusterParameterGroup", "DBClusterParameterGroupIdentifier", "cluster-pg"),
        ("CopyOptionGroup", "OptionGroupIdentifier", "og"),
    ],
)
def test_a_copy_is_asked_on_both_sides(needs: Needs, operation: str, what: str, kind: str) -> None:
    source = f"{OTHER}:{kind}:prod"
    call = {f"Source{what}": source, f"Target{what}": "test-t"}
    assert needs(f"rds.{operation}", **call) == [f"rds:{operation} {R}{kind}:test-t", f"rds:{operation} {source}"]
    tagged = needs(f"rds.{operation}", **call, Tags=[{"Key": "a", "Value": "b"}])
    assert tagged[2:] == [f"rds:AddTagsToResource {R}{kind}:test-t"]
    for wrong in ("", "*", f"{OTHER}:{kind}:*", f"{OTHER}:db:prod"):
        with pytest.raises(Unresolvable):
            needs(f"rds.{operation}", **{**call, f"Source{what}": wrong})


def test_restores_are_asked_on_both_sides(needs: Needs) -> None:
    snapshot = f"{OTHER}:snapshot:prod"
    call = "rds.RestoreDBInstanceFromDBSnapshot"
    assert needs(call, DBInstanceIdentifier="test-d", DBSnapshotIdentifier=snapshot) == [
        f"rds:RestoreDBInstanceFromDBSnapshot {R}db:test-d",
        f"rds:RestoreDBInstanceFromDBSnapshot {snapshot}",
    ]
    call = "rds.RestoreDBInstanceToPointInTime"
    assert needs(call, TargetDBInstanceIdentifier="test-d", SourceDBInstanceIdentifier="prod")[1] == (
        f"rds:RestoreDBInstanceToPointInTime {R}db:prod"
    )
    with pytest.raises(Unresolvable, match="what is restored"):
        needs(call, TargetDBInstanceIdentifier="test-d")


def test_a_cluster_is_restored_from_either_kind_of_snapshot(needs: Needs) -> None:
    call = "rds.RestoreDBClusterFromSnapshot"
    for text, arn in (
        ("rds:test-c-2026", f"{R}cluster-snapshot:rds:test-c-2026"),
        (f"{OTHER}:cluster-snapshot:prod", f"{OTHER}:cluster-snapshot:prod"),
        (f"{OTHER}:snapshot:prod", f"{OTHER}:snapshot:prod"),
    ):
        assert needs(call, DBClusterIdentifier="test-c", SnapshotIdentifier=text)[1] == (
            f"rds:RestoreDBClusterFromSnapshot {arn}"
        )
    with pytest.raises(Unresolvable):
        needs(call, DBClusterIdentifier="test-c", SnapshotIdentifier="test-*")


def test_groups_that_a_create_names_are_asked_for(needs: Needs) -> None:
    found = needs(
        "rds.CreateDBInstance",
        DBInstanceIdentifier="test-d",
        DBParameterGroupName="default.postgres16",
        OptionGroupName="default:mysql-8-0",
        DBSubnetGroupName=f"{OTHER}:subgrp:prod",
        DBSecurityGroups=["test-s", "prod"],
    )
    assert found == [
        f"rds:CreateDBInstance {R}db:test-d",
        f"rds:CreateDBInstance {R}pg:default.postgres16",
        f"rds:CreateDBInstance {R}og:default:mysql-8-0",
        f"rds:CreateDBInstance {OTHER}:subgrp:prod",
        f"rds:CreateDBInstance {R}secgrp:test-s",
        f"rds:CreateDBInstance {R}secgrp:prod",
    ]


def test_a_replica_reads_its_source(needs: Needs) -> None:
    found = needs(
        "rds.CreateDBInstanceReadReplica", DBInstanceIdentifier="test-d", SourceDBInstanceIdentifier=f"{OTHER}:db:prod"
    )
    assert found[1] == f"rds:CreateDBInstanceReadReplica {OTHER}:db:prod"
    found = needs(
        "rds.CreateDBCluster", DBClusterIdentifier="test-c", ReplicationSourceIdentifier=f"{OTHER}:cluster:prod"
    )
    assert found[1] == f"rds:CreateDBCluster {OTHER}:cluster:prod"


def test_a_new_name_is_asked_for(needs: Needs) -> None:
    found = needs("rds.ModifyDBInstance", DBInstanceIdentifier="test-d", NewDBInstanceIdentifier="prod")
    assert found[1] == f"rds:ModifyDBInstance {R}db:prod"


@pytest.mark.parametrize(
    ("operation", "member", "to"),
    [
        ("CreateDBInstance", "MonitoringRoleArn", "monitoring.rds.amazonaws.com"),
        ("AddRoleToDBInstance", "RoleArn", "rds.amazonaws.com"),
        ("ModifyDBInstance", "DomainIAMRoleName", "rds.amazonaws.com"),
    ],
)
def test_roles_are_passed_to_whom_they_go(asked: Asked, operation: str, member: str, to: str) -> None:
    found = asked(f"rds.{operation}", DBInstanceIdentifier="test-d", **{member: ROLE})
    assert (found[-1].action, found[-1].resource) == ("iam:PassRole", ROLE)
    assert found[-1].context["iam:passedtoservice"] == (to,)


def test_an_export_reads_its_source_passes_a_role_and_uses_a_key(needs: Needs) -> None:
    source = f"{OTHER}:cluster-snapshot:prod"
    assert needs("rds.StartExportTask", SourceArn=source, IamRoleArn=ROLE, KmsKeyId=KEY) == [
        f"rds:StartExportTask {source}",
        f"iam:PassRole {ROLE}",
        f"kms:CreateGrant {KEY}",
        f"kms:DescribeKey {KEY}",
    ]
    for wrong in ("", "prod", f"{OTHER}:snapshot:*", "arn:aws:s3:::prod"):
        with pytest.raises(Unresolvable):
            needs("rds.StartExportTask", SourceArn=wrong)


def test_an_instance_profile_is_refused(needs: Needs) -> None:
    with pytest.raises(Unresolvable, match="instance profile"):
        needs("rds.CreateDBInstance", DBInstanceIdentifier="test-d", CustomIamInstanceProfile="AWSRDSCustomX")


@pytest.mark.parametrize("operation", ["AddTagsToResource", "RemoveTagsFromResource", "ListTagsForResource"])
def test_tags_by_arn(needs: Needs, operation: str) -> None:
    for arn in (f"{OTHER}:db:prod", f"{OTHER}:cluster-pg:prod", f"{OTHER}:og:default:mysql-8-0"):
        assert needs(f"rds.{operation}", ResourceName=arn) == [f"rds:{operation} {arn}"]
    for wrong in ("", "prod", "*", f"{OTHER}:db:*", "arn:aws:sqs:eu-west-1:111122223333:x"):
        with pytest.raises(Unresolvable):
            needs(f"rds.{operation}", ResourceName=wrong)


def test_global_clusters_have_no_region(needs: Needs) -> None:
    found = needs(
        "rds.RemoveFromGlobalCluster", GlobalClusterIdentifier="test-g", DbClusterIdentifier=f"{OTHER}:cluster:prod"
    )
    assert found == [
        "rds:RemoveFromGlobalCluster arn:aws:rds::111122223333:global-cluster:test-g",
        f"rds:RemoveFromGlobalCluster {OTHER}:cluster:prod",
    ]
