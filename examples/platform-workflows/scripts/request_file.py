"""Request files: YAML in, typed fields with every problem named, one stable form out.

The three parsers share this module, so that they refuse alike and have the same command line:
`--request FILE [--out FILE] [--format stable|compact] [--dry-run]`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

__all__ = ["Fields", "RequestError", "WorkflowError", "enum", "load", "main_of_parser", "reported"]

_LONGEST = 80
"""Characters of a wrong value that are shown."""
_ENUMS = Path(__file__).resolve().parents[1] / "schemas" / "enums.yaml"


class WorkflowError(Exception):
    """Something that whoever runs a workflow can mend; its text says what and how. Exit status 1."""

    status = 1


class RequestError(WorkflowError):
    """A request that says something it may not; all that is wrong with it, one problem a line. Exit status 2."""

    status = 2


class _Strict(yaml.SafeLoader):
    """YAML as YAML is meant: a key that stands twice is a mistake, and never the last one wins."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for number, key in enumerate(keys):
            if not isinstance(key, str):
                said = f"{_shown(key)} is no name"
                raise yaml.constructor.ConstructorError(None, None, said, node.start_mark)
            if key in keys[:number]:
                raise yaml.constructor.ConstructorError(None, None, f"{key} stands there twice", node.start_mark)
        return super().construct_mapping(node, deep)


