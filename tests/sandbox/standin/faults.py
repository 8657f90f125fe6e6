"""What can be made to go wrong: the nth call that fits is throttled, delayed, cut, answered by a stranger, ….

A fault is a function of its own settings that turns the rest of the exchange into another one; the registry lists them.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.sandbox.standin.errors import error
from tests.sandbox.standin.messages import Answer

__all__ = ["FAULTS", "Cut", "Fault", "Reset", "Seen"]

Forward = Callable[[], Awaitable[Answer]]


@dataclass(slots=True, kw_only=True)
class Seen:
    """A call that arrived."""

    host: str
    service: str
    operation: str
    region: str
    access_key_id: str
    time: float
    """Seconds since the epoch."""
    method: str
    path: str
    protocol: str = field(repr=False)
    status: int = 0
    """What was answered; 0 until it was, or where the connection broke."""
    refused: str = ""
    """Why the front did not let it through."""
    fault: str = ""
    """What was injected."""


class Reset(Exception):
    """End the connection without a word more."""


class Cut(Exception):
    """Send the head of an answer and part of its body, then end the connection."""

    def __init__(self, answer: Answer, keep: int) -> None:
        super().__init__()
        self.answer = answer
        self.keep = keep


@dataclass(slots=True, kw_only=True)
class Fault:
    """What goes wrong, and for which calls."""

    kind: str
    service: str = ""
    operation: str = ""
    """Pattern of names, as `Put.*`; empty is any."""
    host: str = ""
    key: str = ""
    """Access key id; empty is any."""
    skip: int = 0
    """Calls that fit and are left alone first."""
    times: int = 1
    """Calls that it happens to; 0 is every one from then on."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    happened: int = 0
    _fitted: int = 0

    def takes(self, seen: Seen) -> bool:
        """Whether it happens to this call, which is counted."""
        for pattern, given in (
            (self.service, seen.service), (self.operation, seen.operation), (self.host, seen.host),
            (self.key, seen.access_key_id),
        ):  # fmt: skip
            if pattern and not re.fullmatch(pattern, given):
                return False
        self._fitted += 1
        if self._fitted <= self.skip or (self.times and self.happened >= self.times):
            return False
        self.happened += 1
        return True

    async def happen(self, seen: Seen, forward: Forward) -> Answer:
        """The answer in place of the one that `forward` would give."""
        return await FAULTS[self.kind](seen, forward, **self.settings)


def _says(kind: str) -> Callable[..., Awaitable[Answer]]:
    async def say(
        seen: Seen, forward: Forward, *, status: int = 0, code: str = "", retry_after: int = 0, after: bool = False
    ) -> Answer:
        """An error; with `after` the call is carried out first, as when an answer is lost in AWS."""
        if after:
            await forward()
        headers = (("retry-after", str(retry_after)),) if retry_after else ()
        return error(kind, seen.protocol, status=status, code=code, headers=headers)

    return say


async def _reset(_seen: Seen, forward: Forward, *, after: bool = False) -> Answer:
    """The connection is reset, before the call is carried out or `after` it."""
    if after:
        await forward()
    raise Reset


async def _slow(_seen: Seen, forward: Forward, *, seconds: float = 1.0) -> Answer:
    """The answer takes its time."""
    answer = await forward()
    await asyncio.sleep(seconds)
    return answer


async def _cut(_seen: Seen, forward: Forward, *, keep: int = 10) -> Answer:
    """Only the first bytes of the body come."""
    raise Cut(await forward(), keep)


async def _stranger(_seen: Seen, forward: Forward, *, was: str, account: str) -> Answer:
    """Another account answers: every id of the one in the body is that of the other."""
    answer = await forward()
    return replace(answer, body=answer.body.replace(was.encode(), account.encode()))


async def _body(_seen: Seen, forward: Forward, *, of: str, by: str) -> Answer:
    """Part of the body reads otherwise (regular expression)."""
    answer = await forward()
    return replace(answer, body=re.sub(of.encode(), by.encode(), answer.body))


FAULTS: Mapping[str, Callable[..., Awaitable[Answer]]] = {
    "throttle": _says("throttle"),
    "unavailable": _says("unavailable"),
    "internal": _says("internal"),
    "expired": _says("expired"),
    "revoked": _says("key"),
    "skew": _says("skew"),
    "denied": _says("denied"),
    "reset": _reset,
    "slow": _slow,
    "cut": _cut,
    "stranger": _stranger,
    "body": _body,
}
