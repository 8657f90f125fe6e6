"""Amazon S3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.contract.makers._model import Maker, World

__all__ = ["MAKERS"]


def _bucket(world: World, name: str) -> None:
    world.client("s3").create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)


def _inside_bucket(world: World, name: str) -> None:
    """Versions, a delete marker, a legal hold, a retention and an unfinished upload."""
    s3 = world.client("s3")
    for _ in range(2):
        s3.put_object(Bucket=name, Key="a", Body=b"one")
    s3.delete_object(Bucket=name, Key="a")
    s3.put_object(Bucket=name, Key="b", Body=b"one", ObjectLockLegalHoldStatus="ON")
    s3.put_object(
        Bucket=name, Key="c", Body=b"one", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate="2099-01-01T00:00:00Z"
    )
    s3.create_multipart_upload(Bucket=name, Key="d")


def _container(world: World, name: str) -> Mapping[str, Any]:
    s3 = world.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="theirs", Body=b"one")
    world.cleanup.append(lambda: s3.delete_bucket(Bucket=name))
    world.cleanup.append(lambda: s3.delete_object(Bucket=name, Key="theirs"))
    return {"Bucket": name}


def _object(world: World, name: str) -> None:
    world.client("s3").put_object(Bucket=name, Key="ours", Body=b"one")


def _upload(world: World, name: str) -> None:
    world.client("s3").create_multipart_upload(Bucket=name, Key="ours")


MAKERS = {
    "s3-bucket": Maker(make=_bucket, fill=_inside_bucket),
    "s3-object": Maker(make=_object, container=_container),
    "s3-multipart-upload": Maker(make=_upload, container=_container),
}
