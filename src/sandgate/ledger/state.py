"""The ledger's lines folded into what is alive: the same fold in the gate, in a sweep and after any crash.

A claim is taken back only by what is known of that very claim: an answer that failed, or a proof of absence. A gone
line names the claims that it closes, so that a create which overtakes a removal stays; and where AWS answers a create
after that, the answer counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args

from sandgate.ledger.entry import Claim, Entry, Identity, identity_of
from sandgate.tiers._instance import is_another

__all__ = ["SCHEMA", "Finding", "State", "fold", "is_sound"]

SCHEMA = 1
_INSTANCE_COLONS = 2
_SEEN = ("made", "perhaps")
"""Claims that say of a resource that it is there now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a run did that no sweep can undo."""

    what: str
    """`overwritten`, `changed`, `sent`, `unnamed`."""
    type: str
    name: str
    test: str = ""
    operation: str = ""
    """`service:operation`."""
    call: str = ""
    """Id of the call, for what has not happened if that failed."""


class State:
    """What is alive, fed line by line."""

    def __init__(self) -> None:
        self.header: Mapping[str, Any] = {}
        self.upstream: Mapping[str, Mapping[str, str]] = {}
        """Where services of emulators on this machine end: `address`, and the name of the `instance` that is there."""
        self.alive: dict[Identity, Entry] = {}
        self.owned: list[str] = []
        """What AWS named and the run made, as the guard keeps it: `service:region:resource`."""
        self.findings: list[Finding] = []
        self.uses: set[Identity] = set()
        """What the run wanted to make and found there: not its own, and still of use to it."""
        self.known: set[Identity] = set()
        """Every complete identity that was ever the run's."""
        self.ids: set[str] = set()
        """Every call that a line is about."""
        self._calls: dict[str, set[Identity]] = {}
        self._late: dict[tuple[str, Identity], Entry] = {}
        """What was proven gone, or removed, while the call that may make it was still under way: it may come after."""
        self._doubted: set[str] = set()
        """Calls with findings that stand unless the call failed."""
        self._takes: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
            "open": self._open,
            "upstream": self._upstream,
            "intent": self._intent,
            "adopted": self._adopted,
            "made": self._made,
            "failed": self._failed,
            "going": self._going,
            "gone": self._gone,
            "leak": self._leak,
            "owned": lambda line: self.owned.extend(line["items"]),
            "finding": self._finding,
            "ended": self._ended,
        }

    def holds(self, type_: str, region: str, key: Mapping[str, Any]) -> bool:
        """Whether a resource is alive and the run's own."""
        found = self.alive.get(identity_of(type_, region, key))
        return found is not None and found.claim != "doubt" and not self.may_be_anothers(found)

    def may_be_anothers(self, entry: Entry) -> bool:
        """Whether a resource was in an emulator that has ended, and anybody may have its name in the one of now."""
        namespace = str(self.header.get("namespace", "")) or "\0"
        names = (*entry.key.values(), *entry.told.values())
        return entry.anew and not any(namespace in str(value) for value in names)

    def ended_with_emulator(self, now: Mapping[str, str]) -> list[Entry]:
        """What was made in emulators that have certainly ended.

        Args:
            now: name of what listens at an address, `127.0.0.1:8000`.
        """
        gone = frozenset(
            service
            for service, place in self.upstream.items()
            if is_another(place["instance"], now.get(place["address"], ""))
        )
        return [entry for entry in self.alive.values() if entry.anew or entry.service in gone]

    def apply(self, line: Mapping[str, Any]) -> None:
        """Take one line; kinds that a newer sandgate writes are passed over."""
        take = self._takes.get(str(line.get("ledger")))
        if take is not None:
            if "id" in line:
                self.ids.add(str(line["id"]))
            take(line)

    def _open(self, line: Mapping[str, Any]) -> None:
        self.header = self.header or line

    def _upstream(self, line: Mapping[str, Any]) -> None:
        services: Mapping[str, Mapping[str, str]] = line["services"]
        anew = {
            service
            for service, place in services.items()
            if is_another(self.upstream.get(service, {}).get("instance", ""), place["instance"])
        }
        self.upstream = {**self.upstream, **services}
        for identity, entry in self.alive.items() if anew else ():
            if entry.service in anew:
                self.alive[identity] = replace(entry, anew=True)

    def _intent(self, line: Mapping[str, Any]) -> None:
        existed = line.get("existed", False)
        if existed is True:
            self.uses.add(identity_of(line["type"], line["region"], line["key"]))
            return
        self._claim(line, "doubt" if existed == "unknown" else "unknown")

    def _adopted(self, line: Mapping[str, Any]) -> None:
        self._claim(line, line.get("claim", "perhaps"))

    def _claim(self, line: Mapping[str, Any], claim: Claim) -> None:
        call = str(line["id"])
        entry = Entry(
            type=line["type"],
            key=line["key"],
            region=line["region"],
            claims={call: claim},
            at=line["at"],
            test=line.get("test", ""),
            operation=line.get("operation", ""),
            told=line.get("told", {}),
            arn=line.get("arn", ""),
            why=line.get("why", ""),
            stack=line.get("stack", ""),
        )
        identity = entry.identity
        before = self.alive.get(identity)
        if before is not None:
            anew = before.anew and claim not in _SEEN
            entry = replace(before, claims={**before.claims, call: claim}, anew=anew)
        self.alive[identity] = entry
        self._calls.setdefault(call, set()).add(identity)
        if entry.complete:
            self.known.add(identity)

    def _made(self, line: Mapping[str, Any]) -> None:
        call = str(line["id"])
        for identity in tuple(self._calls.get(call, ())):
            late = self._late.pop((call, identity), None)
            entry = self.alive.pop(identity, late)
            if entry is None:
                continue
            key = {**entry.key, **line.get("key", {})}
            arn = line.get("arn", "") or entry.arn
            # One claim leaves an entry whose key was incomplete and joins the resource that it turned out to be.
            claim: Claim = "doubt" if entry.claims.get(call) == "doubt" else "made"
            whole = replace(entry, key=key, arn=arn, claims={**entry.claims, call: claim}, anew=False)
            before = self.alive.get(whole.identity)
            claims = {**before.claims, **whole.claims} if before else whole.claims
            self.alive[whole.identity] = replace(whole, claims=claims)
            self._calls[call].discard(identity)
            self._calls[call].add(whole.identity)
            self.known.add(whole.identity)

    def _failed(self, line: Mapping[str, Any]) -> None:
        call = str(line["id"])
        for identity in self._calls.pop(call, set()):
            self._release(identity, {call})
            self._late.pop((call, identity), None)
        if call in self._doubted:
            self.findings = [finding for finding in self.findings if finding.call != call]

    def _going(self, line: Mapping[str, Any]) -> None:
        identity = identity_of(line["type"], line["region"], line["key"])
        entry = self.alive.get(identity)
        if entry is not None:
            closed = set(line.get("ids", entry.claims))
            claims: dict[str, Claim] = {
                call: "going" if call in closed else kept for call, kept in entry.claims.items()
            }
            self.alive[identity] = replace(entry, claims=claims)

    def _gone(self, line: Mapping[str, Any]) -> None:
        identity = identity_of(line["type"], line["region"], line["key"], call=line.get("call", ""))
        entry = self.alive.get(identity)
        if entry is not None:
            closed = set(line.get("ids", entry.claims))
            for call in closed:
                if entry.claims.get(call) == "unknown":
                    self._late[call, identity] = replace(entry, claims={call: "unknown"})
            self._release(identity, closed)

    def _ended(self, _line: Mapping[str, Any]) -> None:
        """The upstream itself is gone, and everything with it."""
        self.alive.clear()
        self._calls.clear()
        self._late.clear()

    def _release(self, identity: Identity, calls: set[str]) -> None:
        entry = self.alive.get(identity)
        if entry is None:
            return
        claims = {call: claim for call, claim in entry.claims.items() if call not in calls}
        if claims:
            self.alive[identity] = replace(entry, claims=claims)
        else:
            del self.alive[identity]

    def _leak(self, line: Mapping[str, Any]) -> None:
        identity = identity_of(line["type"], line["region"], line["key"], call=line.get("call", ""))
        entry = self.alive.get(identity)
        if entry is not None:
            self.alive[identity] = replace(entry, why=str(line["why"]))

    def _finding(self, line: Mapping[str, Any]) -> None:
        finding = Finding(
            what=line["what"],
            type=line["type"],
            name=line["name"],
            test=line.get("test", ""),
            operation=line.get("operation", ""),
            call=str(line.get("id", "")),
        )
        if finding.call:
            self._doubted.add(finding.call)
        self.findings.append(finding)


