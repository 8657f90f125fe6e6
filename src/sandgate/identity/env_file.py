"""Writing entries of an env file, in the syntax of python-dotenv: what is not ours stays as it is, byte for byte."""

from __future__ import annotations

import glob
import io
import os
import re
import stat
from collections.abc import Collection, Mapping
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from sandgate.config.env_file import read_env_file, readable_by_others
from sandgate.core.files import replace_text
from sandgate.core.git import ignore_line, ignored, tracked, unsure
from sandgate.errors import ConfigError

__all__ = ["Unfit", "read_entries", "remove_entries", "unfit", "with_entries", "without_entries", "write_entries"]

_OWN_LINE = re.compile(r"\s*\Z")
_LEAD = re.compile(r"(?:[^\S\r\n]*(?:\r\n|\n|\r))*")
"""Empty lines before an entry; they belong to whoever wrote them."""
_ENTRY = re.compile(
    r"""(?P<before>\s*(?:export[^\S\r\n]+)?(?:'[^']+'|[^=\#\s]+)[^\S\r\n]*=[^\S\r\n]*)
        (?P<value>'(?:\\'|[^'])*'|"(?:\\"|[^"])*"|(?:[^\r\n\s]|[^\S\r\n]+(?!\#|\s|\Z))*)
        (?P<after>[^\r\n]*(?:\r\n|\n|\r)?)\Z""",
    re.VERBOSE,
)
_PLAIN = re.compile(r"[\w./+:@%,=-]+", re.ASCII)
"""What needs no quotes; all that an AWS secret consists of."""
_PRIVATE = 0o600


class Unfit(ConfigError):
    """A file that may not hold a secret as it is.

    Args:
        message: why not.
        where: the file.
        hint: the command that mends it.
        mend: what mends it: `ignore`, `mode`, or nothing that sandgate does by itself.
    """

    def __init__(self, message: str, *, where: str = "", hint: str = "", mend: str = "") -> None:
        super().__init__(message, where=where, hint=hint)
        self.mend = mend


def unfit(path: Path) -> Unfit | None:
    """Why a file may not hold a secret as it is, if there is a reason.

    Args:
        path: absolute; the file need not exist.
    """
    if not path.parent.is_dir():
        return Unfit("the folder of the env file does not exist", where=str(path), hint=f"mkdir -p {path.parent}")
    if path.exists() and not path.is_file():
        return Unfit("the env file is no file", where=str(path), hint="set env_file to the path of a file")
    # Of a link, git knows the link; the secret would be in what it leads to.
    real = Path(os.path.realpath(path))
    return _published(path) or (_published(real) if path.is_symlink() else None) or _open_to_others(path)


def _published(path: Path) -> Unfit | None:
    """Why the next commit may hold the file, if it may."""
    if why := unsure(path):
        return Unfit(
            f"git does not say whether it would publish the env file: {why}",
            where=str(path),
            hint="see that `git status` works here",
        )
    if tracked(path):
        return Unfit(
            "git tracks the env file, so the next commit would publish the key",
            where=str(path),
            hint=f"git rm --cached {path.name}, and ignore it",
        )
    if ignored(path) is False:
        file, line = ignore_line(path)
        return Unfit(
            "git does not ignore the env file, so `git add` would publish the key",
            where=str(path),
            hint=f"echo '{line}' >> {file}",
            mend="ignore",
        )
    return None


def _open_to_others(path: Path) -> Unfit | None:
    if path.is_file() and readable_by_others(path):
        mode = stat.S_IMODE(path.stat().st_mode)
        return Unfit(
            f"others on this machine can read the env file (mode {mode:04o})",
            where=str(path),
            hint=f"chmod 600 {path}",
            mend="mode",
        )
    return None


def read_entries(path: Path) -> dict[str, str]:
    """The entries of an env file, also in CI; none where there is no file.

    Raises:
        ConfigError: it cannot be read.
    """
    return read_env_file(path) if path.is_file() else {}


def write_entries(path: Path, values: Mapping[str, str], *, scratch: Path | None = None) -> None:
    """Set entries, in one step: a reader sees all of them or none.

    Args:
        path: of the file, which is made where there is none.
        values: by name.
        scratch: folder that git ignores, which takes the text until it is whole.

    Raises:
        ConfigError: it cannot be read or written.
    """
    _replace(path, with_entries(_text(path), values), scratch)


def remove_entries(path: Path, names: Collection[str], *, scratch: Path | None = None) -> bool:
    """Remove entries; a file that holds nothing afterwards goes too.

    Args:
        path: of the file.
        names: of the entries.
        scratch: as `write_entries`.

    Returns:
        Whether there were any.

    Raises:
        ConfigError: it cannot be read or written.
    """
    before = _text(path)
    after = without_entries(before, names)
    if after == before:
        return False
    if after.strip():
        _replace(path, after, scratch)
    else:
        path.unlink()
    return True


def _text(path: Path) -> str:
    try:
        # Line ends are kept as they are.
        return path.read_bytes().decode("utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the env file cannot be read: {type(error).__name__}", where=str(path)) from None


def _replace(path: Path, text: str, scratch: Path | None) -> None:
    # A link stays one: what it leads to is replaced.
    real = Path(os.path.realpath(path))
    try:
        if scratch is not None:
            for litter in scratch.glob(f".{glob.escape(real.name)}.*"):
                litter.unlink()
        replace_text(real, text, mode=_PRIVATE, scratch=scratch)
    except OSError as error:
        raise ConfigError(f"the env file cannot be written: {error.strerror}", where=str(path)) from None


def with_entries(text: str, values: Mapping[str, str]) -> str:
    """The text of an env file with entries set; pure.

    An entry that is there already is changed in its place, with its comment; of several under one name the last stays,
    which is the one that counts. New ones come at the end.
    """
    bindings = _bindings(text)
    last = {binding.key: number for number, binding in enumerate(bindings) if binding.key in values}
    out: list[str] = []
    for number, binding in enumerate(bindings):
        if binding.key not in last or binding.key is None:
            out.append(binding.original.string)
        elif last[binding.key] == number:
            out.append(_changed(binding, values[binding.key]))
        else:
            out.append(_lead(binding))
    newline = "\r\n" if "\r\n" in text else "\n"
    whole = "".join(out)
    added = [f"{name}={_quoted(value)}{newline}" for name, value in values.items() if name not in last]
    gap = newline if added and whole and not whole.endswith(("\n", "\r")) else ""
    return whole + gap + "".join(added)


def without_entries(text: str, names: Collection[str]) -> str:
    """The text of an env file without some entries; pure."""
    return "".join(_lead(binding) if binding.key in names else binding.original.string for binding in _bindings(text))


def _bindings(text: str) -> list[Binding]:
    return list(parse_stream(io.StringIO(text, newline="")))


def _lead(binding: Binding) -> str:
    found = _LEAD.match(binding.original.string)
    return found[0] if found else ""


def _changed(binding: Binding, value: str) -> str:
    """The line with another value; one that is a name alone becomes an entry."""
    found = _ENTRY.fullmatch(binding.original.string)
    if found is None:
        end = _ends(binding.original.string)
        return f"{_lead(binding)}{binding.key}={_quoted(value)}{end}"
    return f"{found['before']}{_quoted(value)}{found['after']}"


def _ends(text: str) -> str:
    found = _OWN_LINE.search(text)
    return found[0] if found else ""


def _quoted(value: str) -> str:
    """The value as python-dotenv reads it back."""
    if _PLAIN.fullmatch(value) or not value:
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