def load(path: Path) -> dict[str, Any]:
    """Read a request.

    Raises:
        RequestError: it cannot be read, is no YAML, or no mapping.
    """
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Strict)
    except OSError as error:
        raise RequestError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise RequestError(f"{path}: not UTF-8 at byte {error.start}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise RequestError(f"{path}{line}: {getattr(error, 'problem', None) or 'not YAML'}") from None
    except RecursionError:
        raise RequestError(f"{path}: nested too deeply") from None
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        # What YAML's own types make of a text that is none of theirs: the 13th month, `!!bool maybe`, 5000 digits.
        raise RequestError(f"{path}: holds a value that is not what it is written as: {error}") from None
    if not isinstance(document, dict):
        raise RequestError(f"{path}: a request is a mapping, not {_kind(document)}")
    return document


@cache
def enum(name: str) -> tuple[str, ...]:
    """The words that a field may have, from `schemas/enums.yaml`."""
    return tuple(yaml.safe_load(_ENUMS.read_text(encoding="utf-8"))[name])


class Fields:
    """Reads the fields of a mapping and keeps what is wrong with them, so that all of it is told at once."""

    def __init__(self, document: object, where: str = "", problems: list[str] | None = None) -> None:
        self._where = where
        self._problems = [] if problems is None else problems
        self._data: Mapping[str, Any] = document if isinstance(document, dict) else {}
        self._read: set[str] = set()
        if not isinstance(document, dict):
            self.wrong("", f"must be a mapping, not {_kind(document)}")

    def wrong(self, name: str, problem: str) -> None:
        """Keep a problem."""
        self._problems.append(f"{self._path(name) or 'request'}: {problem}")

    def refuse(self, name: str, problem: str) -> None:
        """Keep a problem with a field that must not be there, if it is."""
        self._read.add(name)
        if name in self._data:
            self.wrong(name, problem)

    def text(self, name: str, pattern: str, says: str, *, default: str | None = None) -> str:
        """A text that matches as a whole; `says` is the pattern in words."""
        value = self._get(name, default, str)
        if value is None:
            return ""
        if not re.fullmatch(pattern, value, re.ASCII):
            self.wrong(name, f"must be {says}, not {_shown(value)}")
        return value

    def choice(self, name: str, *, default: str | None = None, of: str = "") -> str:
        """One of the words of an enumeration."""
        value = self._get(name, default, str)
        allowed = enum(of or name)
        if value is not None and value not in allowed:
            self.wrong(name, f"must be one of {', '.join(allowed)}, not {_shown(value)}")
        return value or ""

    def integer(self, name: str, least: int, most: int, *, default: int | None = None) -> int:
        """A whole number within limits, which are allowed."""
        value = self._get(name, default, int)
        if value is not None and not least <= value <= most:
            self.wrong(name, f"must be {least} to {most}, not {_shown(value)}")
        return value or 0

    def texts(self, name: str, pattern: str, says: str) -> tuple[str, ...]:
        """A list of texts; none when it is not there."""
        value = self._get(name, (), list)
        found = []
        for number, entry in enumerate(value or ()):
            if isinstance(entry, str) and re.fullmatch(pattern, entry, re.ASCII):
                found.append(entry)
            else:
                self.wrong(f"{name}.{number}", f"must be {says}, not {_shown(entry)}")
        return tuple(found)

    def mappings(self, name: str) -> list[Fields]:
        """A list of mappings, at least one."""
        value = self._get(name, None, list)
        if value == []:
            self.wrong(name, "must not be empty")
        return [Fields(one, f"{self._path(name)}.{number}", self._problems) for number, one in enumerate(value or ())]

    def mapping(self, name: str) -> Fields:
        """A mapping within this one."""
        self._read.add(name)
        if name not in self._data:
            self.wrong(name, "is missing")
            return Fields({}, name, [])
        return Fields(self._data[name], self._path(name), self._problems)

    def end(self) -> None:
        """See that nothing was left unread: a misspelt field is one that somebody relies on."""
        for name in self._data:
            if name not in self._read:
                self.wrong(name, "is no field of such a request")

    def check(self, source: str) -> None:
        """Say all that was wrong.

        Raises:
            RequestError: something was.
        """
        self.end()
        if self._problems:
            raise RequestError("\n".join(f"{source}: {problem}" for problem in self._problems))

    def _path(self, name: str) -> str:
        return ".".join(part for part in (self._where, name) if part)

    def _get(self, name: str, default: Any, kind: type) -> Any:
        self._read.add(name)
        if name not in self._data:
            if default is None:
                self.wrong(name, "is missing")
            return default
        value = self._data[name]
        if type(value) is not kind:  # a truth value is an int to isinstance
            self.wrong(name, f"must be {_NAMES[kind]}, not {_kind(value)}")
            return None
        return value


_NAMES: Mapping[type, str] = {
    str: "a text",
    int: "a whole number",
    bool: "a truth value",
    list: "a list",
    dict: "a mapping",
    float: "a number",
    type(None): "nothing",
}


def _kind(value: object) -> str:
    return _NAMES.get(type(value), f"a {type(value).__name__}")


def _shown(value: object) -> str:
    """A value for people: what is nested may be endless by its aliases, and is named by its kind."""
    if not isinstance(value, str | int | float):
        return _kind(value)
    try:
        text = repr(value)
    except ValueError:  # more digits than Python writes
        return _kind(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _written(document: Mapping[str, Any], form: str) -> str:
    if form == "compact":
        return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True) + "\n"
    return json.dumps(document, sort_keys=True, indent=2, ensure_ascii=True) + "\n"


def main_of_parser(
    parse: Callable[[Mapping[str, Any], str], Any], about: str, arguments: Sequence[str] | None = None
) -> int:
    """The command line that the three parsers share.

    Args:
        parse: document and its name to something with `to_json()`.
        about: what the parser does.
        arguments: of the command line.

    Returns:
        Exit status: 0, or 2 when the request is refused.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--request", type=Path, required=True, help="request file, YAML")
    parser.add_argument("--out", type=Path, help="where the parsed request goes; standard output by default")
    parser.add_argument(
        "--format", choices=("stable", "compact"), default="stable", help="indented, or one line; keys in order both"
    )
    parser.add_argument("--dry-run", action="store_true", help="check only, and write nothing to --out")
    options = parser.parse_args(arguments)

    def run() -> None:
        text = _written(parse(load(options.request), str(options.request)).to_json(), options.format)
        if options.out is None:
            sys.stdout.write(text)
        elif options.dry_run:
            print(f"{options.request}: good; {options.out} was not written")
        else:
            options.out.write_text(text, encoding="utf-8")

    return reported(run)


def reported(run: Callable[[], object]) -> int:
    """Run, and say what somebody can mend without a traceback.

    Returns:
        0, or the error's status.
    """
    try:
        run()
    except WorkflowError as error:
        print(error, file=sys.stderr)
        return error.status
    except OSError as error:
        print(f"{error.filename or ''}: {error.strerror or error}".removeprefix(": "), file=sys.stderr)
        return 1
    return 0
