"""What this run has seen through signed calls, and so may reach without a signature.

Routes and unsigned operations carry no run key: whoever asks for a token of a user pool proves nothing. On an upstream
that belongs to the run alone everything is the run's; elsewhere only what a signed call of this run named or got.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import resources
from urllib.parse import urlsplit

from sandgate.resources._model import resource_types

__all__ = ["Seen", "named_owners"]

_TELLING = ("Create", "Describe", "Get", "Import", "List")


@cache
def _table() -> Mapping[str, Mapping[str, frozenset[str]]]:
    text = resources.files("sandgate.gate").joinpath("owners.json").read_text(encoding="utf-8")
    return {
        service: {kind: frozenset(members) for kind, members in rules.items()}
        for service, rules in json.loads(text)["services"].items()
    }


@cache
def _within() -> Mapping[str, tuple[tuple[str, str], ...]]:
    """By service: what is named, and what it is in."""
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for kind in resource_types().values():
        for create in kind.creates:
            if create.via is not None:
                found[kind.service] = tuple((create.via.path, outer) for outer in kind.container)
    return found


def named_owners(service: str, parameters: Mapping[str, object]) -> tuple[str, ...]:
    """What an unsigned call reaches: ids in its parameters, or the client that its access token was issued to."""
    members = _table().get(service, {}).get("parameters", frozenset())
    found = [_short(str(value)) for name, value in parameters.items() if name in members]
    token = parameters.get("AccessToken")
    if not found and isinstance(token, str):
        found.extend(_token_client(token))
    return tuple(found)


class Seen:
    """The ids that signed calls of this run named.

    Args:
        everything: whether the upstream belongs to this run alone.
    """

    def __init__(self, *, everything: bool) -> None:
        self._everything = everything
        self._ids: set[str] = set()
        self._within: dict[str, tuple[str, str]] = {}

    def owns(self, names: Iterable[str]) -> bool:
        """Whether one of the names is the run's."""
        return self._everything or any(name in self._ids for name in names)

    def reads(self, service: str, operation: str) -> bool:
        """Whether an answer teaches something: what a function returns, for one, is anybody's text."""
        if self._everything or not operation.startswith(_TELLING):
            return False
        return bool(_table().get(service, {}).get("answers"))

    def container(self, name: str) -> tuple[str, str] | None:
        """What a signed call said that something is in, and the region of that call."""
        return self._within.get(name)

    def learn(self, service: str, parameters: Mapping[str, object], answer: bytes = b"", *, region: str = "") -> None:
        """Take the ids of a signed call that upstream answered with success.

        Args:
            service: botocore's name.
            parameters: of the call.
            answer: JSON body, if `reads` asked for it.
            region: of the call.
        """
        if self._everything or service not in _table():
            return
        self._ids.update(named_owners(service, parameters))
        self._contain(parameters, service, region)
        members = _table()[service]["answers"]
        if answer and members:
            try:
                nodes = list(_walk(json.loads(answer)))
            except ValueError:
                return  # an answer that is no JSON names nothing
            for node in nodes:
                texts = (value for name, value in node.items() if name in members and isinstance(value, str))
                self._ids.update(map(_short, texts))
                self._contain(node, service, region)

    def _contain(self, node: Mapping[str, object], service: str, region: str) -> None:
        """Take what is in what, where both are named side by side."""
        for inner, outer in _within().get(service, ()):
            name, place = node.get(inner), node.get(outer)
            if isinstance(name, str) and isinstance(place, str):
                self._within[name] = (place, region)


def _walk(node: object) -> Iterator[Mapping[str, object]]:
    """Every structure in an answer."""
    pending = [node]
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            pending.extend(node)
        elif isinstance(node, dict):
            yield node
            pending.extend(value for value in node.values() if not isinstance(value, str))


def _short(value: str) -> str:
    """The id in a URL (`https://ID.lambda-url...`, `.../_aws/lambda-url/ID/`) or an ARN; else the value itself."""
    if value.startswith(("http://", "https://")):
        url = urlsplit(value)
        label = (url.hostname or "").partition(".")[0]
        return url.path.strip("/").rpartition("/")[2] if label.isdecimal() else label
    return value.rpartition("/")[2] if value.startswith("arn:") else value


def _token_client(token: str) -> Iterator[str]:
    """The client id in a JWT, which upstream verifies (RFC 7519)."""
    try:
        middle = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    except (IndexError, binascii.Error, ValueError):
        return
    if isinstance(claims, dict) and isinstance(claims.get("client_id"), str):
        yield claims["client_id"]
