"""Policy documents in resolved properties: what they grant, and whom they let in.

A statement without a principal grants something to a member of the stack; one with a principal lets somebody use a
member. Source: IAM User Guide, "JSON policy elements reference".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Protocol

from sandgate.guard.templates.model import Document, Grantee, Place, Problem
from sandgate.guard.templates.values import Unknown, shown

__all__ = ["Findings", "Own", "escalates", "examine_document", "take_documents"]

_POWERS = ("iam", "sts", "organizations", "account", "sso")
_HARMLESS = re.compile(
    r"iam:(Get|List|PassRole$)[A-Za-z*?]*|sts:(AssumeRole|GetCallerIdentity|TagSession|SetSourceIdentity)"
)
_SERVICE = re.compile(r"[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|internal)")
_NARROWING = frozenset({
    "aws:sourcearn", "aws:sourceaccount", "aws:principalarn", "aws:principalaccount",
})  # fmt: skip
_POSITIVE = frozenset({"stringequals", "stringlike", "arnequals", "arnlike", "stringequalsignorecase"})
_REMEDY_TRUST = "name a service, this account, or a resource of the sandbox as the principal"
_REMEDY_GRANT = "name resources of the sandbox or of this stack"


class Own(Protocol):
    """What is the document's own: the members of a template, or what a run made and adopted."""

    def owns(self, text: str) -> bool:
        """Whether a text names it."""

    def sample(self, text: str) -> str:
        """A text as it could be once what is made up is known."""


@dataclass(slots=True, kw_only=True)
class Findings:
    """What the documents of a template hold."""

    documents: list[Document] = field(default_factory=list)
    grantees: list[Grantee] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def take_documents(
    node: object, path: tuple[str, ...]
) -> tuple[object, list[tuple[tuple[str, ...], Mapping[str, Any]]]]:
    """Resolved properties without their policy documents, and the documents with their paths.

    A document is a mapping with `Statement`, or a text that is one as JSON.
    """
    found: list[tuple[tuple[str, ...], Mapping[str, Any]]] = []
    return _take(node, path, found), found


def _take(node: object, path: tuple[str, ...], found: list[tuple[tuple[str, ...], Mapping[str, Any]]]) -> object:
    if isinstance(node, str) and node.lstrip()[:1] == "{":
        node = _parsed(node)
    if isinstance(node, list):
        return [_take(part, (*path, str(index)), found) for index, part in enumerate(node)]
    if not isinstance(node, Mapping):
        return node
    if "Statement" in node:
        found.append((path, node))
        return {}
    return {key: _take(part, (*path, key), found) for key, part in node.items()}


def _parsed(text: str) -> object:
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return parsed if isinstance(parsed, dict) and "Statement" in parsed else text


def examine_document(
    document: Mapping[str, Any], path: tuple[str, ...], *, table: Own, place: Place, findings: Findings
) -> None:
    """Look at one resolved document; what it grants beyond the stack goes to `findings.documents`."""
    statements = document["Statement"]
    granted = []
    for index, statement in enumerate(statements if isinstance(statements, list) else [statements]):
        here = ".".join((*path, "Statement", str(index)))
        unknown = _unknown_in(statement)
        if not isinstance(statement, Mapping) or unknown:
            why = unknown.why if unknown else "a statement must be a mapping"
            findings.problems.append(
                Problem(code="unresolvable", path=here, value=shown(statement), why=why, remedy=_REMEDY_GRANT)
            )
        elif statement.get("Effect") == "Deny":
            continue
        elif "Principal" in statement or "NotPrincipal" in statement:
            _principals(statement, here, table=table, place=place, findings=findings)
        else:
            left = _beyond(statement, table)
            if escalates(left or {}):
                findings.problems.append(
                    Problem(
                        code="escalates",
                        path=here,
                        value=shown(", ".join(_listed(statement.get("Action", statement.get("NotAction"))))),
                        why="lets its holder give itself or others more permissions",
                        remedy="leave administration of identities to the template itself",
                    )
                )
            if left is not None:
                granted.append(left)
    if granted:
        version = document.get("Version", "2008-10-17")
        findings.documents.append(Document(path=".".join(path), document={"Version": version, "Statement": granted}))


def _unknown_in(node: object) -> Unknown | None:
    if isinstance(node, Unknown):
        return node
    parts = node.values() if isinstance(node, Mapping) else node if isinstance(node, list) else ()
    return next((found for part in parts if (found := _unknown_in(part))), None)


def _listed(value: object) -> list[str]:
    return [str(part) for part in value] if isinstance(value, list) else [] if value is None else [str(value)]


