"""Objects in buckets that the run did not make, version by version."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Probe, Removal, ResourceType

__all__ = ["RESOURCE"]

_NAMES = {"Key": "Key", "Bucket": "Bucket"}
_ONLY = {"VersionId": "null"}
"""What S3 calls the version of an object where versions are not, or no longer, kept."""
_THERE = Probe(operation="HeadObject", parameters={"Bucket": "{Bucket}", "Key": "{Key}"}, absent=("NoSuchKey", "404"))

RESOURCE = ResourceType(
    name="s3-object",
    type="AWS::S3::Object",
    service="s3",
    scope="account",
    creates=tuple(
        Create(operation=operation, names=_NAMES, ids={"VersionId": "x-amz-version-id"}, otherwise=_ONLY, probe=_THERE)
        for operation in ("PutObject", "CopyObject", "CompleteMultipartUpload")
    ),
    removal=Removal(
        operation="DeleteObject",
        parameters={**_NAMES, "VersionId": "VersionId"},
        otherwise=_ONLY,
        absent=("NoSuchKey", "NoSuchVersion", "NoSuchBucket"),
    ),
    listing=Listing(
        operation="ListObjectVersions",
        entries="Versions",
        key={**_NAMES, "VersionId": "VersionId"},
        within={"Bucket": "Bucket"},
        over=Listing(operation="ListBuckets", entries="Buckets", key={"Bucket": "Name"}),
    ),
    within="s3-bucket",
    container={"Bucket": "Bucket"},
)
