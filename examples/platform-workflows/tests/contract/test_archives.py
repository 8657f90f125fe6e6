"""Contract tests: which archives of images are taken, what is read of them, and what is said of the others."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from scripts.build_sample_image import build
from scripts.image_archive import ArchiveError, find_image, images_in, reading

DOCKER = [{"Config": "c.json", "RepoTags": ["shop:1", "shop:latest"], "Layers": ["a/layer.tar", "b/layer.tar"]}]
FILES: Mapping[str, bytes] = {"c.json": b"{}", "a/layer.tar": b"first", "b/layer.tar": b"second"}
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
NO_TEXT = f"sha256:{hashlib.sha256(bytes([255])).hexdigest()}"
NAMED = {"annotations": {"io.containerd.image.name": "shop:1"}}


@pytest.fixture
def archive(tmp_path: Path) -> Callable[..., Path]:
    """Write a tar archive; what is not bytes is written as JSON."""

    def write(files: Mapping[str, Any], name: str = "one.tar") -> Path:
        path = tmp_path / name
        with tarfile.open(path, "w") as tar:
            for member, content in files.items():
                data = content if isinstance(content, bytes) else json.dumps(content).encode()
                entry = tarfile.TarInfo(member)
                entry.size = len(data)
                tar.addfile(entry, io.BytesIO(data))
        return path

    return write


def test_what_docker_saves_is_an_image_of_the_same_digest_each_time(archive: Callable[..., Path]) -> None:
    path = archive({"manifest.json": DOCKER, **FILES})
    first, second = images_in(path)
    assert (first.name, second.name) == ("shop:1", "shop:latest")
    assert first.digest == second.digest == images_in(path)[0].digest
    manifest = json.loads(first.manifest)
    assert [layer["digest"] for layer in manifest["layers"]] == [blob.digest for blob in first.blobs[1:]]
    assert (manifest["config"]["size"], [layer["size"] for layer in manifest["layers"]]) == (2, [5, 6])
    with reading(first, first.blobs[2]) as file:
        assert file.read() == b"second"


def test_the_name_is_the_short_one_where_a_tool_writes_the_registry_of_docker_before_it(
    archive: Callable[..., Path],
) -> None:
    """As skopeo does in an archive for docker."""
    (image,) = images_in(archive({"manifest.json": [{**DOCKER[0], "RepoTags": ["docker.io/library/shop:1"]}], **FILES}))
    assert image.name == "shop:1"


def test_a_link_to_itself(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "one.tar", "w") as tar:
        entry = tarfile.TarInfo("index.json")
        entry.type, entry.linkname = tarfile.SYMTYPE, "index.json"
        tar.addfile(entry)
    with pytest.raises(ArchiveError, match="nested without end"):
        images_in(tmp_path / "one.tar")


def test_a_layer_that_an_image_has_twice_is_one_blob(archive: Callable[..., Path]) -> None:
    twice = [{**DOCKER[0], "Layers": ["a/layer.tar", "a/layer.tar"]}]
    (image, _) = images_in(archive({"manifest.json": twice, **FILES}))
    assert (len(json.loads(image.manifest)["layers"]), len(image.blobs)) == (2, 2)


def test_an_image_without_a_name_is_passed_over(archive: Callable[..., Path]) -> None:
    assert images_in(archive({"manifest.json": [{**DOCKER[0], "RepoTags": None}], **FILES})) == []
    assert images_in(archive({"index.json": {"manifests": [{"digest": "sha256:0"}]}})) == []


def test_the_same_image_may_be_there_twice_and_another_may_not(tmp_path: Path) -> None:
    for name in ("one.tar", "two.tar"):
        (tmp_path / name).write_bytes(build())
    assert find_image(tmp_path, "backstage:latest").archive.name == "one.tar"
    (tmp_path / "two.tar").write_bytes(build(greeting="another"))
    with pytest.raises(ArchiveError, match=r"backstage:latest is in one\.tar and in two\.tar"):
        find_image(tmp_path, "backstage:latest")


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="no such folder"):
        find_image(tmp_path / "nowhere", "backstage:latest")


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"manifest.json": DOCKER, "c.json": b"{}"}, "a/layer.tar is missing"),
        ({"manifest.json": [{"Config": "c.json"}], **FILES}, "names no Config, Layers and RepoTags"),
        ({"manifest.json": ["shop"], **FILES}, "names no Config, Layers and RepoTags"),
        ({"manifest.json": b"{", **FILES}, "manifest.json is no JSON"),
        ({"manifest.json": b"\xff", **FILES}, "manifest.json is no UTF-8"),
        ({"manifest.json": {"a": 1}, **FILES}, "manifest.json is no list"),
        ({"manifest.json": [{**DOCKER[0], "RepoTags": [5]}], **FILES}, "names no Config, Layers and RepoTags"),
        ({"manifest.json": b"[" * 100_000, **FILES}, "nested without end"),
        ({"index.json": {"manifests": [{"annotations": ["io.containerd.image.name"]}]}}, "no texts by name"),
        ({"index.json": {"manifests": [{"annotations": {"io.containerd.image.name": 5}}]}}, "no texts by name"),
        (
            {"index.json": {"manifests": [{**NAMED, "mediaType": MANIFEST, "digest": NO_TEXT, "size": 1}]},
             f"blobs/sha256/{NO_TEXT[7:]}": b"\xff"},
            "is no UTF-8",
        ),
        ({"index.json": []}, "it lists no manifests"),
        ({"index.json": {"manifests": ["x"]}}, "it lists no manifests"),
        (
            {"index.json": {"manifests": [{**NAMED, "mediaType": "application/vnd.oci.image.index.v1+json"}]}},
            "export it for one platform",
        ),
        (
            {"index.json": {"manifests": [{**NAMED, "mediaType": MANIFEST, "digest": "md5:0", "size": 1}]}},
            "'md5:0' is no digest by sha256",
        ),
        (
            {"index.json": {"manifests": [{**NAMED, "mediaType": MANIFEST, "digest": "sha256:../x", "size": 1}]}},
            "is no digest by sha256",
        ),
        (
            {"index.json": {"manifests": [{**NAMED, "mediaType": MANIFEST, "digest": "sha256:00", "size": 2}]},
             "blobs/sha256/00": b"{}"},
            "sha256:00 is damaged: its 2 bytes have the digest sha256:44136",
        ),
    ],
)  # fmt: skip
def test_what_is_no_whole_image(files: Mapping[str, Any], says: str, archive: Callable[..., Path]) -> None:
    path = archive(files)
    with pytest.raises(ArchiveError, match=r"one\.tar") as caught:
        images_in(path)
    assert says in str(caught.value)


def test_a_manifest_without_layers(archive: Callable[..., Path]) -> None:

    data = json.dumps({"schemaVersion": 2, "config": {}}).encode()
    name = hashlib.sha256(data).hexdigest()
    entry = {**NAMED, "mediaType": MANIFEST, "digest": f"sha256:{name}", "size": len(data)}
    path = archive({"index.json": {"manifests": [entry]}, f"blobs/sha256/{name}": data})
    with pytest.raises(ArchiveError, match="it lists no layers"):
        images_in(path)
