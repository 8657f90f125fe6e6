"""Addresses that a client will call back: they name the gate in answers, and are what they were in requests.

`addresses.json` lists the members; never object or item data. What an address was is remembered from the answer
that held it, so nothing needs to be known about the upstream. SubscribeURL and UnsubscribeURL of SNS are in no answer
but in what SNS delivers, which is data; the embedded emulator writes the gate's address there itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Literal
from urllib.parse import urlsplit

__all__ = ["AddressRule", "Addresses", "Kind", "address_rules", "at_port"]

Kind = Literal["queue", "text"]
"""`queue`: the member is a queue's URL, on whatever host. `text`: known addresses anywhere in the member."""

AddressRule = tuple[Kind, tuple[str, ...]]

_REMEMBERED = 10_000
_AWS = r"amazonaws\.com(?:\.cn)?"
_END = r"(?![A-Za-z0-9.-])"
_FUNCTION = re.compile(rf"(https?)://([a-z0-9-]+)\.lambda-url\.[a-z0-9-]+\.on\.aws(?::[0-9]+)?{_END}")
_QUEUE = re.compile(
    rf"https?://(?:sqs\.[a-z0-9-]+\.{_AWS}|(?:[a-z0-9-]+\.)?queue\.{_AWS})(/[0-9]{{12}}/[A-Za-z0-9_-]+(?:\.fifo)?)"
)
_REGISTRY = re.compile(rf"(https?://)?(?<![A-Za-z0-9.-])([0-9]{{12}}\.dkr\.ecr\.[a-z0-9-]+\.{_AWS})(/[a-z0-9._/-]+)?")
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-[0-9]")


@cache
def address_rules() -> Mapping[tuple[str, str, str], AddressRule]:
    """The data file, by service, operation and side (`request` or `response`)."""
    text = resources.files("sandgate.rewrite").joinpath("addresses.json").read_text(encoding="utf-8")
    return {
        (row["service"], operation, row["in"]): (row["kind"], tuple(row["paths"]))
        for row in json.loads(text)["rules"]
        for operation in row["operations"]
    }


def at_port(text: str, gate_url: str) -> str:
    """The text, with the gate's addresses of APIs and functions at this port of it.

    Such calls may be unsigned, and then the port alone tells whose they are.

    Args:
        text: may hold addresses with any port of the gate.
        gate_url: of the port that whoever reads the text is to call.
    """
    parts = urlsplit(gate_url)
    own = rf"(http|ws)://{re.escape(parts.hostname or '')}:[0-9]+(?=/_aws/(?:execute-api|lambda-url)/[a-z0-9-])"
    return re.sub(own, lambda match: f"{match[1]}://{parts.netloc}", text)


class Addresses:
    """Translates between an upstream's addresses and the gate's.

    Args:
        gate_url: `http://127.0.0.1:4566`.
        real: whether addresses of APIs and functions in requests become the upstream's; not for an emulator, since
            what runs inside it reaches the gate and cannot reach AWS's host names.
    """

    def __init__(self, gate_url: str, *, real: bool = False) -> None:
        parts = urlsplit(gate_url)
        host = re.escape(parts.hostname or "")
        self._gate = gate_url.rstrip("/")
        self._netloc = parts.netloc
        self._real = real
        self._known: dict[str, dict[str, str]] = {}
        self.foreign_queues = False
        """Whether a queue's URL has been seen that did not name the gate."""
        self._own = re.compile(rf"https?://(?:{host}|localhost)(?::[0-9]+)?(?=/|$)")
        self._api = re.compile(
            rf"(https?|wss?)://([a-z0-9]+)\.execute-api\.(?:[a-z0-9-]+\.{_AWS}|{host})(?::[0-9]+)?{_END}"
        )
        self._callback = re.compile(rf"https?://{host}:[0-9]+(/_aws/(?:execute-api|lambda-url)/[a-z0-9-]+)")
        self._own_queue = re.compile(rf"https?://{host}:[0-9]+(/[0-9]{{12}}/[A-Za-z0-9_-]+(?:\.fifo)?)")
        self._image = re.compile(rf"{host}:[0-9]+(/[a-z0-9._/-]+)((?::[\w.-]+)?(?:@[\w:.-]+)?)")

    def to_gate(self, kind: Kind, text: str, gate_url: str = "") -> str:
        """An answer's text with the gate's addresses.

        Args:
            kind: of the member.
            text: its value.
            gate_url: of the port for APIs and functions. Calls of queues and registries carry a key that tells whose
                they are, and keep the one port that every worker may know them by.
        """
        if kind == "queue":
            return self._queue_to_gate(text)
        if "." not in text:
            return text
        text = self._api.sub(lambda match: self._data_plane(match, "execute-api"), text)
        text = _FUNCTION.sub(lambda match: self._data_plane(match, "lambda-url"), text)
        text = _QUEUE.sub(lambda match: self._queue_to_gate(match[0]), text)
        return at_port(_REGISTRY.sub(self._registry_to_gate, text), gate_url or self._gate)

    def to_real(self, kind: Kind, text: str, region: str) -> str:
        """A request's text with the addresses that the upstream gave.

        Args:
            kind: of the member.
            text: its value.
            region: of the call; tells apart queues of one name in two regions.
        """
        if kind == "queue":
            match = self._own.match(text)
            origin = self._recall(text[match.end() :], region) if match else ""
            return f"{origin}{text[match.end() :]}" if match and origin else text
        image = self._image.fullmatch(text)
        if image:
            registry = self._recall(f"ecr{image[1]}", region) or self._recall("ecr", region)
            return f"{registry}{image[1]}{image[2]}" if registry else text
        text = self._own_queue.sub(lambda match: self._queue_to_real(match, region), text)
        if self._real:
            text = self._callback.sub(lambda match: self._recall(match[1], region) or match[0], text)
        return text

    def _queue_to_real(self, match: re.Match[str], region: str) -> str:
        origin = self._recall(match[1], region)
        return f"{origin}{match[1]}" if origin else match[0]

    def _queue_to_gate(self, url: str) -> str:
        parts = urlsplit(url)
        if not parts.scheme or parts.netloc in ("", self._netloc):
            return url
        origin = f"{parts.scheme}://{parts.netloc}"
        path = url[len(origin) :]
        self._remember(path, origin)
        self.foreign_queues = True
        return f"{self._gate}{path}"

    def _data_plane(self, match: re.Match[str], route: str) -> str:
        path = f"/_aws/{route}/{match[2]}"
        self._remember(path, match[0])
        return (f"ws://{self._netloc}" if match[1].startswith("ws") else self._gate) + path

    def _registry_to_gate(self, match: re.Match[str]) -> str:
        path = match[3] or ""
        self._remember(f"ecr{path}", match[2])
        self._remember("ecr", match[2])
        return ("http://" if match[1] else "") + self._netloc + path

    def _remember(self, key: str, origin: str) -> None:
        if len(self._known) >= _REMEMBERED and key not in self._known:
            del self._known[next(iter(self._known))]
        region = _REGION.search(origin)
        self._known.setdefault(key, {})[region[0] if region else ""] = origin

    def _recall(self, key: str, region: str) -> str:
        """What stood before the gate's address; the only one known when the region tells nothing."""
        origins = self._known.get(key, {})
        return origins.get(region) or (next(iter(origins.values())) if len(origins) == 1 else "")
