"""Which files of a folder go into a package: code does, what the machine left behind and secrets do not."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from sandgate.errors import StackError

__all__ = ["Selection", "select"]

_JUNK_FOLDERS = frozenset({
    ".git", ".hg", ".svn", ".sandgate", ".aws-sam", ".serverless", ".terraform", "cdk.out", ".venv", "__pycache__",
    ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".tox", ".nox", ".idea", ".vscode", ".cache",
})  # fmt: skip
_JUNK_FILES = ("*.pyc", "*.pyo", ".ds_store", "thumbs.db", ".coverage", ".coverage.*", "*.swp")
_SECRET_FOLDERS = frozenset({".aws", ".ssh", ".gnupg", ".docker", ".kube", ".azure"})
_SECRET_FILES = (
    ".env*", "*.env", ".netrc", ".npmrc", ".yarnrc", ".yarnrc.yml", ".pypirc",
    ".pgpass", ".git-credentials", ".htpasswd", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "*.tfstate",
    "*.tfstate.*", "*.tfvars", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx",
)  # fmt: skip
"""`node_modules` is not junk: functions in JavaScript need it."""
_KEY_SUFFIXES = frozenset({".pem", ".key"})
_PRIVATE_KEY = b"PRIVATE KEY-----"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The files of a package and what stayed out of it."""

    files: dict[str, Path]
    """Path inside the package, with `/`, to file; sorted."""
    secrets: tuple[str, ...] = ()
    """Paths that stayed out because they look like secrets; users are told."""


def select(folder: Path) -> Selection:
    """Choose the files of a folder that belong in a package.

    Links are followed, so that code shared by a link is packed; a link to a folder above it is not followed again.

    Args:
        folder: an existing folder.

    Raises:
        StackError: a folder cannot be read.
    """
    files: dict[str, Path] = {}
    secrets: list[str] = []
    for relative, path in _walk(folder, ""):
        real = path.resolve() if path.is_symlink() else path
        if _is_secret(path) or (real is not path and (_is_secret(real) or _in_secret_folder(real, folder))):
            secrets.append(relative)
        else:
            files[relative] = path
    return Selection(files=dict(sorted(files.items())), secrets=tuple(sorted(secrets)))


def _walk(folder: Path, prefix: str, above: tuple[Path, ...] = ()) -> Iterator[tuple[str, Path]]:
    """Regular files below a folder, skipping junk; sockets and pipes are not opened, broken links are not there."""
    real = folder.resolve()
    if real in above:
        return
    for entry in _entries(folder):
        path = Path(entry.path)
        try:
            mode = entry.stat().st_mode
        except OSError:
            continue
        if stat.S_ISDIR(mode):
            if not _is_junk_folder(path):
                yield from _walk(path, f"{prefix}{entry.name}/", (*above, real))
        elif stat.S_ISREG(mode) and not _matches(entry.name.lower(), _JUNK_FILES):
            yield f"{prefix}{_text(entry)}", path


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        raise StackError(f"folder cannot be read: {error.strerror}", where=str(folder)) from None


def _text(entry: os.DirEntry[str]) -> str:
    try:
        entry.path.encode()
    except UnicodeEncodeError:
        raise StackError("file name is not UTF-8, which no package can hold", where=repr(entry.path)) from None
    return entry.name


def _is_junk_folder(path: Path) -> bool:
    """Virtual environments are known by their marker, whatever their name."""
    names = {path.name.lower(), path.resolve().name.lower()} if path.is_symlink() else {path.name.lower()}
    return bool(names & (_JUNK_FOLDERS | _SECRET_FOLDERS)) or (path / "pyvenv.cfg").is_file()


def _in_secret_folder(real: Path, folder: Path) -> bool:
    """Whether a link leads into a folder of credentials."""
    return not real.is_relative_to(folder.resolve()) and any(part.lower() in _SECRET_FOLDERS for part in real.parts)


def _is_secret(path: Path) -> bool:
    if _matches(path.name.lower(), _SECRET_FILES):
        return True
    # A `.pem` is mostly a public certificate bundle, which code needs: only its content tells.
    return path.suffix.lower() in _KEY_SUFFIXES and _holds_private_key(path)


def _holds_private_key(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return _PRIVATE_KEY in stream.read(1 << 20)
    except OSError:
        return False


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
