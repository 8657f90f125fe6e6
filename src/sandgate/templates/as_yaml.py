"""A template in YAML to plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from sandgate.templates.nodes import MAX_DEPTH, NodeError, Reader

__all__ = ["YamlError", "read_yaml"]

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlError(Exception):
    """What is wrong with a text.

    Args:
        problem: the same in words.
        line: where, from 1.
        column: likewise.
    """

    def __init__(self, problem: str, line: int, column: int) -> None:
        super().__init__(problem)
        self.line, self.column = line, column


def read_yaml(text: str) -> tuple[Any, Mapping[str, int]]:
    """Read it.

    Args:
        text: the whole template.

    Returns:
        Its value, functions in long form, and the line of each key by dotted path.

    Raises:
        YamlError: not well-formed, a repeated key, too deep or too large once aliases are expanded.
    """
    reader = Reader()
    try:
        _check_depth(text)
        node = yaml.compose(text, Loader=_Loader)
        return (None if node is None else reader.value(node)), reader.lines
    except NodeError as error:
        raise YamlError(str(error), error.line, error.column) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(part for part in (error.problem, error.context) if part) or "not YAML"
        raise YamlError(problem, mark.line + 1 if mark else 1, mark.column + 1 if mark else 1) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        column = len(before) - (before.rfind("\n") + 1) + 1
        problem = f"character {error.character!r} is not allowed in YAML"
        raise YamlError(problem, before.count("\n") + 1, column) from None


def _check_depth(text: str) -> None:
    """Stop before the composer sees a document that would overflow its C stack; the event stream is flat."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise NodeError(f"template is nested deeper than {MAX_DEPTH} levels", event)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
