"""What a story's Dockerfile says of the tool, of Python and of what runs; pure.

Source: "Dockerfile reference": FROM, ARG, and how CMD and ENTRYPOINT interact.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping

__all__ = ["prefix_of", "python_of", "start_of"]

_LINE = re.compile(r"\s*([A-Za-z]+)\s+(.+?)\s*", re.DOTALL)
_ARGUMENT = re.compile(r"([A-Z][A-Z0-9_]*?)_(PKG|VERSION)(?:=.*)?")
_FROM = re.compile(r"(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", re.IGNORECASE)
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::-([^}]*))?\}|(\w+))")
_PYTHON = re.compile(r"(?:[\w.-]+/)*python:(\d+\.\d+(?:\.\d+)?)(?:-\S+)?")


def prefix_of(text: str) -> str:
    """`<TOOL>` of the build arguments `<TOOL>_PKG` and `<TOOL>_VERSION`; empty where it has neither.

    What stands before the first FROM chooses images, and no stage sees it.
    """
    lines = tuple(_instructions(text))
    images = [number for number, (word, _) in enumerate(lines) if word == "FROM"]
    before = {rest.partition("=")[0] for word, rest in lines[: images[0] if images else 0] if word == "ARG"}
    names = [found for word, rest in lines if word == "ARG" and (found := _ARGUMENT.fullmatch(rest))]
    fitting = [found for found in names if f"{found[1]}_{found[2]}" not in before]
    chosen = next((found for found in fitting if found[2] == "PKG"), fitting[0] if fitting else None)
    return chosen[1] if chosen else ""


def python_of(text: str) -> str:
    """The version of Python that the last stage has, by an official image's tag; empty for any other image."""
    given: dict[str, str] = {}
    stages: dict[str, str] = {}
    image = ""
    for word, rest in _instructions(text):
        if word == "ARG" and not image:
            name, _, default = rest.partition("=")
            given[name] = default.strip("\"'")
        elif word == "FROM" and (found := _FROM.fullmatch(rest)):
            named = _expand(found[1], given)
            image = stages.get(named, named)
            stages[found[2] or ""] = image
    version = _PYTHON.fullmatch(image)
    return version[1] if version else ""


def start_of(text: str) -> str:
    """What the last stage runs, as a line for a shell; empty where it says nothing of that."""
    entry = command = ""
    for word, rest in _instructions(text):
        if word == "FROM":
            entry = command = ""
        elif word == "ENTRYPOINT":
            entry = rest
        elif word == "CMD":
            command = rest
    if not entry:
        return _shell(command)
    arguments = _words(command)
    if _words(entry) is None or not command:  # written for a shell, it takes no arguments
        return _shell(entry)
    return f"{_shell(entry)} {shlex.join(arguments if arguments is not None else ['/bin/sh', '-c', command])}".rstrip()


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    """Each instruction and its arguments, with lines that go on joined."""
    plain = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in re.sub(r"\\[ \t]*\n", " ", plain).splitlines():
        if found := _LINE.fullmatch(line):
            yield found[1].upper(), found[2]


def _expand(text: str, given: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: given.get(found[1] or found[3], "") or found[2] or "", text)


def _words(text: str) -> list[str] | None:
    """What is written as a list; `None` for what is written for a shell."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return [str(word) for word in found] if isinstance(found, list) else None


def _shell(text: str) -> str:
    words = _words(text)
    return text if words is None else shlex.join(words)
