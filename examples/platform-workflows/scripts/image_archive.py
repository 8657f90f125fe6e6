"""Archives of container images, read where they are: OCI layouts, and what `docker save` writes.

Nothing is unpacked. Every blob is held against its digest before anybody gets to see it.

Source: https://github.com/opencontainers/image-spec (image-layout, manifest, descriptor).
"""

from __future__ import annotations

import hashlib
import json
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from scripts.request_file import WorkflowError

__all__ = ["ArchiveError", "Blob", "Image", "find_image", "images_in", "reading"]

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"
_MANIFESTS = (MANIFEST, "application/vnd.docker.distribution.manifest.v2+json")
_NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")
"""Annotations that name an image in a layout: the first by its whole name, the second often by its tag alone."""
_HUB = "docker.io/library/"
"""What some tools write before the name of an image that has no registry."""
_MOST_OF_JSON = 4 * 1024 * 1024
"""Registries take no larger manifest (distribution-spec, "Pushing Manifests")."""
_PIECE = 1024 * 1024


class ArchiveError(WorkflowError):
    """An archive that is no image, or not a whole one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """A configuration or layer: where it is in the archive, and what it is."""

    member: str
    digest: str
    size: int
    """In bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One image of an archive."""

    archive: Path
    name: str
    """With its tag, as `backstage:latest`."""
    manifest: str
    media_type: str
    blobs: tuple[Blob, ...]
    """The configuration, then the layers, each once."""

    @property
    def digest(self) -> str:
        """Of the manifest, by which a registry knows the image."""
        return f"sha256:{hashlib.sha256(self.manifest.encode()).hexdigest()}"


def find_image(folder: Path, name: str) -> Image:
    """The image of that name and tag in a folder of archives.

    Raises:
        ArchiveError: no archive holds it, several do, or one cannot be read.
    """
    if not folder.is_dir():
        raise ArchiveError(f"{folder}: no such folder of image archives")
    found = [image for path in sorted(folder.glob("*.tar")) for image in images_in(path) if image.name == name]
    if not found:
        raise ArchiveError(f"{folder}: no archive (*.tar) holds an image {name}")
    if len({image.digest for image in found}) > 1:
        raise ArchiveError(f"{folder}: {name} is in {' and in '.join(image.archive.name for image in found)}")
    return found[0]


def images_in(path: Path) -> list[Image]:
    """All images of an archive that have a name, each blob held against its digest.

    Raises:
        ArchiveError: it is damaged, or is no archive of images.
    """
    with _opened(path) as archive:
        members = set(archive.getnames())
        if "index.json" in members:
            return _from_layout(path, archive)
        if "manifest.json" in members:
            return _from_docker(path, archive)
    raise ArchiveError(f"{path}: no image archive: it holds neither index.json nor manifest.json")


@contextmanager
def reading(image: Image, blob: Blob) -> Iterator[IO[bytes]]:
    """The bytes of a blob."""
    with _opened(image.archive) as archive, _member(image.archive, archive, blob.member) as file:
        yield file


@contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(path, "r:") as archive:
            yield archive
    except FileNotFoundError:
        raise ArchiveError(f"{path}: no such archive") from None
    except RecursionError:  # JSON that is nested without end, or a link to itself
        raise ArchiveError(f"{path}: damaged: something in it is nested without end") from None
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise ArchiveError(f"{path}: damaged, or no tar archive: {error}") from None


def _from_layout(path: Path, archive: tarfile.TarFile) -> list[Image]:
    entries = _list(path, _json(path, archive, "index.json"), "manifests")
    images = []
    for entry in entries:
        named = entry.get("annotations") or {}
        name = next((named[key] for key in _NAMES if key in named), "") if isinstance(named, dict) else None
        if not isinstance(name, str):
            raise ArchiveError(f"{path}: index.json has annotations that are no texts by name")
        if not name:
            continue
        if entry.get("mediaType") not in _MANIFESTS:
            raise ArchiveError(f"{path}: {name} is a {entry.get('mediaType')}; export it for one platform")
        text = _text(path, archive, _checked(path, archive, entry).member)
        manifest = _parsed(path, "manifest", text)
        parts = [_mapping(path, manifest, "config"), *_list(path, manifest, "layers")]
        blobs = {blob.digest: blob for blob in (_checked(path, archive, part) for part in parts)}
        images.append(
            Image(
                archive=path,
                name=name.removeprefix(_HUB),
                manifest=text,
                media_type=entry["mediaType"],
                blobs=tuple(blobs.values()),
            )
        )
    return images


def _from_docker(path: Path, archive: tarfile.TarFile) -> list[Image]:
    """`docker save` keeps no manifest, so one is made: the same for the same image, layers as they are."""
    entries = _json(path, archive, "manifest.json")
    if not isinstance(entries, list):
        raise ArchiveError(f"{path}: manifest.json is no list")
    images = []
    for entry in entries:
        try:
            names = [name.removeprefix(_HUB) for name in entry["RepoTags"] or ()]
            members = [str(entry["Config"]), *map(str, entry["Layers"])]
        except (KeyError, TypeError, AttributeError):
            raise ArchiveError(f"{path}: manifest.json names no Config, Layers and RepoTags") from None
        blobs = [_hashed(path, archive, member) for member in members]
        described = [
            {"mediaType": kind, "digest": blob.digest, "size": blob.size}
            for kind, blob in zip((_CONFIG, *(_LAYER for _ in blobs[1:])), blobs, strict=True)
        ]
        document = {"schemaVersion": 2, "mediaType": MANIFEST, "config": described[0], "layers": described[1:]}
        text = json.dumps(document, separators=(",", ":"))
        once = tuple({blob.digest: blob for blob in blobs}.values())
        images += [Image(archive=path, name=name, manifest=text, media_type=MANIFEST, blobs=once) for name in names]
    return images


def _checked(path: Path, archive: tarfile.TarFile, descriptor: Any) -> Blob:
    """The blob that a descriptor names, if it is there and is the one."""
    digest = descriptor.get("digest") if isinstance(descriptor, dict) else None
    algorithm, _, value = str(digest).partition(":")
    if algorithm != "sha256" or not value.isalnum():
        raise ArchiveError(f"{path}: {digest!r} is no digest by sha256")
    blob = _hashed(path, archive, f"blobs/sha256/{value}")
    if (blob.digest, blob.size) != (digest, descriptor.get("size")):
        raise ArchiveError(f"{path}: {digest} is damaged: its {blob.size} bytes have the digest {blob.digest}")
    return blob


def _hashed(path: Path, archive: tarfile.TarFile, member: str) -> Blob:
    digest, size = hashlib.sha256(), 0
    with _member(path, archive, member) as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    return Blob(member=member, digest=f"sha256:{digest.hexdigest()}", size=size)


def _member(path: Path, archive: tarfile.TarFile, name: str) -> IO[bytes]:
    try:
        file = archive.extractfile(name)
    except KeyError:
        file = None
    if file is None:
        raise ArchiveError(f"{path}: {name} is missing")
    return file


def _read(path: Path, archive: tarfile.TarFile, member: str) -> bytes:
    with _member(path, archive, member) as file:
        data = file.read(_MOST_OF_JSON + 1)
    if len(data) > _MOST_OF_JSON:
        raise ArchiveError(f"{path}: {member} is larger than a registry takes")
    return data


def _json(path: Path, archive: tarfile.TarFile, member: str) -> Any:
    return _parsed(path, member, _text(path, archive, member))


def _text(path: Path, archive: tarfile.TarFile, member: str) -> str:
    try:
        return _read(path, archive, member).decode()
    except UnicodeDecodeError:
        raise ArchiveError(f"{path}: {member} is no UTF-8") from None


def _parsed(path: Path, what: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ArchiveError(f"{path}: {what} is no JSON: {error}") from None


def _list(path: Path, document: Any, name: str) -> list[dict[str, Any]]:
    value = document.get(name) if isinstance(document, dict) else None
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise ArchiveError(f"{path}: it lists no {name}")
    return value


def _mapping(path: Path, document: Any, name: str) -> dict[str, Any]:
    value = document.get(name) if isinstance(document, dict) else None
    if not isinstance(value, dict):
        raise ArchiveError(f"{path}: it names no {name}")
    return value
