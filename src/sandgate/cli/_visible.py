"""What of this machine an isolated command sees: homes, the Python environment, files with secrets, sockets."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import sandgate
from sandgate.cli._bwrap import SYSTEM, Layout
from sandgate.cli._here import here
from sandgate.config.env_file import env_paths
from sandgate.config.model import Config
from sandgate.errors import UsageError

__all__ = ["check_project", "home_inside", "inside_environment", "layout_of"]

_NO_HOME = Path("/home/user")
"""For users whose home is the root folder, which nothing can be put on top of."""
_SECRETS = (".env", ".env.*", ".envrc")
_SOCKETS = Path("/proc/net/unix")
_SOCKET = re.compile(r"^(?:\S+ +){7}([^@\s].*)$", re.MULTILINE)
"""A path stands last, as its server has written it; abstract names begin with `@`, and belong to a network."""
_OF_THE_SESSION = ("XDG_", "DBUS_", "SSH_AUTH_", "SSH_AGENT_", "GPG_", "GNOME_", "WAYLAND_")
"""Variables that name folders and sockets of the user's session, none of which is there."""


def home_inside(environ: Mapping[str, str]) -> Path:
    """The user's home, whose place is empty inside."""
    home = Path(environ.get("HOME") or _known_home())
    return _NO_HOME if not home.is_absolute() or home == Path("/") else home


def check_project(config: Config, environ: Mapping[str, str]) -> None:
    """See whether the project can be shown without the home.

    Raises:
        UsageError: it is the home, or holds it.
    """
    root = config.root.resolve()
    for home in _homes(environ):
        if home.resolve().is_relative_to(root):
            raise UsageError(
                "--isolate hides the home directory, and it is in this project",
                where=f"{root}, {config.file or 'the working directory'}",
                hint="run it from a project folder below the home directory",
            )


def inside_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment, for a process without the user's home and session."""
    kept = {name: value for name, value in environ.items() if not name.startswith(_OF_THE_SESSION)}
    temporary = dict.fromkeys(("TMPDIR", "TMP", "TEMP"), "/tmp")  # noqa: S108 - a private one
    return {**kept, **temporary, "HOME": str(home_inside(environ))}


def layout_of(
    config: Config,
    environ: Mapping[str, str],
    program: str,
    *,
    private: Sequence[Path],
    empty: Path,
    mounts: Sequence[tuple[Path, Path]],
    readable: Sequence[tuple[Path, Path]],
) -> Layout:
    """The layout for a command.

    Args:
        config: the run's configuration.
        environ: the command's environment, as it was before `inside_environment`.
        program: the command's program, as found.
        private: folders of sandgate's own, which may be in the project.
        empty: an empty file.
        mounts: see `Layout`.
        readable: see `Layout`.
    """
    root, homes = config.root.resolve(), _homes(environ)
    environments = _unique(_environments(environ, program))
    python = [path for path in _unique([*environments, *_packages()]) if not path.is_relative_to(root)]
    outside = [path for path in python if not any(_among(hidden, [path]) for hidden in (root, *homes))]
    shown = [path for path in outside if not _among(path, SYSTEM) or _among(path, homes)]
    # The project's own packages stay writable; an environment in the project is also that of the next run's gate.
    fixed = [path for path in environments if path.is_relative_to(root) and path != root]
    fixed += [path for path in (root / ".git", *([config.file.resolve()] if config.file else [])) if path.exists()]
    emptied = [root / ".sandgate", *(path.resolve() for path in private)]
    masked = [*_masked(config, [*outside, root]), *(path for path in _sockets(root) if not _among(path, emptied))]
    return Layout(
        system=tuple((path, path.readlink() if path.is_symlink() else None) for path in SYSTEM if path.is_dir()),
        homes=homes,
        python=_outermost(shown),
        project=root,
        fixed=tuple(fixed),
        emptied=tuple(path for path in emptied if path.is_relative_to(root)),
        masked=tuple(path for path in _unique(masked) if _among(path, [root, *SYSTEM, *shown])),
        empty=empty,
        mounts=tuple(mounts),
        readable=tuple(readable),
        folder=here(),
    )


def _homes(environ: Mapping[str, str]) -> tuple[Path, ...]:
    own = Path(_known_home())
    return tuple(_unique([home_inside(environ), *([own] if own.is_dir() and own != Path("/") else [])]))


def _known_home() -> str:
    """The home that the system knows of; a user id of a container may have none."""
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return "/"


def _environments(environ: Mapping[str, str], program: str) -> Iterator[Path]:
    """Where the interpreter and its environment are: sandgate's own, and those of the command."""
    for name in (sys.prefix, sys.base_prefix, sys.base_exec_prefix):
        yield from _both(Path(name))
    for path in (Path(sys.prefix), Path(environ.get("VIRTUAL_ENV") or sys.prefix), Path(program).parent.parent):
        if (path / "pyvenv.cfg").is_file():
            yield from _both(path)
            yield from _base(path)


def _packages() -> Iterator[Path]:
    """Where else this interpreter finds packages: editable installations, sandgate's own perhaps."""
    for entry in (str(Path(sandgate.__file__).parents[1]), *sys.path):
        if entry and Path(entry).is_dir():
            yield from _both(Path(entry))


def _base(environment: Path) -> Iterator[Path]:
    """The interpreter's own folder, as a virtual environment names it (PEP 405)."""
    file = environment / "pyvenv.cfg"
    for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else ():
        key, _, value = line.partition("=")
        if key.strip() == "home":
            yield from _both(Path(value.strip()).parent)
    python = environment / "bin" / "python"
    if python.exists():
        yield python.resolve().parent.parent


def _both(path: Path) -> tuple[Path, Path]:
    """A path as it is written and as it is: links lead to the one, programs are started by the other."""
    return path.absolute(), path.resolve()


def _masked(config: Config, folders: Iterable[Path]) -> Iterator[Path]:
    """Files with secrets in what is visible: the env file, and everything named like one."""
    inner = here()
    between = [path for path in (inner, *inner.parents) if path.is_relative_to(config.root)]
    found = [path for folder in _unique([*between, *folders]) for name in _SECRETS for path in folder.glob(name)]
    yield from _unique(path.resolve() for path in [*env_paths(config), *found] if path.is_file())


def _sockets(root: Path) -> Iterator[Path]:
    """Where processes of this machine listen: a server is reached by a socket in whatever network (unix(7))."""
    try:
        text = _SOCKETS.read_text(errors="surrogateescape")
    except OSError:
        return
    for path in (folder / name for name in _SOCKET.findall(text) for folder in (root, here())):
        with contextlib.suppress(OSError):
            if path.is_socket():
                yield path.resolve()


def _among(path: Path, folders: Iterable[Path]) -> bool:
    """Whether it is one of the folders, or in one."""
    return any(path.is_relative_to(folder) for folder in folders)


def _outermost(paths: Sequence[Path]) -> tuple[Path, ...]:
    return tuple(path for path in paths if not any(path != other and path.is_relative_to(other) for other in paths))


def _unique(paths: Iterable[Path]) -> list[Path]:
    return list(dict.fromkeys(paths))
