"""The text of a template to plain values: JSON, or YAML with CloudFormation's short forms."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from sandgate.errors import StackError

__all__ = ["SAM_TRANSFORM", "read_text", "transform_names"]

SAM_TRANSFORM = "AWS::Serverless-2016-10-31"


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
    # Here, not above: most processes that can read templates never see one in YAML.
    from sandgate.templates.as_yaml import YamlError, read_yaml  # noqa: PLC0415

    try:
        return read_yaml(text)
    except YamlError as error:
        _syntax(str(error), where, error.line, error.column)


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
