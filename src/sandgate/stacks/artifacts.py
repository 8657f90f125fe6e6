"""What packaging works with: its settings, one thing to upload, and the test for what is local."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandgate.stacks.build import BuildTarget
from sandgate.stacks.model import Notice, Upload

__all__ = ["Artifact", "Settings", "members", "stays"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What stays the same through the packaging of one template."""

    root: Path
    upload: Upload
    cache_dir: Path
    target: BuildTarget
    region: str
    progress: Notice
    boundary: str = ""
    """ARN of the permissions boundary of every principal that a template makes; empty for none."""
    depth: int = 0
    """How many templates are above this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """Something to upload, and where its location goes."""

    logical_id: str
    member: str
    what: str
    """Said to the user."""
    make: Callable[[], tuple[str, Path | bytes]]
    """Key and content; called once everything has been checked."""
    shape: Callable[[str, str], Any]
    """The property's value for a bucket and a key."""


def members(bucket: str, key: str) -> Callable[[str, str], dict[str, str]]:
    """A shape with a location's two members under the given names."""
    return lambda bucket_name, key_name: {bucket: bucket_name, key: key_name}


def stays(value: object) -> bool:
    """Whether a location is left alone: absent, an object (a function, an S3 location), or an address."""
    return not isinstance(value, str) or "://" in value
