"""Bring images from a folder of archives to Amazon ECR, by the API that `docker push` uses underneath.

    python -m scripts.ecr_sync --request requests/images.yaml

What is there already, by digest, is left alone. `local` is the folder that `ECR_SYNC_LOCAL` names, `images` by default.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from scripts.image_archive import Blob, Image, find_image, reading
from scripts.image_request_parser import parse
from scripts.request_file import WorkflowError, load, reported

__all__ = ["SyncError", "SyncResult", "main", "read_back", "sync_images"]

_LEAST_PART = 5 * 1024 * 1024
"""A smaller part than the last one is refused (UploadLayerPart, LayerPartTooSmallException)."""
_MOST_DIGESTS = 100
"""Of one BatchCheckLayerAvailability (its API reference, layerDigests)."""
_ABSENT = frozenset({"ImageNotFoundException"})


class SyncError(WorkflowError):
    """ECR did not take an image, or holds another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResult:
    """What a synchronisation did."""

    pushed: int = 0
    """Images that were not there."""
    skipped: int = 0
    """Images whose digest was there."""
    layers: int = 0
    """Layers and configurations that had to be uploaded."""

    def __add__(self, other: SyncResult) -> SyncResult:
        return SyncResult(
            pushed=self.pushed + other.pushed, skipped=self.skipped + other.skipped, layers=self.layers + other.layers
        )


def sync_images(
    source: str, target: str, image: str, *, repository: str = "", folder: Path | None = None
) -> SyncResult:
    """Push an image unless it is there.

    Args:
        source: `local`, a folder of image archives.
        target: `aws`, the account's registry.
        image: name and tag.
        repository: where it goes; the image's own name by default.
        folder: of the archives; what `ECR_SYNC_LOCAL` names by default.

    Raises:
        SyncError: source or target is another one, or ECR refuses.
        ArchiveError: the image is not there, or damaged.
    """
    if (source, target) != ("local", "aws"):
        raise SyncError(f"images go from local to aws, not from {source!r} to {target!r}")
    found = find_image(folder or Path(os.environ.get("ECR_SYNC_LOCAL", "images")), image)
    name, tag = _split(image)
    repository = repository or name
    with _explained(repository):
        client = boto3.client("ecr")
        there = _described(client, repository, found.digest)
        if there is not None:
            if tag not in there.get("imageTags", ()):
                _put(client, repository, found, tag)  # the digest is there under other tags; only the tag moves
            return SyncResult(skipped=1)
        missing = _missing(client, repository, found.blobs)
        for blob in missing:
            _upload(client, repository, found, blob)
        _put(client, repository, found, tag)
    return SyncResult(pushed=1, layers=len(missing))


def read_back(image: str, *, repository: str = "", folder: Path | None = None) -> int:
    """Read an image from ECR and compare it with the archive: tag, manifest, every blob.

    Returns:
        How many blobs were read.

    Raises:
        SyncError: what is there is another one, or not whole.
    """
    found = find_image(folder or Path(os.environ.get("ECR_SYNC_LOCAL", "images")), image)
    name, tag = _split(image)
    repository = repository or name
    with _explained(repository):
        client = boto3.client("ecr")
        answer = client.batch_get_image(
            repositoryName=repository, imageIds=[{"imageTag": tag}], acceptedMediaTypes=[found.media_type]
        )
        for failure in answer.get("failures", ()):
            raise SyncError(f"{repository}:{tag}: {failure['failureReason']}")
        if answer["images"][0]["imageManifest"] != found.manifest:
            raise SyncError(f"{repository}:{tag} is another image than {found.archive.name} holds")
        for blob in found.blobs:
            url = client.get_download_url_for_layer(repositoryName=repository, layerDigest=blob.digest)["downloadUrl"]
            _compare(url, blob)
    return len(found.blobs)


def _compare(url: str, blob: Blob) -> None:
    digest = hashlib.sha256()
    try:
        with urllib.request.urlopen(url, timeout=60) as response:
            while piece := response.read(1024 * 1024):
                digest.update(piece)
    except OSError as error:
        raise SyncError(f"{blob.digest} cannot be read back: {error}") from None
    if f"sha256:{digest.hexdigest()}" != blob.digest:
        raise SyncError(f"{blob.digest} was damaged on its way")


