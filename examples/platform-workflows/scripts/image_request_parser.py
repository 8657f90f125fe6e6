"""Requests for images: which of a folder of archives go to which repositories.

python -m scripts.image_request_parser --request requests/images.yaml
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts.request_file import Fields, main_of_parser

__all__ = ["Entry", "ImageRequest", "main", "parse"]

_REPOSITORY = r"(?=.{2,256}$)[a-z0-9]+([._-][a-z0-9]+)*(/[a-z0-9]+([._-][a-z0-9]+)*)*"
"""CreateRepository's API reference, repositoryName."""
_REPOSITORY_SAYS = "a repository's name: lower-case letters, digits, and single . _ - / between them"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One image and its repository."""

    image: str
    repository: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRequest:
    """What a request says."""

    id: str
    owner: str
    folder: str
    """Relative to the request."""
    images: tuple[Entry, ...]

    def to_json(self) -> dict[str, Any]:
        """The stable form."""
        return {
            "id": self.id,
            "owner": self.owner,
            "source": "local",
            "target": "aws",
            "folder": self.folder,
            "images": [{"image": entry.image, "repository": entry.repository} for entry in self.images],
        }


def parse(document: Mapping[str, Any], source: str = "request") -> ImageRequest:
    """Read a request.

    Raises:
        RequestError: all that is wrong with it.
    """
    fields = Fields(document)
    spec = fields.mapping("spec")
    request = ImageRequest(
        id=fields.text("id", r"IMG-\d{4}", "IMG- and four digits"),
        owner=fields.text("owner", r"[a-z][a-z0-9-]*", "lower-case letters, digits and -, a letter first"),
        folder=spec.text("folder", r"[\w./-]+", "a folder, relative to the request"),
        images=tuple(_entry(entry) for entry in spec.mappings("images")),
    )
    spec.text("source", "local", "local, the only source", default="local")
    spec.text("target", "aws", "aws, the only target", default="aws")
    spec.end()
    fields.check(source)
    return request


def _entry(fields: Fields) -> Entry:
    image = fields.text("image", rf"{_REPOSITORY}:{_TAG}", "name and tag, as backstage:latest")
    default = image.rpartition(":")[0]
    entry = Entry(image=image, repository=fields.text("repository", _REPOSITORY, _REPOSITORY_SAYS, default=default))
    fields.end()
    return entry


def main(arguments: list[str] | None = None) -> int:
    """The parser's command line."""
    return main_of_parser(parse, "Check a request for images, and write it in its stable form.", arguments)


if __name__ == "__main__":
    raise SystemExit(main())
