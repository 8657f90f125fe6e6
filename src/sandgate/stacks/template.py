"""Templates: YAML with CloudFormation's short forms or JSON in, JSON in long form out.

SAM templates stay SAM: the transform runs in CloudFormation, so what is tested is what AWS would make of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandgate.errors import StackError
from sandgate.stacks.shapes import misfits
from sandgate.templates.reading import read_text, transform_names

__all__ = ["Template", "load_template", "parse_template"]

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
        return transform_names(self.body)

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
        StackError: it cannot be read, is not well-formed (with line and column), has no `Resources`, or a member of
            the wrong shape.
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
    body, lines = read_text(text, where=str(path), is_json=path.suffix == ".json")
    template = Template(path=path, body=body, lines=lines)
    _check_resources(template)
    for misfit in misfits(body):
        raise StackError(misfit.problem, where=template.where(*misfit.path), hint=misfit.hint)
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


def _templates_in(folder: Path) -> str:
    """A hint that names the templates of a folder."""
    found = (
        sorted(p.name for p in folder.glob("*") if p.suffix in {".yaml", ".yml", ".json"}) if folder.is_dir() else []
    )
    return f"{folder} holds: {', '.join(found[:10])}" if found else ""
