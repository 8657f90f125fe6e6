"""The text of a template to plain values: JSON, or YAML with CloudFormation's short forms."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import yaml

from sandgate.errors import StackError
from sandgate.templates.nodes import MAX_DEPTH, NodeError, Reader

__all__ = ["SAM_TRANSFORM", "read_text", "transform_names"]

SAM_TRANSFORM = "AWS::Serverless-2016-10-31"

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_text(text: str, *, where: str, is_json: bool = False) -> tuple[dict[str, Any], Mapping[str, int]]:
    """Read a template; text that begins with a brace is JSON in any case.

    Args:
        text: the whole template.
        where: what an error names as its place, such as the file.
        is_json: whether it is JSON whatever it begins with.

    Returns:
        The template, functions in long form, and the line of each key by dotted path (empty for JSON).

    Raises:
        StackError: not well-formed, with line and column; a repeated key; too deep or too large once aliases are
            expanded; not a mapping.
    """
    lines: Mapping[str, int] = {}
    if is_json or text.lstrip()[:1] == "{":
        body = _json(text, where)
    else:
        body, lines = _yaml(text, where)
    if not isinstance(body, dict):
        kind = "empty" if body is None else f"a {type(body).__name__}"
        raise StackError(f"template is {kind}, not a mapping", where=where)
    return body, lines


def transform_names(body: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the transforms that a template asks for at its top."""
    declared = body.get("Transform") or []
    listed = declared if isinstance(declared, list) else [declared]
    return tuple(str(item.get("Name", "")) if isinstance(item, dict) else str(item) for item in listed)


def _yaml(text: str, where: str) -> tuple[Any, Mapping[str, int]]:
    reader = Reader()
    try:
        _check_depth(text)
        node = yaml.compose(text, Loader=_Loader)
        return (None if node is None else reader.value(node)), reader.lines
    except NodeError as error:
        _syntax(str(error), where, error.line, error.column)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(part for part in (error.problem, error.context) if part)
        _syntax(problem or "not YAML", where, mark.line + 1 if mark else 1, mark.column + 1 if mark else 1)
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        column = len(before) - (before.rfind("\n") + 1) + 1
        _syntax(f"character {error.character!r} is not allowed in YAML", where, before.count("\n") + 1, column)


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


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_unique(where), parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        _syntax(error.msg, where, error.lineno, error.colno)
    except (RecursionError, ValueError) as error:
        reason = "template is nested too deeply" if isinstance(error, RecursionError) else str(error)
        _syntax(reason, where, 1, 1)


def _unique(where: str) -> Callable[[list[tuple[str, Any]]], dict[str, Any]]:
    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise StackError(f"key {twice!r} appears twice in one object; the second would silently win", where=where)
        return members

    return build


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _syntax(problem: str, where: str, line: int, column: int) -> NoReturn:
    raise StackError(f"template syntax error: {problem}", where=f"{where}:{line}:{column}")
