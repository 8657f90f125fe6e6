"""Buckets, with every version of every object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from sandgate.resources._model import Create, Key, Listing, Probe, Removal, ResourceType

__all__ = ["RESOURCE"]

_BUCKET = {"Bucket": "Bucket"}


def _empty(client: Any, key: Key, _entry: Mapping[str, Any]) -> Iterator[int]:
    """Delete all versions and delete markers, a page of a thousand by a call, then abort unfinished uploads."""
    bucket = key["Bucket"]
    count = 0
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
        inside = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        named = [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in inside]
        count += len(named)
        refused = _delete(client, bucket, named)
        if refused:
            _unlock(client, bucket, refused)
    yield count
    uploads = [
        upload
        for page in client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket)
        for upload in page.get("Uploads", ())
    ]
    for upload in uploads:
        with suppress(client.exceptions.NoSuchUpload):
            client.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    yield len(uploads)


def _delete(client: Any, bucket: str, named: list[dict[str, str]], **how: Any) -> list[dict[str, str]]:
    """Delete versions; those that S3 refuses to delete."""
    if not named:
        return []
    answer = client.delete_objects(Bucket=bucket, Delete={"Objects": named, "Quiet": True}, **how)
    refused: list[dict[str, str]] = answer.get("Errors", [])
    return refused


def _unlock(client: Any, bucket: str, refused: list[dict[str, str]]) -> None:
    """Delete what is under a legal hold, or a retention in governance mode."""
    named = [{"Key": error["Key"], "VersionId": error["VersionId"]} for error in refused]
    for version in named:
        with suppress(client.exceptions.ClientError):  # it has none, or the deletion says what is wrong
            client.put_object_legal_hold(Bucket=bucket, **version, LegalHold={"Status": "OFF"})
    still = _delete(client, bucket, named, BypassGovernanceRetention=True)
    if still:
        told = {"Code": still[0]["Code"], "Message": still[0]["Message"]}
        raise client.exceptions.ClientError({"Error": told}, "DeleteObjects")


RESOURCE = ResourceType(
    name="s3-bucket",
    type="AWS::S3::Bucket",
    service="s3",
    scope="account",
    creates=(
        Create(
            operation="CreateBucket",
            names=_BUCKET,
            probe=Probe(operation="HeadBucket", parameters={"Bucket": "{Bucket}"}, absent=("NoSuchBucket", "404")),
        ),
    ),
    removal=Removal(
        operation="DeleteBucket",
        parameters=_BUCKET,
        absent=("NoSuchBucket",),
        full=("BucketNotEmpty",),
        busy=("OperationAborted", "BucketHasAccessPointsAttached"),
    ),
    listing=Listing(operation="ListBuckets", entries="Buckets", key={"Bucket": "Name"}, created="CreationDate"),
    empty=_empty,
    actions=(
        "s3:AbortMultipartUpload",
        "s3:BypassGovernanceRetention",
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "s3:ListBucketMultipartUploads",
        "s3:ListBucketVersions",
        "s3:PutObjectLegalHold",
    ),
    remark="Objects under a retention in compliance mode stay until that is over, and their bucket with them.",
)
