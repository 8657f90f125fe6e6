"""Answers that mint credentials: the client gets surrogates, the real ones go to whoever mints those.

`credentials.json` lists every operation of the AWS models whose answer holds an access key with its secret, and the
members that name access keys by id only. A test compares it with the models.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Literal

from sandgate.rewrite.body import read
from sandgate.rewrite.document import Document, Found, RewriteError, steps_of
from sandgate.wire.signing.credential import Credential

__all__ = ["credential_operations", "map_ids", "map_request", "mints", "swap_credentials"]

_Side = Literal["request", "response"]
_MILLISECONDS = 10**11
"""Above this an expiry is not in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Minted:
    """Where an answer holds a triple; paths as in `document`."""

    id: str
    secret: str
    token: str
    expires: str
    label: str

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(path for path in (self.id, self.secret, self.token, self.expires, self.label) if path)


@cache
def _data() -> Mapping[str, list[dict[str, object]]]:
    text = resources.files("sandgate.rewrite").joinpath("credentials.json").read_text(encoding="utf-8")
    data: dict[str, list[dict[str, object]]] = json.loads(text)
    return data


@cache
def _minted() -> Mapping[tuple[str, str], _Minted]:
    table: dict[tuple[str, str], _Minted] = {}
    for row in _data()["minted"]:
        at = f"{row['at']}." if row["at"] else ""
        members = {name: f"{at}{row[name]}" if name in row else "" for name in ("id", "secret", "token", "expires")}
        rule = _Minted(**members, label=str(row.get("label", "")))
        for operation in _strings(row["operations"]):
            table[str(row["service"]), operation] = rule
    return table


@cache
def _ids() -> Mapping[tuple[str, str, str], tuple[str, ...]]:
    return {
        (str(row["service"]), operation, str(row["in"])): tuple(_strings(row["paths"]))
        for row in _data()["ids"]
        for operation in _strings(row["operations"])
    }


def _strings(value: object) -> list[str]:
    assert isinstance(value, list)
    return [str(entry) for entry in value]


def credential_operations() -> frozenset[tuple[str, str]]:
    """Service and operation of every call whose request or answer this module may change."""
    return frozenset(_minted()) | frozenset((service, operation) for service, operation, _ in _ids())


def mints(service: str, operation: str) -> bool:
    """Whether answers of the operation hold credentials."""
    return (service, operation) in _minted()


def swap_credentials(
    service: str, operation: str, content_type: str, body: bytes, mint: Callable[[Credential, str], Credential]
) -> bytes:
    """Replace the credentials in an answer; expiry, ARNs and every other byte stay.

    Args:
        service: botocore's service name.
        operation: operation name.
        content_type: of the answer.
        body: the answer.
        mint: takes the real credentials and a label for whose they are, gives what the client is to see.

    Returns:
        The body as it came when it holds no credentials, as an error answer does.

    Raises:
        RewriteError: the body cannot be read, or holds a secret without the rest; it must not be passed on.
    """
    rule = _minted().get((service, operation))
    if rule is None:
        return body
    document = read(content_type, operation, body, steps_of(rule.paths))
    label = next((member.text for member in document.found if member.path == rule.label), "") or operation
    changes: dict[Found, str] = {}
    for members in _structures(document).values():
        if rule.id not in members and rule.secret not in members:
            continue
        if rule.id not in members or rule.secret not in members:
            if rule.secret in members:
                raise RewriteError("the answer holds a secret without its access key id")
            continue  # a key listed without its secret
        token = members.get(rule.token) if rule.token else None
        real = Credential(
            members[rule.id].text,
            members[rule.secret].text,
            token.text if token else "",
            _moment(members[rule.expires].text) if rule.expires in members else None,
        )
        surrogate = mint(real, label)
        changes[members[rule.id]] = surrogate.access_key_id
        changes[members[rule.secret]] = surrogate.secret_access_key
        if token is not None:
            changes[token] = surrogate.session_token
    return document.replaced(changes) if changes else body


def map_request(
    service: str, operation: str, content_type: str, body: bytes, mapping: Callable[[str], str | None]
) -> bytes:
    """Replace access key ids in a request: those of surrogates become real ones.

    Args:
        service: botocore's service name.
        operation: operation name.
        content_type: of the request; for parameters in a query string, that of a form.
        body: the request.
        mapping: gives the real id, None to leave an id as it is.

    Raises:
        RewriteError: the body cannot be read.
    """
    return map_ids(service, operation, "request", content_type, body, mapping=mapping)


def map_ids(
    service: str,
    operation: str,
    side: _Side,
    content_type: str,
    body: bytes,
    *,
    mapping: Callable[[str], str | None],
) -> bytes:
    """Replace access key ids on either side of a call; arguments as in `map_request`."""
    paths = _ids().get((service, operation, side))
    if not paths:
        return body
    document = read(content_type, operation, body, steps_of(paths))
    changes = {member: new for member in document.found if (new := mapping(member.text)) is not None}
    return document.replaced(changes) if changes else body


def _structures(document: Document) -> dict[int, dict[str, Found]]:
    """What was found, by the structure that holds it."""
    structures: dict[int, dict[str, Found]] = {}
    for member in document.found:
        members = structures.setdefault(member.parent, {})
        if member.path in members:
            raise RewriteError("a member is repeated")
        members[member.path] = member
    return structures


def _moment(text: str) -> datetime | None:
    """An expiry: ISO 8601, or seconds or milliseconds since 1970; None when it is none of these."""
    try:
        number = float(text)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return datetime.fromtimestamp(number / 1000 if number > _MILLISECONDS else number, UTC)
    except (OSError, OverflowError, ValueError):
        return None
