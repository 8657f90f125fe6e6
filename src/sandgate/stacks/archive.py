"""Zip files that depend on nothing but what is in them: same content, same name, same bytes on the same machine."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from sandgate.errors import EnvironmentFault, StackError

__all__ = ["content_hash", "file_hash", "write_zip"]

_EPOCH = (1980, 1, 1, 0, 0, 0)
_CHUNK = 1 << 20
_EXECUTABLE = 0o755
_PLAIN = 0o644


def file_hash(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal.

    Raises:
        StackError: the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise StackError(f"file cannot be read: {error.strerror}", where=str(path)) from None


def content_hash(files: Mapping[str, Path]) -> str:
    """One hash over names, executable bits and contents, in 32 hexadecimal digits.

    It is taken over the content rather than over a zip, whose bytes differ between versions of zlib.

    Args:
        files: path inside the package to file.

    Raises:
        StackError: a file cannot be read.
    """
    whole = hashlib.sha256()
    for name in sorted(files):
        whole.update(f"{name}\0{_mode(files[name]):o}\0{file_hash(files[name])}\n".encode())
    return whole.hexdigest()[:32]


def write_zip(files: Mapping[str, Path], target: Path) -> Path:
    """Write a deterministic zip unless it is there: sorted names, one fixed time, executable bits kept.

    Args:
        files: path inside the zip to file.
        target: the zip; named by `content_hash`, so an existing one is right.

    Raises:
        StackError: a file cannot be read.
        EnvironmentFault: the zip cannot be written.
    """
    if target.exists():
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, suffix=".part")
    except OSError as error:
        raise EnvironmentFault(f"cache cannot be written: {error.strerror}", where=str(target.parent)) from None
    part = Path(name)
    try:
        with (
            os.fdopen(handle, "wb") as stream,
            zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as zf,
        ):
            for inside in sorted(files):
                _add(zf, inside, files[inside])
        part.replace(target)
    except OSError as error:
        raise EnvironmentFault(f"package cannot be written: {error.strerror}", where=str(target)) from None
    finally:
        part.unlink(missing_ok=True)
    return target


def _add(archive: zipfile.ZipFile, inside: str, path: Path) -> None:
    info = zipfile.ZipInfo(inside, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3  # Unix, on every machine: the mode below means nothing otherwise
    info.external_attr = (0o100000 | _mode(path)) << 16
    try:
        source = path.open("rb")
    except OSError as error:
        raise StackError(f"file cannot be read: {error.strerror}", where=str(path)) from None
    with source, archive.open(info, "w", force_zip64=path.stat().st_size >= 1 << 31) as stream:
        shutil.copyfileobj(source, stream, _CHUNK)


def _mode(path: Path) -> int:
    """Lambda reads packages as another user: readable by all, executable if the owner may; the umask plays no part."""
    try:
        return _EXECUTABLE if path.stat().st_mode & 0o100 else _PLAIN
    except OSError as error:
        raise StackError(f"file cannot be read: {error.strerror}", where=str(path)) from None
