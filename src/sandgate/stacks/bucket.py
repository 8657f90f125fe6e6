"""The artifact bucket: made on first use, filled by content hash, removed with everything in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandgate.errors import StackError
from sandgate.stacks._aws import aws_errors, error_code
from sandgate.stacks.model import Clients, Notice, silent

__all__ = ["ArtifactBucket"]

_GONE = frozenset({"404", "NoSuchBucket", "NotFound", "NoSuchKey"})
_TAKEN = frozenset({"403", "AccessDenied", "Forbidden", "BucketAlreadyExists"})
_BATCH = 1000


class ArtifactBucket:
    """A bucket of ours for packages and large templates; calling it uploads, as `Upload` says.

    Args:
        clients: gives the S3 client.
        name: of the bucket.
        prefix: before every key, such as the namespace.
        account: id of the account that must own the bucket, so that nobody else's of the same name is filled.
        progress: told of each upload.
        before_create: called before the bucket is made, to write the intent down.
    """

    def __init__(
        self,
        clients: Clients,
        name: str,
        *,
        prefix: str = "",
        account: str = "",
        progress: Notice = silent,
        before_create: Callable[[], object] = lambda: None,
    ) -> None:
        self.name = name
        self._s3 = clients("s3")
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._owner = {"ExpectedBucketOwner": account} if account else {}
        self._progress = progress
        self._before_create = before_create
        self._ready = False

    @property
    def region(self) -> str:
        """The region that the bucket is in."""
        return str(self._s3.meta.region_name)

    def __call__(self, content: Path | bytes, key: str) -> tuple[str, str]:
        """Upload a file or bytes unless the key is there already.

        Returns:
            Bucket and full key.

        Raises:
            StackError: the bucket is somebody else's, or S3 refused.
        """
        self._make()
        full = f"{self._prefix}{key}"
        with aws_errors("artifact cannot be uploaded", where=f"s3://{self.name}/{full}"):
            if not self._has(full):
                self._progress(f"uploading {full}")
                if isinstance(content, bytes):
                    self._s3.put_object(Bucket=self.name, Key=full, Body=content, **self._owner)
                else:
                    with content.open("rb") as stream:
                        self._s3.put_object(Bucket=self.name, Key=full, Body=stream, **self._owner)
        return self.name, full

    def remove(self) -> None:
        """Delete the bucket and every object, version and unfinished upload in it; gone already is fine.

        Raises:
            StackError: S3 refused.
        """
        with aws_errors("artifact bucket cannot be deleted", where=f"s3://{self.name}"):
            try:
                self._empty()
                self._s3.delete_bucket(Bucket=self.name, **self._owner)
            except self._s3.exceptions.ClientError as error:
                if error_code(error) not in _GONE:
                    raise
        self._ready = False

    def _make(self) -> None:
        if self._ready:
            return
        with aws_errors("artifact bucket cannot be made", where=f"s3://{self.name}"):
            try:
                self._s3.head_bucket(Bucket=self.name, **self._owner)
            except self._s3.exceptions.ClientError as error:
                code = error_code(error)
                if code in _TAKEN:
                    raise StackError(
                        "artifact bucket is not ours to use", where=f"s3://{self.name}", hint="choose another name"
                    ) from None
                if code not in _GONE:
                    raise
                self._create()
        self._ready = True

    def _create(self) -> None:
        place = {} if self.region == "us-east-1" else {"LocationConstraint": self.region}
        options: dict[str, Any] = {"CreateBucketConfiguration": place} if place else {}
        self._progress(f"making bucket {self.name}")
        self._before_create()
        try:
            self._s3.create_bucket(Bucket=self.name, **options)
        except self._s3.exceptions.ClientError as error:
            if error_code(error) != "BucketAlreadyOwnedByYou":  # a parallel worker was quicker
                raise
        self._s3.get_waiter("bucket_exists").wait(Bucket=self.name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})

    def _has(self, key: str) -> bool:
        try:
            self._s3.head_object(Bucket=self.name, Key=key, **self._owner)
        except self._s3.exceptions.ClientError as error:
            if error_code(error) in _GONE:
                return False
            raise
        return True

    def _empty(self) -> None:
        pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=self.name, **self._owner)
        for page in pages:
            found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
            keys = [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in found]
            for start in range(0, len(keys), _BATCH):
                batch = {"Objects": keys[start : start + _BATCH], "Quiet": True}
                refused = self._s3.delete_objects(Bucket=self.name, Delete=batch, **self._owner).get("Errors")
                if refused:
                    first = refused[0]
                    raise StackError(f"{first.get('Message')}", where=f"s3://{self.name}/{first.get('Key')}")
        for page in self._s3.get_paginator("list_multipart_uploads").paginate(Bucket=self.name, **self._owner):
            for upload in page.get("Uploads", ()):
                self._s3.abort_multipart_upload(
                    Bucket=self.name, Key=upload["Key"], UploadId=upload["UploadId"], **self._owner
                )
