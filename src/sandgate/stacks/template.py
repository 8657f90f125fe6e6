"""Templates: YAML with CloudFormation's short forms or JSON in, JSON in long form out.

SAM templates stay SAM: the transform runs in CloudFormation, so what is tested is what AWS would make of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import yaml

from sandgate.errors import StackError
from sandgate.stacks._nodes import MAX_DEPTH, NodeError, Reader

__all__ = ["SAM_TRANSFORM", "Template", "load_template", "parse_template"]

SAM_TRANSFORM = "AWS::Serverless-2016-10-31"

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_BYTES = 8 * 1024 * 1024
"""Eight times what CloudFormation takes; larger is surely not a template."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template as read, or as packaged."""

    path: Path
    body: Mapping[str, Any]
    lines: Mapping[str, int] = field(default_factory=dict, repr=False)
    """Line of each key, by dotted path; empty for JSON."""

    @property
    def folder(self) -> Path:
        """The folder that relative paths in the template start from."""
        return self.path.parent

    @property
    def resources(self) -> Mapping[str, Mapping[str, Any]]:
        """The resources by logical id."""
        resources: Mapping[str, Mapping[str, Any]] = self.body["Resources"]
        return resources

    @property
    def transforms(self) -> tuple[str, ...]:
        """The names of the transforms that the template asks for."""
        declared = self.body.get("Transform") or []
        listed = declared if isinstance(declared, list) else [declared]
        return tuple(str(item.get("Name", "")) if isinstance(item, dict) else str(item) for item in listed)

    def where(self, *keys: str) -> str:
        """File, line where known, and dotted path of a key, for error messages."""
        for depth in range(len(keys), 0, -1):
            line = self.lines.get(".".join(keys[:depth]))
            if line:
                return f"{self.path}:{line}: {'.'.join(keys)}"
        return f"{self.path}: {'.'.join(keys)}"

    def dumps(self) -> str:
        """The template as compact JSON, functions in long form."""
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":"))


def load_template(path: Path | str) -> Template:
    """Read a template file.

    Args:
        path: a YAML or JSON file.

    Raises:
        StackError: it cannot be read, is not well-formed (with line and column), or has no `Resources`.
    """
    path = Path(path)
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise StackError("file is too large to be a template", where=str(path))
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise StackError(f"template is not UTF-8 text (byte {error.start})", where=str(path)) from None
    except FileNotFoundError:
        hint = _templates_in(path.parent)
        raise StackError("template does not exist", where=str(path), hint=hint) from None
    except IsADirectoryError:
        raise StackError("template is a folder, not a file", where=str(path), hint=_templates_in(path)) from None
    except OSError as error:
        raise StackError(f"template cannot be read: {error.strerror}", where=str(path)) from None
    return parse_template(text, path)


def parse_template(text: str, path: Path) -> Template:
    """Read the text of a template; `path` says where it came from and whether it is JSON.

    Raises:
        StackError: as for `load_template`.
    """
    lines: Mapping[str, int] = {}
    if path.suffix == ".json" or text.lstrip()[:1] == "{":
        body = _json(text, path)
    else:
        body, lines = _yaml(text, path)
    if not isinstance(body, dict):
        kind = "empty" if body is None else f"a {type(body).__name__}"
        raise StackError(f"template is {kind}, not a mapping", where=str(path))
    template = Template(path=path, body=body, lines=lines)
    _check_resources(template)
    return template


def _check_resources(template: Template) -> None:
    resources = template.body.get("Resources")
    if not isinstance(resources, dict) or not resources:
        raise StackError("template has no Resources", where=template.where("Resources"))
    for logical_id, resource in resources.items():
        if logical_id.startswith("Fn::"):
            continue
        if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
            raise StackError("resource has no Type", where=template.where("Resources", logical_id))
        if not isinstance(resource.get("Properties") or {}, dict):
            raise StackError(
                "Properties must be a mapping", where=template.where("Resources", logical_id, "Properties")
            )


def _yaml(text: str, path: Path) -> tuple[Any, Mapping[str, int]]:
    reader = Reader()
    try:
        _check_depth(text)
        node = yaml.compose(text, Loader=_Loader)
        return (None if node is None else reader.value(node)), reader.lines
    except NodeError as error:
        _syntax(str(error), path, error.line, error.column)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(part for part in (error.problem, error.context) if part)
        _syntax(problem or "not YAML", path, mark.line + 1 if mark else 1, mark.column + 1 if mark else 1)
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        column = len(before) - (before.rfind("\n") + 1) + 1
        _syntax(f"character {error.character!r} is not allowed in YAML", path, before.count("\n") + 1, column)


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


def _json(text: str, path: Path) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_unique(path), parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        _syntax(error.msg, path, error.lineno, error.colno)
    except (RecursionError, ValueError) as error:
        reason = "template is nested too deeply" if isinstance(error, RecursionError) else str(error)
        _syntax(reason, path, 1, 1)


def _unique(path: Path) -> Callable[[list[tuple[str, Any]]], dict[str, Any]]:
    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise StackError(
                f"key {twice!r} appears twice in one object; the second would silently win", where=str(path)
            )
        return members

    return build


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _syntax(problem: str, path: Path, line: int, column: int) -> NoReturn:
    raise StackError(f"template syntax error: {problem}", where=f"{path}:{line}:{column}")


def _templates_in(folder: Path) -> str:
    """A hint that names the templates of a folder."""
    found = (
        sorted(p.name for p in folder.glob("*") if p.suffix in {".yaml", ".yml", ".json"}) if folder.is_dir() else []
    )
    return f"{folder} holds: {', '.join(found[:10])}" if found else ""
