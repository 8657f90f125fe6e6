"""Objects in buckets that the run did not make, version by version."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Probe, Removal, ResourceType

__all__ = ["RESOURCE"]

_NAMES = {"Key": "Key", "Bucket": "Bucket"}
_THERE = Probe(operation="HeadObject", parameters={"Bucket": "{Bucket}", "Key": "{Key}"}, absent=("NoSuchKey", "404"))

RESOURCE = ResourceType(
    name="s3-object",
    type="AWS::S3::Object",
    service="s3",
    scope="account",
    creates=tuple(
        Create(
            operation=operation,
            names=_NAMES,
            ids={"VersionId": "x-amz-version-id|=null"},
            told={"Key": "Key"},
            probe=_THERE,
        )
        for operation in ("PutObject", "CopyObject", "CompleteMultipartUpload")
    ),
    removal=Removal(
        operation="DeleteObject",
        parameters={**_NAMES, "VersionId": "VersionId"},
        key={"VersionId": "VersionId|=null"},
        absent=("NoSuchKey", "NoSuchVersion", "NoSuchBucket"),
    ),
    listing=Listing(
        operation="ListObjectVersions",
        entries="Versions",
        key={**_NAMES, "VersionId": "VersionId"},
        created="LastModified",
        within={"Bucket": "Bucket"},
        over=Listing(operation="ListBuckets", entries="Buckets", key={"Bucket": "Name"}),
    ),
    within="s3-bucket",
    container={"Bucket": "Bucket"},
    remark="The delete marker that a test's own deletion leaves in a bucket with versions stays there.",
)
