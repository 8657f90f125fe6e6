"""Unfinished uploads to buckets that the run did not make."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

_NAMES = {"Key": "Key", "Bucket": "Bucket"}

RESOURCE = ResourceType(
    name="s3-multipart-upload",
    type="AWS::S3::MultipartUpload",
    service="s3",
    scope="account",
    creates=(
        Create(operation="CreateMultipartUpload", names=_NAMES, ids={"UploadId": "UploadId"}, told={"Key": "Key"}),
    ),
    removal=Removal(
        operation="AbortMultipartUpload",
        parameters={**_NAMES, "UploadId": "UploadId"},
        absent=("NoSuchUpload", "NoSuchBucket"),
        also=("CompleteMultipartUpload",),
    ),
    listing=Listing(
        operation="ListMultipartUploads",
        entries="Uploads",
        key={**_NAMES, "UploadId": "UploadId"},
        within={"Bucket": "Bucket"},
        over=Listing(operation="ListBuckets", entries="Buckets", key={"Bucket": "Name"}),
        created="Initiated",
    ),
    within="s3-bucket",
    container={"Bucket": "Bucket"},
)
