"""Whom a call lets in: resource policies, trust policies, permissions, grants and access control lists.

The same rules as for templates: services, this account and what is adopted may be let in; everybody only under a
condition that narrows it to this account or to what is inside, or at an address of a function's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sandgate.guard.beyond import Said, Unreadable, json_of
from sandgate.guard.owners import owners_of
from sandgate.guard.sandbox import Sandbox
from sandgate.guard.templates.documents import Findings, examine_document
from sandgate.guard.templates.model import Place
from sandgate.guard.templates.types import notes

__all__ = ["FINDERS", "Opening", "Openings"]

_PRINCIPAL = re.compile(r"(?:arn:[a-z-]+:(?:iam|sts)::)?([0-9]{12})(?::[^*?]+)?", re.ASCII)
_POOL = re.compile(r"[a-z0-9-]+:[0-9a-f-]{36}")
_SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?")
_EVERYBODY = frozenset({"*", "all"})
_PUBLIC_ACLS = frozenset({"public-read", "public-read-write", "authenticated-read"})
_GRANTEE = re.compile(r"\s*(uri|id|emailAddress)\s*=\s*\"?([^\",]*)\"?\s*", re.IGNORECASE)
_LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"
_PERMISSION = "AWS::Lambda::Permission"
_URL_INVOKE = "lambda:InvokeFunction"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Somebody who is let in and must not be."""

    member: str
    value: str
    """The principals, `arn:aws:iam::111122223333:root`; what a condition names, or a canned list."""


class Openings:
    """Finds them; what a template's table is to a template, this is to a call.

    Args:
        sandbox: whose account and whose adopted names may be let in.
        inside: whether an ARN, or a pattern of ARNs, is inside by its name.
        owned: whether this run made a resource, by ARN.
    """

    def __init__(self, sandbox: Sandbox, *, inside: Callable[[str], bool], owned: Callable[[str], bool]) -> None:
        self._adopted = frozenset(sandbox.adopt)
        self._inside, self._owned = inside, owned
        self._place = Place(account=sandbox.account, region=sandbox.region, partition=sandbox.partition)

    def found(self, said: Said) -> tuple[Opening, ...]:
        """Whom one value lets in.

        Raises:
            Unreadable: nobody can say.
        """
        finder = FINDERS.get(said.kind)
        if finder is None:
            return ()
        # A permission is the call as a whole, and its principal is what is wrong with it.
        return tuple(Opening(member=said.member or "Principal", value=value) for value in finder(self, said))

    def owns(self, text: str) -> bool:
        """Whether a principal or an identity pool is this run's or adopted."""
        if text in self._adopted:
            return True
        place = self._place
        of = _PRINCIPAL.fullmatch(text)
        if of is not None and f"arn:{place.partition}:iam::{of[1]}:root" in self._adopted:
            return True
        pool = f"arn:{place.partition}:cognito-identity:{place.region}:{place.account}:identitypool/{text}"
        return bool(_POOL.fullmatch(text)) and (pool in self._adopted or self._owned(pool))

    def sample(self, text: str) -> str:
        """The text itself: nothing in a call is made up later."""
        return text

    def document(self, document: object, member: str) -> Iterator[str]:
        """Whom a policy document lets in.

        Raises:
            Unreadable: it is none.
        """
        if not isinstance(document, Mapping) or "Statement" not in document:
            raise Unreadable("a policy document")
        findings = Findings()
        try:
            examine_document(document, (member,), table=self, place=self._place, findings=findings)
        except RecursionError:
            raise Unreadable("a policy document that is not nested too deep") from None
        for problem in findings.problems:
            if problem.code == "unresolvable":
                raise Unreadable("a policy document")
            if problem.code == "trust":
                yield problem.value
        for grantee in findings.grantees:
            yield from (arn for arn in grantee.arns if not self._ours(arn))

    def principal(self, text: str, condition: Mapping[str, object] | None = None) -> Iterator[str]:
        """Whether a principal outside a document may be let in."""
        named = {"Service" if _SERVICE.fullmatch(text) else "AWS": "*" if text in _EVERYBODY else text}
        statement: dict[str, object] = {"Effect": "Allow", "Action": "*", "Principal": named}
        yield from self.document({"Statement": {**statement, **({"Condition": condition} if condition else {})}}, "")

    def grantee(self, text: str, *, own: str = "") -> Iterator[str]:
        """Whether a grantee of a list may be let in; `own` is the owner that the same list names."""
        if text not in (_LOG_DELIVERY, own) and text not in self._adopted:
            yield text

    def _ours(self, arn: str) -> bool:
        return self._inside(arn) or any("*" not in one and self._owned(one) for one in owners_of(arn))


