"""The parts of a statement, each read and checked; helpers of `parse`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sandgate.core.registry import nearest
from sandgate.errors import PolicyError
from sandgate.iam.arns import arn_segments
from sandgate.iam.conditions._clause import UnknownOperator, compile_clause
from sandgate.iam.document import LONGEST_RESOURCE, Condition, Principals
from sandgate.iam.match import Wild, joined, pattern
from sandgate.iam.variables import has_variables, template

__all__ = ["Place", "actions", "advice", "conditions", "principals", "resources"]

_ACTION = re.compile(r"\*|\*:\*|[A-Za-z0-9-]+:[A-Za-z0-9*?_-]+", re.ASCII)
_LONGEST_ACTION = 200
"""Letters and wildcards of a pattern; the longest action of the Service Authorization Reference has less than half."""
_KEY = re.compile(r"[^\s:*?${}]+:[^*?${}]+")
_PRINCIPAL = re.compile(
    r"\d{12}"
    r"|arn:[a-z-]+:iam::\d{12}:(?:root|(?:user|role)/[^\s*?${}]+)"
    r"|arn:[a-z-]+:sts::\d{12}:(?:assumed-role/[^\s*?${}/]+/[^\s*?${}/]+|federated-user/[^\s*?${}/]+|self)"
    r"|(?:AIDA|AROA)[A-Z0-9]{12,124}",
    re.ASCII,
)
_KINDS = ("AWS", "Service", "Federated", "CanonicalUser")


class Place(NamedTuple):
    """Where in a document the reader is."""

    file: str
    path: str = ""

    def at(self, name: str) -> Place:
        """An element of this object."""
        return Place(self.file, f"{self.path}.{name}" if self.path else name)

    def item(self, index: int) -> Place:
        """An item of this list."""
        return Place(self.file, f"{self.path}[{index}]")

    def fault(self, message: str, *, hint: str = "") -> PolicyError:
        """What is wrong here."""
        text = f"{self.path}: {message}" if self.path else f"policy document: {message}"
        return PolicyError(text, where=": ".join(part for part in (self.file, self.path) if part), hint=hint)


def advice(name: str, known: Iterable[str]) -> str:
    """What somebody who wrote `name` may have meant."""
    close = next((other for other in known if other.lower() == name.lower()), "") or nearest(name, known)
    return f"did you mean {close}?" if close else f"known: {', '.join(known)}"


def _texts(raw: object, place: Place) -> tuple[str, ...]:
    """One text or a list of them, never an empty one."""
    listed = raw if isinstance(raw, list | tuple) else [raw]
    if not listed:
        raise place.fault("must not be an empty list")
    for index, value in enumerate(listed):
        if not isinstance(value, str):
            here = place.item(index) if isinstance(raw, list | tuple) else place
            raise here.fault(f"must be a text, not {type(value).__name__}")
    return tuple(listed)


def actions(elements: Mapping[str, object], name: str, place: Place) -> tuple[str, ...]:
    """`Action` or `NotAction`; empty where the statement has it not."""
    if name not in elements:
        return ()
    found = _texts(elements[name], place.at(name))
    for value in found:
        if not _ACTION.fullmatch(value):
            raise place.at(name).fault(
                f"{value!r} is no action", hint="service:Action, with wildcards after the colon, or *"
            )
        if len(value) > _LONGEST_ACTION and sum(map(_size, joined(pattern(value)))) > _LONGEST_ACTION:
            raise place.at(name).fault(
                f"{value[:40]!r}… is longer than any action of AWS", hint=f"at most {_LONGEST_ACTION} characters"
            )
    return found


def _size(part: str | Wild) -> int:
    return len(part) if isinstance(part, str) else 1


def resources(elements: Mapping[str, object], name: str, place: Place, *, variables: bool) -> tuple[str, ...]:
    """`Resource` or `NotResource`; empty where the statement has it not."""
    if name not in elements:
        return ()
    here = place.at(name)
    found = _texts(elements[name], here)
    for value in found:
        if len(value) > LONGEST_RESOURCE:
            raise here.fault(
                f"{value[:40]!r}… is longer than any ARN of AWS", hint=f"at most {LONGEST_RESOURCE} characters"
            )
        try:
            parts = template(value, variables=variables, wildcards=True)
        except ValueError as error:
            raise here.fault(str(error), hint="${*}, ${?} and ${$} stand for the characters themselves") from error
        segments = arn_segments(parts)
        if value != "*" and (segments is None or segments[0] != ("arn",)):
            raise here.fault(
                f"{value!r} is no ARN", hint="arn:partition:service:region:account:resource, some of them empty, or *"
            )
        if segments and any(has_variables(segment) for segment in segments[:-1]):
            raise here.fault(
                f"{value!r} holds a variable before its fifth colon", hint="variables stand in the resource part"
            )
    return found


def principals(elements: Mapping[str, object], name: str, place: Place) -> Principals | None:
    """`Principal` or `NotPrincipal`; `None` where the statement has it not."""
    if name not in elements:
        return None
    raw, here = elements[name], place.at(name)
    if raw == "*":
        return Principals(everyone=True)
    if not isinstance(raw, Mapping) or not raw:
        raise here.fault("names nobody", hint='"*", or an object with AWS, Service, Federated or CanonicalUser')
    for kind in raw:
        if kind not in _KINDS:
            raise here.at(str(kind)).fault("no such kind of principal", hint=advice(str(kind), _KINDS))
    named = {kind: _texts(value, here.at(str(kind))) for kind, value in raw.items()}
    for kind, values in named.items():
        for value in values:
            if kind == "AWS" and value != "*" and not _PRINCIPAL.fullmatch(value):
                raise here.at("AWS").fault(
                    f"{value!r} is no principal", hint="an account id, the ARN of a user, role or session, or * alone"
                )
            if kind != "AWS" and (not value or re.search(r"[\s*?${}]", value)):
                raise here.at(kind).fault(
                    f"{value!r} is no principal", hint="its full name; wildcards mean nothing here"
                )
    aws = named.get("AWS", ())
    return Principals(
        everyone="*" in aws,
        aws=tuple(value for value in aws if value != "*"),
        service=named.get("Service", ()),
        federated=named.get("Federated", ()),
        canonical=named.get("CanonicalUser", ()),
    )


def conditions(elements: Mapping[str, object], place: Place, *, variables: bool, allow: bool) -> tuple[Condition, ...]:
    """`Condition`, one value per operator and key."""
    if "Condition" not in elements:
        return ()
    raw, here = elements["Condition"], place.at("Condition")
    if not isinstance(raw, Mapping):
        raise here.fault("must be an object of operators")
    out = []
    for operator, keys in raw.items():
        inside = here.at(str(operator))
        if not isinstance(keys, Mapping) or not keys:
            raise inside.fault("must be an object of condition keys", hint='{"aws:PrincipalAccount": "111122223333"}')
        seen: set[str] = set()
        for key, value in keys.items():
            if not isinstance(key, str) or not _KEY.fullmatch(key):
                raise inside.fault(f"{key!r} is no condition key", hint="service:Key, such as aws:PrincipalAccount")
            if key.lower() in seen:
                raise inside.at(key).fault(
                    "stands twice; condition keys ignore case", hint="put its values into one list"
                )
            seen.add(key.lower())
            values = _condition_values(value, inside.at(key))
            try:
                compile_clause(str(operator), key, values, variables=variables, allow=allow)
            except UnknownOperator as error:
                raise inside.fault("no such condition operator", hint=str(error)) from error
            except ValueError as error:
                raise inside.at(key).fault(str(error)) from error
            out.append(Condition(operator=str(operator), key=key, values=values))
    return tuple(out)


def _condition_values(raw: object, place: Place) -> tuple[str, ...]:
    """Texts; JSON's booleans and numbers stand for theirs."""
    listed = raw if isinstance(raw, list | tuple) else [raw]
    if not listed:
        raise place.fault("must not be an empty list", hint="no value would ever fit")
    out = []
    for value in listed:
        if isinstance(value, bool):
            out.append(str(value).lower())
        elif isinstance(value, str | int | float):
            out.append(str(value))
        else:
            raise place.fault(f"must be a text, a number or a boolean, not {type(value).__name__}")
    return tuple(out)
