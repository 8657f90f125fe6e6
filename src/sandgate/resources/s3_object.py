"""Objects in buckets that the run did not make, version by version."""

from __future__ import annotations

from collections.abc import Mapping

from sandgate.resources._model import Create, Listing, Removal, ResourceType, Survey

__all__ = ["RESOURCE"]

_NAMES = {"Key": "Key", "Bucket": "Bucket"}
_KEY = {**_NAMES, "VersionId": "VersionId"}
_OR_NULL = "|=null"
"""What S3 calls the version of an object where versions are not, or no longer, kept."""
_POST_OBJECT = "PostObject"
"""The upload by HTML form, which no model of botocore's has."""


def _write(operation: str, *, when: tuple[str, tuple[str, ...]] | None = None, only: tuple[str, ...] = ()) -> Create:
    told: Mapping[str, str] = {"Key": "Key"}
    return Create(
        operation=operation, names=_NAMES, ids={"VersionId": f"x-amz-version-id{_OR_NULL}"}, told=told,
        when=when, only=only,
    )  # fmt: skip


RESOURCE = ResourceType(
    name="s3-object",
    type="AWS::S3::Object",
    service="s3",
    scope="account",
    creates=(
        *(_write(operation) for operation in ("PutObject", "CopyObject", "CompleteMultipartUpload", _POST_OBJECT)),
        # Where versions are kept, a delete without one makes a marker.
        _write("DeleteObject", when=("VersionId", ("",)), only=("Enabled", "Suspended")),
    ),
    removal=Removal(
        operation="DeleteObject",
        parameters=_KEY,
        key={"VersionId": f"VersionId{_OR_NULL}"},
        absent=("NoSuchKey", "NoSuchVersion", "NoSuchBucket"),
    ),
    listing=Listing(
        operation="ListObjectVersions",
        entries="Versions|DeleteMarkers",
        key=_KEY,
        within={"Bucket": "Bucket"},
        narrow={"Prefix": "Key"},
        over=Listing(operation="ListBuckets", entries="Buckets", key={"Bucket": "Name"}),
        created="LastModified",
    ),
    look=Listing(
        operation="HeadObject",
        entries="@",
        key={"Key": "", "Bucket": "", "VersionId": ""},
        within=_KEY,
        absent=("404", "NoSuchKey", "NoSuchVersion", "NoSuchBucket"),
        present=("405", "MethodNotAllowed"),  # a delete marker
    ),
    survey=Survey(
        operation="GetBucketVersioning",
        parameters={"Bucket": "Bucket"},
        shows="Status",
        new=("Enabled",),
        changed_by=("PutBucketVersioning",),
    ),
    within="s3-bucket",
    container={"Bucket": "Bucket"},
)