def _split(image: str) -> tuple[str, str]:
    name, mark, tag = image.rpartition(":")
    if not mark or not name or "/" in tag:
        raise SyncError(f"{image!r} names no tag, as backstage:latest does")
    return name, tag


def _described(client: Any, repository: str, digest: str) -> dict[str, Any] | None:
    """What ECR says of the image with that digest, if it has one."""
    try:
        answer = client.describe_images(repositoryName=repository, imageIds=[{"imageDigest": digest}])
    except ClientError as error:
        if error.response["Error"]["Code"] in _ABSENT:
            return None
        raise
    return next(iter(answer["imageDetails"]), None)


def _missing(client: Any, repository: str, blobs: Sequence[Blob]) -> list[Blob]:
    there: set[str] = set()
    for start in range(0, len(blobs), _MOST_DIGESTS):
        answer = client.batch_check_layer_availability(
            repositoryName=repository, layerDigests=[blob.digest for blob in blobs[start : start + _MOST_DIGESTS]]
        )
        there |= {layer["layerDigest"] for layer in answer["layers"] if layer["layerAvailability"] == "AVAILABLE"}
    return [blob for blob in blobs if blob.digest not in there]


def _upload(client: Any, repository: str, image: Image, blob: Blob) -> None:
    begun = client.initiate_layer_upload(repositoryName=repository)
    upload, size, first = begun["uploadId"], _part_size(begun), 0
    with reading(image, blob) as file:
        while part := file.read(size):
            client.upload_layer_part(
                repositoryName=repository,
                uploadId=upload,
                partFirstByte=first,
                partLastByte=first + len(part) - 1,
                layerPartBlob=part,
            )
            first += len(part)
    try:
        client.complete_layer_upload(repositoryName=repository, uploadId=upload, layerDigests=[blob.digest])
    except ClientError as error:
        # Somebody else has pushed the same layer meanwhile, which is what we want to be there.
        if error.response["Error"]["Code"] != "LayerAlreadyExistsException":
            raise


def _part_size(begun: Mapping[str, Any]) -> int:
    return max(int(begun["partSize"]), _LEAST_PART)


def _put(client: Any, repository: str, image: Image, tag: str) -> None:
    try:
        client.put_image(
            repositoryName=repository,
            imageManifest=image.manifest,
            imageManifestMediaType=image.media_type,
            imageTag=tag,
            imageDigest=image.digest,
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ImageAlreadyExistsException":
            raise


class _explained:  # noqa: N801 - used as a function is
    """Errors of AWS as errors of ours, which say whose repository it was about."""

    def __init__(self, repository: str) -> None:
        self._repository = repository

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: object, _trace: object) -> None:
        if isinstance(error, ClientError):
            code, said = error.response["Error"]["Code"], error.response["Error"]["Message"]
            hint = "; make it first" if code == "RepositoryNotFoundException" else ""
            raise SyncError(f"{self._repository}: {code}: {said}{hint}") from error
        if isinstance(error, BotoCoreError):
            raise SyncError(f"{self._repository}: {error}") from error


def main(arguments: list[str] | None = None) -> int:
    """Bring the images of a request, and read them back.

    Returns:
        Exit status: 0, 1 when something went wrong, 2 when the request is refused.
    """
    parser = argparse.ArgumentParser(description="Bring images from a folder of archives to Amazon ECR.")
    parser.add_argument("--request", type=Path, required=True, help="request file, YAML")
    parser.add_argument("--dry-run", action="store_true", help="check request and archives, and call nobody")
    options = parser.parse_args(arguments)

    def run() -> None:
        request = parse(load(options.request), str(options.request))
        folder = options.request.parent / request.folder
        # All of them before the first goes out: a request is carried out whole, or not begun.
        found = {entry.image: find_image(folder, entry.image) for entry in request.images}
        for entry in request.images:
            if options.dry_run:
                image = found[entry.image]
                print(f"{entry.image} -> {entry.repository}: {image.digest}, {len(image.blobs)} blobs")
                continue
            result = sync_images("local", "aws", entry.image, repository=entry.repository, folder=folder)
            blobs = read_back(entry.image, repository=entry.repository, folder=folder)
            done = "pushed" if result.pushed else "skipped"
            print(f"{entry.image} -> {entry.repository}: {done}; {result.layers} uploaded, {blobs} read back")

    return reported(run)


if __name__ == "__main__":
    raise SystemExit(main())
