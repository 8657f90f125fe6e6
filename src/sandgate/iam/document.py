"""IAM policy documents as values, and their canonical text.

Source: IAM User Guide, "Grammar of the IAM JSON policy language".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = [
    "CURRENT",
    "LEGACY",
    "LONGEST_RESOURCE",
    "Condition",
    "Document",
    "Kind",
    "Principals",
    "Statement",
    "to_json",
]

CURRENT = "2012-10-17"
LEGACY = "2008-10-17"
"""The version of documents that name none; policy variables mean nothing in it."""
LONGEST_RESOURCE = 2048
"""Characters of an ARN. Source: IAM API Reference, `arnType`."""

Kind = Literal["identity", "resource", "trust"]
"""`identity`: names no principals; also boundaries, session policies and SCPs.

`resource`: names principals; also RCPs. `trust`: names principals and no resource."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One operator on one key; values are alternatives."""

    operator: str
    """As the document spells it, `ForAllValues:StringLikeIfExists`."""
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Principals:
    """Whom a statement is about."""

    everyone: bool = False
    """`"Principal": "*"`, which is the same as `{"AWS": "*"}`."""
    aws: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    federated: tuple[str, ...] = ()
    canonical: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement; of each pair (`actions`, `not_actions`) one is empty."""

    effect: Literal["Allow", "Deny"]
    sid: str = ""
    principal: Principals | None = None
    not_principal: Principals | None = None
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    """Both empty only where the document's kind allows it: the resource that the document hangs on."""
    not_resources: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One policy document."""

    statements: tuple[Statement, ...]
    version: str = CURRENT
    id: str = ""
    kind: Kind = "identity"
    where: str = field(default="", compare=False)
    """File or name, as messages call it."""

    @property
    def variables(self) -> bool:
        """Whether `${…}` means anything."""
        return self.version == CURRENT


def to_json(document: Document, *, indent: int | None = 2) -> str:
    """The document in canonical form: elements in the order of the grammar, a single value without brackets.

    Args:
        document: what to print; reading the text again gives an equal document.
        indent: spaces per level; `None` for one line without spaces, which is what size limits count.
    """
    out: dict[str, object] = {"Version": document.version}
    if document.id:
        out["Id"] = document.id
    out["Statement"] = [_statement(statement) for statement in document.statements]
    return json.dumps(out, indent=indent, ensure_ascii=False, separators=(",", ":") if indent is None else None)


def _statement(statement: Statement) -> dict[str, object]:
    elements: Iterable[tuple[str, object]] = (
        ("Sid", statement.sid),
        ("Effect", statement.effect),
        ("Principal", _principals(statement.principal)),
        ("NotPrincipal", _principals(statement.not_principal)),
        ("Action", _values(statement.actions)),
        ("NotAction", _values(statement.not_actions)),
        ("Resource", _values(statement.resources)),
        ("NotResource", _values(statement.not_resources)),
        ("Condition", _conditions(statement.conditions)),
    )
    return {name: value for name, value in elements if value}


def _values(values: tuple[str, ...]) -> object:
    return values[0] if len(values) == 1 else list(values)


def _principals(principals: Principals | None) -> object:
    if principals is None:
        return None
    if principals == Principals(everyone=True):
        return "*"
    aws = (*(("*",) if principals.everyone else ()), *principals.aws)
    kinds: Mapping[str, tuple[str, ...]] = {
        "AWS": aws,
        "Service": principals.service,
        "Federated": principals.federated,
        "CanonicalUser": principals.canonical,
    }
    return {name: _values(values) for name, values in kinds.items() if values}


def _conditions(conditions: tuple[Condition, ...]) -> dict[str, dict[str, object]]:
    out: dict[str, dict[str, object]] = {}
    for condition in conditions:
        out.setdefault(condition.operator, {})[condition.key] = _values(condition.values)
    return out
