"""S3: buckets and objects, copies, batches, versions, headers that need actions of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandgate.iam.actions import Unresolvable
from sandgate.iam.request import AccessRequest

Needs = Callable[..., list[str]]
Asked = Callable[..., tuple[AccessRequest, ...]]
B = "arn:aws:s3:::test-b"
ACCESS_POINT = "arn:aws:s3:eu-west-1:000000000000:accesspoint/test-ap"

OF_A_BUCKET = {
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "CreateBucketMetadataConfiguration": "CreateBucketMetadataTableConfiguration",
    "DeleteBucket": "DeleteBucket",
    "DeleteBucketAnalyticsConfiguration": "PutAnalyticsConfiguration",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketIntelligentTieringConfiguration": "PutIntelligentTieringConfiguration",
    "DeleteBucketInventoryConfiguration": "PutInventoryConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketMetricsConfiguration": "PutMetricsConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketPolicy": "DeleteBucketPolicy",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketAcl": "GetBucketAcl",
    "GetBucketAnalyticsConfiguration": "GetAnalyticsConfiguration",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketIntelligentTieringConfiguration": "GetIntelligentTieringConfiguration",
    "GetBucketInventoryConfiguration": "GetInventoryConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketLocation": "GetBucketLocation",
    "GetBucketMetricsConfiguration": "GetMetricsConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "ListBucketAnalyticsConfigurations": "GetAnalyticsConfiguration",
    "ListBucketIntelligentTieringConfigurations": "GetIntelligentTieringConfiguration",
    "ListBucketInventoryConfigurations": "GetInventoryConfiguration",
    "ListBucketMetricsConfigurations": "GetMetricsConfiguration",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "PutBucketAnalyticsConfiguration": "PutAnalyticsConfiguration",
    "PutBucketCors": "PutBucketCORS",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketIntelligentTieringConfiguration": "PutIntelligentTieringConfiguration",
    "PutBucketInventoryConfiguration": "PutInventoryConfiguration",
    "PutBucketLifecycle": "PutLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketMetricsConfiguration": "PutMetricsConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}
OF_AN_OBJECT = {
    "AbortMultipartUpload": "AbortMultipartUpload",
    "CompleteMultipartUpload": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteObject": "DeleteObject",
    "GetObject": "GetObject",
    "HeadObject": "GetObject",
    "ListParts": "ListMultipartUploadParts",
    "PostObject": "PutObject",
    "PutObject": "PutObject",
    "SelectObjectContent": "GetObject",
    "UploadPart": "PutObject",
}
VERSIONED = {
    "GetObject": "GetObjectVersion",
    "HeadObject": "GetObjectVersion",
    "GetObjectAcl": "GetObjectVersionAcl",
    "GetObjectTagging": "GetObjectVersionTagging",
    "DeleteObject": "DeleteObjectVersion",
    "DeleteObjectTagging": "DeleteObjectVersionTagging",
    "PutObjectAcl": "PutObjectVersionAcl",
    "PutObjectTagging": "PutObjectVersionTagging",
}


@pytest.mark.parametrize("operation", OF_A_BUCKET)
def test_operations_of_a_bucket(needs: Needs, operation: str) -> None:
    assert needs(f"s3.{operation}", Bucket="test-b") == [f"s3:{OF_A_BUCKET[operation]} {B}"]


@pytest.mark.parametrize("operation", OF_AN_OBJECT)
def test_operations_of_an_object(needs: Needs, operation: str) -> None:
    assert needs(f"s3.{operation}", Bucket="test-b", Key="a/b") == [f"s3:{OF_AN_OBJECT[operation]} {B}/a/b"]


@pytest.mark.parametrize("operation", VERSIONED)
def test_a_version_is_another_action(asked: Asked, operation: str) -> None:
    (request,) = asked(f"s3.{operation}", Bucket="test-b", Key="k", VersionId="v1")
    assert (request.action, request.resource) == (f"s3:{VERSIONED[operation]}", f"{B}/k")
    assert request.context["s3:versionid"] == ("v1",)


def test_operations_without_a_bucket(needs: Needs) -> None:
    assert needs("s3.ListBuckets") == ["s3:ListAllMyBuckets *"]
    assert needs("s3.ListDirectoryBuckets") == ["s3express:ListAllMyDirectoryBuckets *"]
    assert needs("s3.WriteGetObjectResponse") == ["s3-object-lambda:WriteGetObjectResponse *"]


def test_listing_says_what_it_lists(asked: Asked) -> None:
    (request,) = asked("s3.ListObjectsV2", Bucket="test-b", Prefix="a/", Delimiter="/", MaxKeys=5)
    assert {key: request.context[key] for key in ("s3:prefix", "s3:delimiter", "s3:max-keys")} == {
        "s3:prefix": ("a/",),
        "s3:delimiter": ("/",),
        "s3:max-keys": ("5",),
    }


@pytest.mark.parametrize(
    ("member", "value", "action"),
    [
        ("ACL", "public-read", "PutObjectAcl"),
        ("GrantRead", "id=x", "PutObjectAcl"),
        ("GrantWriteACP", "id=x", "PutObjectAcl"),
        ("Tagging", "a=b", "PutObjectTagging"),
        ("ObjectLockMode", "GOVERNANCE", "PutObjectRetention"),
        ("ObjectLockLegalHoldStatus", "ON", "PutObjectLegalHold"),
    ],
)
@pytest.mark.parametrize("operation", ["PutObject", "CreateMultipartUpload", "PostObject"])
def test_headers_that_need_an_action_of_their_own(
    needs: Needs, operation: str, member: str, value: str, action: str
) -> None:
    found = needs(f"s3.{operation}", Bucket="test-b", Key="k", **{member: value})
    assert found == [f"s3:PutObject {B}/k", f"s3:{action} {B}/k"]


def test_tags_of_an_object_are_keys(asked: Asked) -> None:
    found = asked("s3.PutObject", Bucket="test-b", Key="k", Tagging="Team=a%20b&x=")
    assert found[0].context["s3:requestobjecttag/team"] == ("a b",)
    assert found[0].context["s3:requestobjecttagkeys"] == ("Team", "x")
    (request,) = asked(
        "s3.PutObjectTagging", Bucket="test-b", Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}
    )
    assert request.context["s3:requestobjecttag/a"] == ("b",)
    assert request.context["s3:requestobjecttagkeys"] == ("a",)


@pytest.mark.parametrize(
    ("source", "action", "resource"),
    [
        ("prod/key", "GetObject", "arn:aws:s3:::prod/key"),
        ("/prod/key", "GetObject", "arn:aws:s3:::prod/key"),
        ("prod/a/b%2Fc", "GetObject", "arn:aws:s3:::prod/a/b/c"),
        ("prod%2Fkey", "GetObject", "arn:aws:s3:::prod/key"),
        ("prod/a%252Fb", "GetObject", "arn:aws:s3:::prod/a%2Fb"),
        ("prod/a+b", "GetObject", "arn:aws:s3:::prod/a+b"),
        ("prod/key?versionId=v1", "GetObjectVersion", "arn:aws:s3:::prod/key"),
        ("prod/key?versionId=3/L4kqtJlcpXroDTDmJ+rmSpXd3", "GetObjectVersion", "arn:aws:s3:::prod/key"),
        ("prod/key%3FversionId=v1", "GetObject", "arn:aws:s3:::prod/key?versionId=v1"),
        (f"{ACCESS_POINT}/object/a/b", "GetObject", f"{ACCESS_POINT}/object/a/b"),
        (f"{ACCESS_POINT}/object/k?versionId=v1", "GetObjectVersion", f"{ACCESS_POINT}/object/k"),
    ],
)
@pytest.mark.parametrize("operation", ["CopyObject", "UploadPartCopy"])
def test_a_copy_reads_its_source(needs: Needs, operation: str, source: str, action: str, resource: str) -> None:
    found = needs(f"s3.{operation}", Bucket="test-b", Key="k", CopySource=source)
    assert found == [f"s3:{action} {resource}", f"s3:PutObject {B}/k"]


@pytest.mark.parametrize(
    "source",
    [
        "",
        "prod",
        "/",
        "//key",
        "%2Fprod/key",
        "//prod/key",
        "prod/",
        "prod/key?versionId=",
        "prod/key?versionId=a&x=b",
        "prod/key?x=y",
        "prod/key?versionId=a?versionId=b",
        "prod/k%00",
        "prod/%ff",
        "prod/100%",
        "arn:aws:s3:::prod/key",
        f"{ACCESS_POINT}/key",
        "x-s3alias/key",
        {"Bucket": "prod", "Key": "key"},
    ],
)
def test_a_source_that_is_not_one_object_is_refused(needs: Needs, source: Any) -> None:
    with pytest.raises(Unresolvable):
        needs("s3.CopyObject", Bucket="test-b", Key="k", CopySource=source)


def test_a_copy_without_a_source_is_refused(needs: Needs) -> None:
    with pytest.raises(Unresolvable):
        needs("s3.CopyObject", Bucket="test-b", Key="k")


def test_each_key_of_a_batch_is_asked_for(asked: Asked) -> None:
    objects = [{"Key": "a"}, {"Key": "b", "VersionId": "v"}]
    found = asked("s3.DeleteObjects", Bucket="test-b", Delete={"Objects": objects})
    assert [(request.action, request.resource, request.member) for request in found] == [
        ("s3:DeleteObject", f"{B}/a", "Delete.Objects[0]"),
        ("s3:DeleteObjectVersion", f"{B}/b", "Delete.Objects[1]"),
    ]
    bypass = asked("s3.DeleteObjects", Bucket="test-b", Delete={"Objects": objects}, BypassGovernanceRetention=True)
    assert [request.action for request in bypass[2:]] == ["s3:BypassGovernanceRetention"] * 2


def test_a_batch_with_an_item_without_a_key_is_refused(needs: Needs) -> None:
    with pytest.raises(Unresolvable):
        needs("s3.DeleteObjects", Bucket="test-b", Delete={"Objects": [{"Key": "a"}, {}]})


def test_an_access_point_stands_where_a_bucket_does(needs: Needs) -> None:
    assert needs("s3.GetObject", Bucket=ACCESS_POINT, Key="k") == [f"s3:GetObject {ACCESS_POINT}/object/k"]
    assert needs("s3.ListObjectsV2", Bucket=ACCESS_POINT) == [f"s3:ListBucket {ACCESS_POINT}"]
    assert needs("s3.GetObjectAnnotation", Bucket=ACCESS_POINT, Key="k") == [
        f"s3:GetObjectAnnotation {ACCESS_POINT}/object/k"
    ]


@pytest.mark.parametrize(
    "bucket",
    [
        "",
        "*",
        "test-*",
        "test-b/",
        "test-b/../prod",
        "test b",
        "test-x-abc123-s3alias",
        "test-x--ol-s3",
        "test-x--euw1-az1--x-s3",
        "test-x.mrap",
        "arn:aws:s3::111122223333:accesspoint/test.mrap",
        "arn:aws:s3-outposts:eu-west-1:111122223333:outpost/op-1/accesspoint/x",
        "arn:aws:s3-object-lambda:eu-west-1:111122223333:accesspoint/x",
        "arn:aws:s3:::test-*",
    ],
)
def test_a_bucket_that_does_not_say_whose_it_is_is_refused(needs: Needs, bucket: str) -> None:
    for operation in ("GetObject", "ListObjectsV2", "PutBucketPolicy"):
        with pytest.raises(Unresolvable):
            needs(f"s3.{operation}", Bucket=bucket, Key="k")


@pytest.mark.parametrize("key", ["a\nb", "a\x00", "", "\x7f"])
def test_a_key_with_control_characters_is_refused(needs: Needs, key: str) -> None:
    with pytest.raises(Unresolvable):
        needs("s3.GetObject", Bucket="test-b", Key=key)


def test_keys_are_what_they_are(needs: Needs) -> None:
    for key in ("../x", "a//b", "/a", "ü é", "a%2Fb", "what?", "a*b"):
        assert needs("s3.GetObject", Bucket="test-b", Key=key) == [f"s3:GetObject {B}/{key}"]


def test_making_a_bucket_open_needs_more(needs: Needs) -> None:
    assert needs("s3.CreateBucket", Bucket="test-b", ACL="private") == [f"s3:CreateBucket {B}"]
    assert needs("s3.CreateBucket", Bucket="test-b", ACL="public-read", ObjectLockEnabledForBucket=True) == [
        f"s3:CreateBucket {B}",
        f"s3:PutBucketAcl {B}",
        f"s3:PutBucketObjectLockConfiguration {B}",
        f"s3:PutBucketVersioning {B}",
    ]


def test_the_control_api_names_its_account(needs: Needs) -> None:
    assert needs("s3control.GetAccessPointPolicy", AccountId="000000000000", Name="test-ap") == [
        "s3:GetAccessPointPolicy arn:aws:s3:eu-west-1:000000000000:accesspoint/test-ap"
    ]
    with pytest.raises(Unresolvable):
        needs("s3control.GetAccessPointPolicy", AccountId="111122223333", Name=ACCESS_POINT)
    assert needs("s3control.DeletePublicAccessBlock", AccountId="111122223333") == ["s3:PutAccountPublicAccessBlock *"]
    for operation in ("DeletePublicAccessBlock", "ListJobs", "ListAccessPoints"):
        with pytest.raises(Unresolvable, match="another account"):
            needs(f"s3control.{operation}", AccountId="000000000000")
    with pytest.raises(Unresolvable):
        needs("s3control.DeleteBucket", AccountId="111122223333", Bucket="test-b")
