"""Templates in temporary folders, a bucket in memory, and wheels made on the spot."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandgate.stacks.build import BuildTarget
from sandgate.stacks.package import package
from sandgate.stacks.template import Template, load_template


class MemoryBucket:
    """Keeps what was uploaded, and how often."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.calls: list[str] = []

    def __call__(self, content: Path | bytes, key: str) -> tuple[str, str]:
        self.calls.append(key)
        self.objects.setdefault(key, content if isinstance(content, bytes) else content.read_bytes())
        return "artifacts", key

    def names(self, key: str) -> list[str]:
        """The names inside an uploaded zip."""
        path = self._write(key)
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()

    def read(self, key: str, name: str) -> str:
        """One file inside an uploaded zip."""
        with zipfile.ZipFile(self._write(key)) as archive:
            return archive.read(name).decode()

    def _write(self, key: str) -> Path:
        path = self.scratch / key
        path.write_bytes(self.objects[key])
        return path

    scratch: Path


@pytest.fixture
def bucket(tmp_path: Path) -> MemoryBucket:
    made = MemoryBucket()
    made.scratch = tmp_path / "scratch"
    made.scratch.mkdir()
    return made


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Template]:
    """`project(template_text, {"src/app.py": "..."})` writes a project and reads its template."""

    def write(text: str, files: dict[str, str] | None = None, name: str = "template.yaml") -> Template:
        root = tmp_path / "project"
        for relative, content in {name: text, **(files or {})}.items():
            path = root / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return load_template(root / name)

    return write


@pytest.fixture
def pack(bucket: MemoryBucket, tmp_path: Path) -> Callable[..., Template]:
    """`pack(template)` packages into the bucket in memory."""

    def run(template: Template, **settings: Any) -> Template:
        defaults: dict[str, Any] = {
            "root": template.folder, "upload": bucket, "cache_dir": tmp_path / "cache", "target": BuildTarget(),
        }  # fmt: skip
        return package(template, **{**defaults, **settings})

    return run


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`wheel("tinydep")` makes a wheel that pip finds, and keeps pip off the network."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))

    def make(name: str, tag: str = "py3-none-any") -> None:
        info = f"{name}-1.0.dist-info"
        with zipfile.ZipFile(folder / f"{name}-1.0-{tag}.whl", "w") as archive:
            archive.writestr(f"{name}/__init__.py", "ANSWER = 42\n")
            archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
            archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
            archive.writestr(
                f"{info}/RECORD", f"{name}/__init__.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n"
            )

    return make
