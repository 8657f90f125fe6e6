"""ElastiCache: identifiers and ARNs, copies and exports, groups and users."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandgate.iam.actions import Unresolvable

Needs = Callable[..., list[str]]

E = "arn:aws:elasticache:::"
OTHER = "arn:aws:elasticache:us-east-1:000000000000"


@pytest.mark.parametrize(
    ("operation", "member", "kind"),
    [
        ("DeleteCacheCluster", "CacheClusterId", "cluster"),
        ("DeleteReplicationGroup", "ReplicationGroupId", "replicationgroup"),
        ("DeleteServerlessCache", "ServerlessCacheName", "serverlesscache"),
        ("DeleteSnapshot", "SnapshotName", "snapshot"),
        ("DeleteUser", "UserId", "user"),
        ("DeleteCacheSubnetGroup", "CacheSubnetGroupName", "subnetgroup"),
    ],
)
def test_things_have_names_and_arns(needs: Needs, operation: str, member: str, kind: str) -> None:
    assert needs(f"elasticache.{operation}", **{member: "test-x"}) == [f"elasticache:{operation} {E}{kind}:test-x"]
    arn = f"{OTHER}:{kind}:prod"
    assert needs(f"elasticache.{operation}", **{member: arn}) == [f"elasticache:{operation} {arn}"]
    for wrong in ("", "*", "test-*", "a:b", f"{OTHER}:{kind}:*", f"{OTHER}:other:prod", None, 7):
        with pytest.raises(Unresolvable):
            needs(f"elasticache.{operation}", **{member: wrong})


def test_capitals_are_refused(needs: Needs) -> None:
    with pytest.raises(Unresolvable):
        needs("elasticache.DeleteCacheCluster", CacheClusterId="PROD")


def test_what_is_listed_is_named_or_all(needs: Needs) -> None:
    assert needs("elasticache.DescribeCacheClusters") == ["elasticache:DescribeCacheClusters *"]
    assert needs("elasticache.DescribeCacheClusters", CacheClusterId="test-c") == [
        f"elasticache:DescribeCacheClusters {E}cluster:test-c"
    ]
    with pytest.raises(Unresolvable):
        needs("elasticache.DescribeCacheClusters", CacheClusterId="test-*")


def test_a_copy_is_asked_on_both_sides_and_on_the_bucket(needs: Needs) -> None:
    found = needs(
        "elasticache.CopySnapshot",
        SourceSnapshotName="automatic.prod-2026",
        TargetSnapshotName="test-s",
        TargetBucket="prod-b",
        Tags=[{"Key": "a", "Value": "b"}],
    )
    assert found == [
        f"elasticache:CopySnapshot {E}snapshot:test-s",
        f"elasticache:CopySnapshot {E}snapshot:automatic.prod-2026",
        "s3:GetBucketAcl arn:aws:s3:::prod-b",
        "s3:PutObject arn:aws:s3:::prod-b/*",
        f"elasticache:AddTagsToResource {E}snapshot:test-s",
    ]
    found = needs("elasticache.ExportServerlessCacheSnapshot", ServerlessCacheSnapshotName="test-s", S3BucketName="b-1")
    assert found[2] == "s3:PutObject arn:aws:s3:::b-1/*"


def test_a_create_names_groups_and_backups(needs: Needs) -> None:
    found = needs(
        "elasticache.CreateReplicationGroup",
        ReplicationGroupId="test-r",
        CacheParameterGroupName="default.redis7",
        UserGroupIds=["test-u", "prod"],
        SnapshotArns=["arn:aws:s3:::prod/a/b.rdb"],
    )
    assert found == [
        f"elasticache:CreateReplicationGroup {E}replicationgroup:test-r",
        f"elasticache:CreateReplicationGroup {E}parametergroup:default.redis7",
        f"elasticache:CreateReplicationGroup {E}usergroup:test-u",
        f"elasticache:CreateReplicationGroup {E}usergroup:prod",
        "s3:GetObject arn:aws:s3:::prod/a/b.rdb",
    ]


def test_a_serverless_cache_is_restored_from_either(needs: Needs) -> None:
    sources = ["arn:aws:s3:::prod/b.rdb", f"{OTHER}:snapshot:prod"]
    found = needs("elasticache.CreateServerlessCache", ServerlessCacheName="test-c", SnapshotArnsToRestore=sources)
    assert set(found[1:]) == {
        "s3:GetObject arn:aws:s3:::prod/b.rdb",
        f"elasticache:CreateServerlessCache {OTHER}:snapshot:prod",
    }
    for wrong in ("", "prod", "arn:aws:s3:::*", f"{OTHER}:snapshot:*", "arn:aws:sqs:eu-west-1:111122223333:x"):
        with pytest.raises(Unresolvable):
            needs("elasticache.CreateServerlessCache", ServerlessCacheName="test-c", SnapshotArnsToRestore=[wrong])


def test_each_user_of_a_group_is_asked_for(needs: Needs) -> None:
    found = needs("elasticache.ModifyUserGroup", UserGroupId="test-g", UserIdsToAdd=["a"], UserIdsToRemove=["b"])
    assert [entry.rpartition(":")[2] for entry in found] == ["test-g", "a", "b"]
    with pytest.raises(Unresolvable):
        needs("elasticache.ModifyUserGroup", UserGroupId="test-g", UserIdsToAdd=["*"])


def test_a_global_datastore_reads_its_primary(needs: Needs) -> None:
    found = needs(
        "elasticache.CreateGlobalReplicationGroup",
        GlobalReplicationGroupIdSuffix="test-g",
        PrimaryReplicationGroupId="prod",
    )
    assert found == [
        "elasticache:CreateGlobalReplicationGroup arn:aws:elasticache::111122223333:globalreplicationgroup:*-test-g",
        f"elasticache:CreateGlobalReplicationGroup {E}replicationgroup:prod",
    ]


@pytest.mark.parametrize("operation", ["AddTagsToResource", "RemoveTagsFromResource", "ListTagsForResource"])
def test_tags_by_arn(needs: Needs, operation: str) -> None:
    assert needs(f"elasticache.{operation}", ResourceName=f"{OTHER}:cluster:prod") == [
        f"elasticache:{operation} {OTHER}:cluster:prod"
    ]
    for wrong in ("", "prod", "*", f"{OTHER}:cluster:*", "arn:aws:rds:us-east-1:000000000000:db:prod"):
        with pytest.raises(Unresolvable):
            needs(f"elasticache.{operation}", ResourceName=wrong)