def _beyond(statement: Mapping[str, Any], table: Own) -> dict[str, Any] | None:
    """A statement without the stack's own resources, as it could read once the stack exists; `None` when all are own.

    Own identities stay: what may be done to them is a question of escalation, not of names.
    """
    result = {key: _sampled(value, table) for key, value in statement.items()}
    if "Resource" in statement:
        left = [
            table.sample(text)
            for text in _listed(statement["Resource"])
            if not table.owns(text) or text.split(":")[2:3] == ["iam"]
        ]
        if not left:
            return None
        result["Resource"] = left
    return result


def _sampled(value: object, table: Own) -> object:
    if isinstance(value, str):
        return table.sample(value)
    if isinstance(value, list):
        return [_sampled(part, table) for part in value]
    return {key: _sampled(part, table) for key, part in value.items()} if isinstance(value, Mapping) else value


def escalates(statement: Mapping[str, Any]) -> bool:
    """Whether a statement that allows something may change who may do what.

    Args:
        statement: as in a document, its elements by name.
    """
    resources = _listed(statement.get("Resource"))
    services = {text.split(":")[2] if text.count(":") > 1 else "*" for text in resources}
    if "Resource" in statement and not any(fnmatchcase(power, one) for power in _POWERS for one in services):
        return False
    if "NotAction" in statement:
        return True
    return any(_power(action) for action in _listed(statement.get("Action")))


def _power(action: str) -> bool:
    service, _, name = action.partition(":")
    if not name:
        return "*" in service
    matched = [power for power in _POWERS if fnmatchcase(power, service.lower())]
    return bool(matched) and not (service.lower() in _POWERS and _HARMLESS.fullmatch(action))


def _principals(statement: Mapping[str, Any], here: str, *, table: Own, place: Place, findings: Findings) -> None:
    """Whom a statement lets in; a wildcard is fine where a condition names this account or a resource inside."""
    wrong = [text for kind, text in _who(statement) if not _may_use(kind, text, statement, table=table, place=place)]
    if not wrong:
        return
    narrowed = _narrowed(statement, place=place, table=table)
    if narrowed is not None and all(text == "*" for text in wrong):
        if narrowed:
            findings.grantees.append(Grantee(path=here, arns=narrowed, shown=", ".join(map(shown, narrowed))))
        return
    findings.problems.append(
        Problem(
            code="trust",
            path=here,
            value=shown(", ".join(wrong)),
            why="lets somebody outside the sandbox use a resource of the stack",
            remedy=_REMEDY_TRUST,
        )
    )


def _who(statement: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if "NotPrincipal" in statement:
        yield "NotPrincipal", "everybody but " + shown(statement["NotPrincipal"])
    principal = statement.get("Principal")
    if isinstance(principal, Mapping):
        for kind, value in principal.items():
            yield from ((kind, text) for text in _listed(value))
    elif "Principal" in statement:
        yield "AWS", str(principal)


def _may_use(kind: str, text: str, statement: Mapping[str, Any], *, table: Own, place: Place) -> bool:
    if kind == "Service":
        return bool(_SERVICE.fullmatch(text))
    if kind == "AWS":
        own = rf"arn:{re.escape(place.partition)}:(iam|sts)::{place.account}:[^*?]+"
        return text == place.account or table.owns(text) or bool(re.fullmatch(own, text))
    if kind == "Federated" and text == "cognito-identity.amazonaws.com":
        return _own_identity_pool(statement, table)
    return table.owns(text)


def _own_identity_pool(statement: Mapping[str, Any], table: Own) -> bool:
    """Without the pool's id any pool of anybody could sign in."""
    conditions = statement.get("Condition")
    equals = conditions.get("StringEquals") if isinstance(conditions, Mapping) else None
    pools = _listed(equals.get("cognito-identity.amazonaws.com:aud")) if isinstance(equals, Mapping) else []
    return bool(pools) and all(table.owns(pool) for pool in pools)


def _narrowed(statement: Mapping[str, Any], *, place: Place, table: Own) -> tuple[str, ...] | None:
    """ARNs that a condition narrows a statement to, none when it is this account or the stack's own; else `None`."""
    conditions = statement.get("Condition")
    if not isinstance(conditions, Mapping):
        return None
    for operator, tests in conditions.items():
        if operator.lower() not in _POSITIVE or not isinstance(tests, Mapping):
            continue
        for key, value in tests.items():
            texts = _listed(value)
            if key.lower() not in _NARROWING or not texts:
                continue
            if key.lower().endswith("account"):
                if texts == [place.account]:
                    return ()
                continue
            return tuple(table.sample(text) for text in texts if not table.owns(text))
    return None
