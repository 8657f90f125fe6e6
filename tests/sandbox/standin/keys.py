"""Which access keys exist: those that a test knows, and those that answers on their way through gave out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl
from xml.etree import ElementTree as ET

from tests.sandbox.standin.messages import Answer, Request

__all__ = ["Key", "Keys", "shorten", "tell_last_use"]

_EXPIRATION = re.compile(rb"(?<=<Expiration>)[^<]+(?=</Expiration>)")


@dataclass(slots=True, kw_only=True)
class Key:
    """One access key."""

    access_key_id: str
    secret: str = field(repr=False)
    token: str = field(default="", repr=False)
    expires: datetime | None = None
    active: bool = True
    used: datetime | None = None
    """When it was last believed."""
    used_for: tuple[str, str] = ("", "")
    """Region and signing name of that."""


class Keys:
    """All that are known."""

    def __init__(self) -> None:
        self._known: dict[str, Key] = {}

    def __getitem__(self, access_key_id: str) -> Key:
        """A key that is known."""
        return self._known[access_key_id]

    def __iter__(self) -> Iterator[Key]:
        """All of them, in the order in which they came."""
        return iter(tuple(self._known.values()))

    def get(self, access_key_id: str) -> Key | None:
        """A key, if it is known."""
        return self._known.get(access_key_id)

    def add(self, key: Key) -> None:
        """Make one known."""
        self._known[key.access_key_id] = key

    def forget(self, access_key_id: str) -> None:
        """One that is no more."""
        self._known.pop(access_key_id, None)

    def learn(self, request: Request, answer: Answer) -> None:
        """Take from an answer of IAM, STS or Cognito what it says about keys."""
        if answer.status != 200:
            return
        asked = dict(parse_qsl(request.body.decode("latin-1"))) if b"Action=" in request.body else {}
        action = asked.get("Action", "")
        if action == "DeleteAccessKey":
            self.forget(asked.get("AccessKeyId", ""))
        elif action == "UpdateAccessKey" and asked.get("AccessKeyId") in self._known:
            self._known[asked["AccessKeyId"]].active = asked.get("Status") == "Active"
        elif b"SecretAccessKey>" in answer.body:
            self._read(_leaves(answer.body))
        elif b'"SecretKey"' in answer.body and request.header("x-amz-target").endswith(".GetCredentialsForIdentity"):
            self._read(json.loads(answer.body)["Credentials"])

    def _read(self, said: dict[str, object]) -> None:
        expires = said.get("Expiration")
        self.add(
            Key(
                access_key_id=str(said["AccessKeyId"]),
                secret=str(said.get("SecretAccessKey") or said["SecretKey"]),
                token=str(said.get("SessionToken") or ""),
                expires=_moment(expires) if expires else None,
            )
        )


def tell_last_use(request: Request, answer: Answer, keys: Keys) -> Answer:
    """What IAM's GetAccessKeyLastUsed says of a key that was used, which the emulator does not know."""
    key = keys.get(dict(parse_qsl(request.body.decode("latin-1"))).get("AccessKeyId", ""))
    if b"<GetAccessKeyLastUsedResult>" not in answer.body or key is None or key.used is None:
        return answer
    region, service = key.used_for
    said = f"<LastUsedDate>{key.used:%Y-%m-%dT%H:%M:%SZ}</LastUsedDate><Region>{region}</Region>"
    never = b"<Region>N/A</Region><ServiceName>N/A</ServiceName>"
    used = f"{said}<ServiceName>{service}</ServiceName>".encode()
    return replace(answer, body=answer.body.replace(never, used))


def shorten(answer: Answer, lifetime: timedelta) -> Answer:
    """An answer of STS whose session ends sooner."""
    end = f"{datetime.now(UTC) + lifetime:%Y-%m-%dT%H:%M:%SZ}".encode()
    return replace(answer, body=_EXPIRATION.sub(end, answer.body))


def _leaves(body: bytes) -> dict[str, object]:
    return {re.sub(r"^\{.*\}", "", each.tag): each.text or "" for each in ET.fromstring(body).iter() if not len(each)}


def _moment(value: object) -> datetime:
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    return datetime.fromisoformat(str(value))
