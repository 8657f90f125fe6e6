"""Amazon ECR."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.contract.makers._model import Maker, World

__all__ = ["MAKERS"]

_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG = {"mediaType": "application/vnd.docker.container.image.v1+json", "size": 1, "digest": f"sha256:{'a' * 64}"}


def _repository(world: World, name: str) -> None:
    world.client("ecr").create_repository(repositoryName=name)


def _repository_around(world: World, name: str) -> Mapping[str, Any]:
    _repository(world, name)
    world.cleanup.append(lambda: world.client("ecr").delete_repository(repositoryName=name, force=True))
    _put(world, name, about="before", imageTag="before")
    return {"repositoryName": name}


def _put(world: World, name: str, *, about: str, **more: str) -> None:
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": _CONFIG,
        "layers": [],
        "annotations": {"about": about},
    }
    world.client("ecr").put_image(repositoryName=name, imageManifest=json.dumps(manifest), **more)


def _image(world: World, name: str) -> None:
    _put(world, name, about="one", imageTag="one")


def _untagged(world: World, name: str) -> None:
    _put(world, name, about="none")


MAKERS = {
    "ecr-image": Maker(make=_image, container=_repository_around),
    "ecr-repository": Maker(make=_repository, fill=_image, paged=False),
    "ecr-untagged-image": Maker(make=_untagged, container=_repository_around),
}
