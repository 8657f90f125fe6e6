"""A bucket; the variable holds its name."""

from __future__ import annotations

from sandgate.stories.temporary._model import Clients, Temporary

__all__ = ["TEMPORARY"]

_NO_LOCATION = "us-east-1"
"""The region that CreateBucket takes no LocationConstraint for (Amazon S3 API Reference, CreateBucket)."""


def _make(clients: Clients, name: str, region: str) -> str:
    place = {} if region == _NO_LOCATION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    clients("s3").create_bucket(Bucket=name, **place)
    return name


def _remove(clients: Clients, name: str) -> None:
    s3 = clients("s3")
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        for one in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
            s3.delete_object(Bucket=name, Key=one["Key"], VersionId=one["VersionId"])
    s3.delete_bucket(Bucket=name)


TEMPORARY = Temporary(name="s3-bucket", make=_make, remove=_remove)