# -- finders: whom a value of a kind lets in ---------------------------------------------------------------------------


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Unreadable("a text")
    return value


def _policy(openings: Openings, said: Said) -> Iterator[str]:
    yield from openings.document(json_of(said.value), said.member)


def _topic_attribute(openings: Openings, said: Said) -> Iterator[str]:
    if said.parameters.get("AttributeName") == "Policy":
        yield from _policy(openings, said)


def _principal(openings: Openings, said: Said) -> Iterator[str]:
    yield from openings.principal(_text(said.value))


def _permission(openings: Openings, said: Said) -> Iterator[str]:
    """`AddPermission` of Lambda; an address of the function's own may be open to everybody, as in templates."""
    held = said.parameters
    if all(held.get(key) == value for key, value in dict(notes("by_address", _PERMISSION)).items()):
        return
    if held.get("Action") == _URL_INVOKE and held.get("InvokedViaFunctionUrl") is True:
        return
    condition: dict[str, object] = {}
    if held.get("SourceArn"):
        condition["ArnLike"] = {"aws:SourceArn": held["SourceArn"]}
    if held.get("SourceAccount"):
        condition["StringEquals"] = {"aws:SourceAccount": held["SourceAccount"]}
    yield from openings.principal(_text(held.get("Principal", "*")), condition)


def _canned(_openings: Openings, said: Said) -> Iterator[str]:
    named = _text(said.value)
    if named in _PUBLIC_ACLS:
        yield named


def _acl_header(openings: Openings, said: Said) -> Iterator[str]:
    for part in _text(said.value).split(","):
        found = _GRANTEE.fullmatch(part)
        if found is None:
            raise Unreadable("a list of grantees", part)
        yield from openings.grantee(found[2])


def _grantee(openings: Openings, said: Said) -> Iterator[str]:
    yield from _grantees(openings, said.value, own="")


def _acl(openings: Openings, said: Said) -> Iterator[str]:
    held = said.value if isinstance(said.value, Mapping) else {}
    owner, grants = held.get("Owner"), held.get("Grants") or []
    own = owner.get("ID") if isinstance(owner, Mapping) else ""
    if not isinstance(grants, list):
        raise Unreadable("a list of grants")
    for grant in grants:
        given = grant.get("Grantee") if isinstance(grant, Mapping) else None
        yield from _grantees(openings, given, own=own if isinstance(own, str) else "")


def _grantees(openings: Openings, value: object, *, own: str) -> Iterator[str]:
    held = value if isinstance(value, Mapping) else {}
    for key in ("URI", "ID", "EmailAddress"):
        named = held.get(key)
        if named:
            yield from openings.grantee(_text(named), own=own)


FINDERS: Mapping[str, Callable[[Openings, Said], Iterator[str]]] = MappingProxyType({
    "acl": _acl,
    "acl-header": _acl_header,
    "canned-acl": _canned,
    "grantee": _grantee,
    "permission": _permission,
    "policy": _policy,
    "principal": _principal,
    "topic-attribute": _topic_attribute,
})  # fmt: skip
"""Kind of `data/targets.json` to whom a value of it lets in."""
