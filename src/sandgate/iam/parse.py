"""Reading IAM policy documents, strictly: what is not understood is an error, never a statement that matches nothing.

Source: IAM User Guide, "Grammar of the IAM JSON policy language" and "IAM JSON policy element reference".
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Literal, NoReturn

from sandgate.iam._elements import Place, actions, advice, conditions, principals, resources
from sandgate.iam.document import CURRENT, LEGACY, Document, Kind, Statement

__all__ = ["parse_document"]

_DOCUMENT = ("Version", "Id", "Statement")
_STATEMENT = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)
_SID = re.compile(r"[A-Za-z0-9]*", re.ASCII)


def parse_document(source: str | Mapping[str, object], *, where: str = "", kind: Kind = "identity") -> Document:
    """A policy document, read and checked.

    Args:
        source: JSON text, or what it decodes to.
        where: the file or name that messages begin with.
        kind: `identity` documents (also boundaries, session policies, SCPs) have no principals; `resource` documents
            (also RCPs) must have them; `trust` documents must have them and no resources.

    Raises:
        PolicyError: `where` holds the path of the offending element, the hint what would be right.
    """
    place = Place(where)
    if isinstance(source, str):
        source = _decoded(source, place)
    elements = _object(source, place, _DOCUMENT)
    version = elements.get("Version", LEGACY)
    if version not in (CURRENT, LEGACY):
        raise place.at("Version").fault(f"{version!r} is no version of the policy language", hint=f"use {CURRENT!r}")
    label = elements.get("Id", "")
    if not isinstance(label, str):
        raise place.at("Id").fault("must be a text")
    if "Statement" not in elements:
        raise place.fault("a policy document needs Statement")
    raw = elements["Statement"]
    listed = raw if isinstance(raw, list) else [raw]
    if not listed:
        raise place.at("Statement").fault("holds no statement")
    statements = tuple(
        _statement(item, place.at("Statement").item(index), kind=kind, variables=version == CURRENT)
        for index, item in enumerate(listed)
    )
    _unique_sids(statements, place)
    return Document(version=str(version), id=label, statements=statements, kind=kind, where=where)


def _unique_sids(statements: Iterable[Statement], place: Place) -> None:
    seen: set[str] = set()
    for index, statement in enumerate(statements):
        if statement.sid and statement.sid in seen:
            here = place.at("Statement").item(index).at("Sid")
            raise here.fault(
                f"{statement.sid!r} is the Sid of an earlier statement", hint="a Sid is unique in its document"
            )
        seen.add(statement.sid)


def _statement(raw: object, place: Place, *, kind: Kind, variables: bool) -> Statement:
    elements = _object(raw, place, _STATEMENT)
    effect = _effect(elements, place)
    sid = elements.get("Sid", "")
    if not isinstance(sid, str) or (kind == "identity" and not _SID.fullmatch(sid)):
        raise place.at("Sid").fault(f"{sid!r} is no Sid", hint="letters and digits only")
    if kind == "identity":
        for name in ("Principal", "NotPrincipal"):
            if name in elements:
                raise place.at(name).fault(
                    "only documents of resources and roles name principals", hint=f"remove {name}"
                )
    else:
        _either(elements, place, "Principal", "NotPrincipal")
    _either(elements, place, "Action", "NotAction")
    if kind == "trust":
        for name in ("NotPrincipal", "Resource", "NotResource"):
            if name in elements:
                raise place.at(name).fault("a trust policy is about its own role", hint=f"remove {name}")
    else:
        _either(elements, place, "Resource", "NotResource", needed=kind == "identity")
    if "NotPrincipal" in elements and effect == "Allow":
        raise place.at("NotPrincipal").fault(
            "NotPrincipal with Allow grants to everybody else, anonymous callers too",
            hint="name whom it is for in Principal, or use NotPrincipal with Deny",
        )
    return Statement(
        effect=effect,
        sid=sid,
        principal=principals(elements, "Principal", place),
        not_principal=principals(elements, "NotPrincipal", place),
        actions=actions(elements, "Action", place),
        not_actions=actions(elements, "NotAction", place),
        resources=resources(elements, "Resource", place, variables=variables),
        not_resources=resources(elements, "NotResource", place, variables=variables),
        conditions=conditions(elements, place, variables=variables, allow=effect == "Allow"),
    )


def _effect(elements: Mapping[str, object], place: Place) -> Literal["Allow", "Deny"]:
    found = elements.get("Effect")
    if found == "Allow":
        return "Allow"
    if found == "Deny":
        return "Deny"
    if "Effect" not in elements:
        raise place.fault("a statement needs Effect", hint='"Effect": "Allow" or "Deny"')
    raise place.at("Effect").fault(f"{elements['Effect']!r} is no effect", hint='"Allow" or "Deny"')


def _either(elements: Mapping[str, object], place: Place, name: str, negated: str, *, needed: bool = True) -> None:
    if name in elements and negated in elements:
        raise place.at(negated).fault(f"stands beside {name}", hint=f"keep either {name} or {negated}")
    if needed and name not in elements and negated not in elements:
        raise place.fault(f"a statement needs {name} or {negated}")


def _object(raw: object, place: Place, known: Iterable[str]) -> Mapping[str, object]:
    if not isinstance(raw, Mapping):
        raise place.fault(f"must be an object, not {type(raw).__name__}")
    for name in raw:
        if name not in known:
            raise place.at(str(name)).fault("no such element", hint=advice(str(name), known))
    return raw


def _decoded(text: str, place: Place) -> Mapping[str, Any]:
    def pairs(found: list[tuple[str, object]]) -> dict[str, object]:
        counts = Counter(key for key, _ in found)
        twice = next((key for key, count in counts.items() if count > 1), None)
        if twice is not None:
            raise place.fault(f"the key {twice!r} stands twice in one object", hint="put its values into one list")
        return dict(found)

    def constant(name: str) -> NoReturn:
        raise place.fault(f"{name} is no JSON value")

    try:
        found: Mapping[str, Any] = json.loads(text, object_pairs_hook=pairs, parse_constant=constant)
    except json.JSONDecodeError as error:
        raise place.fault(f"is not JSON: {error.msg} in line {error.lineno}, column {error.colno}") from error
    except (RecursionError, ValueError) as error:  # ValueError: a number of thousands of digits
        raise place.fault("is nested too deep, or holds a number too long to read") from error
    return found
