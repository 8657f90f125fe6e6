"""Failed calls of a run, explained: known failures are one data file, matched on error code and context; pure."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["Explanation", "Known", "explain", "known_failures"]

_FIRST_ERROR = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A failure that is known; the fields are told in `known_failures.toml`."""

    name: str
    cause: str
    remedy: str
    code: str
    operation: str = ""
    sequence: tuple[str, ...] = ()
    within: float = 0.0
    own: bool | None = None
    refused: bool | None = None
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a call failed, and what to do."""

    name: str
    call: str
    code: str
    resource: str
    cause: str
    remedy: str
    count: int = 1
    """How many calls failed alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """A call as the log tells it."""

    name: str
    at: float
    region: str
    resources: tuple[str, ...]
    code: str = ""
    """Of the error; empty for success."""
    refusal: Mapping[str, Any] = field(default_factory=dict)

    @property
    def resource(self) -> str:
        return self.resources[0] if self.resources else str(self.refusal.get("value") or "*")


@cache
def known_failures() -> tuple[Known, ...]:
    """Every failure that is known, in the order in which they are tried."""
    text = files("sandgate.stories").joinpath("known_failures.toml").read_text(encoding="utf-8")
    return tuple(Known(**{**one, "sequence": tuple(one.get("sequence", ()))}) for one in tomllib.loads(text)["failure"])


def explain(
    events: Iterable[Mapping[str, Any]],
    *,
    run: str,
    transcript: str = "",
    known: Sequence[Known] | None = None,
) -> tuple[Explanation, ...]:
    """The failures of a run that are known.

    Args:
        events: of its log, in order.
        run: its id.
        transcript: what its steps said.
        known: failures to look for; by default every one.
    """
    calls = tuple(_calls(events))
    found: dict[tuple[str, str, str], Explanation] = {}
    for number, call in enumerate(calls):
        if not call.code:
            continue
        for entry in known_failures() if known is None else known:
            words = _fits(entry, call, calls[:number], transcript)
            if words is not None:
                told = _told(entry, call, {**words, "run": run})
                key = (told.name, told.call, told.resource)
                count = found[key].count + 1 if key in found else 1
                found[key] = Explanation(**{**_fields(told), "count": count})
                break
    return tuple(found.values())


def _fields(told: Explanation) -> dict[str, Any]:
    return {name: getattr(told, name) for name in Explanation.__slots__}


def _calls(events: Iterable[Mapping[str, Any]]) -> Iterator[_Call]:
    """Calls in the order in which they ended, each with how."""
    begun: dict[str, Mapping[str, Any]] = {}
    for event in events:
        kind, identity = event.get("event"), str(event.get("id", ""))
        if kind == "call":
            begun[identity] = event
        elif kind == "done" and identity in begun:
            start = begun.pop(identity)
            status = int(event.get("status", 0))
            code = str(event.get("error") or status) if status >= _FIRST_ERROR else ""
            yield _call(start, code, {})
        elif kind == "refused":
            yield _call({**event, "region": ""}, "AccessDenied", event)


def _call(event: Mapping[str, Any], code: str, refusal: Mapping[str, Any]) -> _Call:
    return _Call(
        name=f"{event.get('service', '')}:{event.get('operation', '')}",
        at=float(event.get("time", 0.0)),
        region=str(event.get("region", "")),
        resources=tuple(map(str, event.get("resources", ()))),
        code=code,
        refusal=refusal,
    )


def _fits(entry: Known, call: _Call, before: Sequence[_Call], transcript: str) -> dict[str, str] | None:
    """What the texts of an entry can name, if it fits; else `None`."""
    if not re.fullmatch(entry.code, call.code) or (entry.operation and not re.fullmatch(entry.operation, call.name)):
        return None
    if entry.refused is not None and entry.refused != bool(call.refusal):
        return None
    if entry.own is not None and entry.own != _made_before(call, before):
        return None
    words: dict[str, str] = {}
    if entry.sequence:
        last = _sequence(entry.sequence, before)
        if last is None or (entry.within and call.at - last.at > entry.within):
            return None
        words["resource"] = last.resource
    if entry.said:
        said = re.search(entry.said, transcript)
        if said is None:
            return None
        words |= {name: value for name, value in said.groupdict().items() if value}
    return words


def _made_before(call: _Call, before: Sequence[_Call]) -> bool:
    """Whether the same call has succeeded on the same resource."""
    return any(one.name == call.name and not one.code and set(one.resources) & set(call.resources) for one in before)


def _sequence(wanted: Sequence[str], before: Sequence[_Call]) -> _Call | None:
    """The last of the calls, if all succeeded in that order on one resource."""
    for last in reversed([one for one in before if one.name == wanted[-1] and not one.code]):
        same = [
            one for one in before if set(one.resources) & set(last.resources) and not one.code and one.at <= last.at
        ]
        rest = iter([one.name for one in same] or [last.name])
        if all(name in rest for name in wanted):
            return last
    return None


def _told(entry: Known, call: _Call, words: Mapping[str, str]) -> Explanation:
    known = {
        "call": call.name,
        "code": call.code,
        "resource": call.resource,
        "region": call.region,
        "action": str(call.refusal.get("action") or call.name),
        "advice": str(call.refusal.get("remedy") or "Look for the rule in `sandgate receipt`."),
        **words,
    }
    known["statement"] = _statement(known["action"], known["resource"])
    return Explanation(
        name=entry.name,
        call=call.name,
        code=call.code,
        resource=known["resource"],
        cause=entry.cause.format_map(known),
        remedy=entry.remedy.format_map(known),
    )


def _statement(action: str, resource: str) -> str:
    """The statement of a policy that would allow it."""
    where = resource if resource.startswith("arn:") else "*"
    return json.dumps({"Effect": "Allow", "Action": action, "Resource": where})