def fold(lines: Iterable[Mapping[str, Any]]) -> State:
    """What is alive after all lines."""
    state = State()
    for line in lines:
        state.apply(line)
    return state


def is_sound(state: State) -> bool:
    """Whether what lines say is of the kinds that it must be; what was folded from damaged lines may be anything."""
    return (
        _is_time(state.header.get("at", 0.0))
        and all(_is_whole(entry) for entry in state.alive.values())
        and all(_is_place(place) for place in state.upstream.values())
    )


def _is_whole(entry: Entry) -> bool:
    texts = (entry.type, entry.region, entry.test, entry.operation, entry.arn, entry.why, entry.stack)
    return (
        all(isinstance(text, str) for text in texts)
        and all(isinstance(part, Mapping) for part in (entry.key, entry.told))
        and all(claim in get_args(Claim) for claim in entry.claims.values())
        and _is_time(entry.at)
    )


def _is_place(place: Mapping[str, object]) -> bool:
    """Whether it names an address, and what listens there."""
    address, instance = place.get("address"), place.get("instance")
    if not isinstance(address, str) or not isinstance(instance, str):
        return False
    return address.rpartition(":")[2].isdecimal() and instance.count(":") == _INSTANCE_COLONS


def _is_time(value: object) -> bool:
    """Whether it is a number of seconds; JSON readers take NaN and Infinity as well."""
    return isinstance(value, int | float) and math.isfinite(value)
