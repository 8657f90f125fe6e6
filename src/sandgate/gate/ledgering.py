"""The ledger at the gate: what a call makes is written down before the call goes out, and what became of it after.

A create whose answer never comes stays in the ledger as it is: alive until somebody proves that it is not.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from sandgate.core.call import SWEEPER, Call
from sandgate.core.paths import first
from sandgate.gate.asking import Asking, StackMember
from sandgate.gate.probing import Presence, Prober
from sandgate.ledger.answers import found_in
from sandgate.ledger.book import Book
from sandgate.ledger.entry import identity_of
from sandgate.ledger.track import Made, creates_of, made_by, removed_by, tracked
from sandgate.resources._model import Create, Key, ResourceType, resource_types
from sandgate.wire.http import Headers

__all__ = ["STACK", "Ledgering", "key_of_member"]

_SUCCESS = range(200, 300)
_NOT_DONE = range(300, 500)
_IN_HEADER = "x-"
STACK = "cloudformation-stack"
_CHANGES_MEMBERS = frozenset({
    "ContinueUpdateRollback", "DeleteStack", "ExecuteChangeSet", "RollbackStack", "UpdateStack",
})  # fmt: skip
"""After these a stack may have let go of members that still exist."""


class Ledgering:
    """Writes the ledger of a run.

    Args:
        book: the ledger.
        asking: reads of the gate's own.
        prober: asks whether something is there.
        namespace: the run's; what carries it was not there before.
    """

    def __init__(self, book: Book, asking: Asking, prober: Prober, namespace: str) -> None:
        self._book = book
        self._asking = asking
        self._prober = prober
        self._namespace = namespace
        self._removing: dict[str, tuple[tuple[str, ...], ...]] = {}
        """Call id to the claims that each resource had which it removes, when it went out."""
        self._silent: dict[str, dict[str, Presence]] = {}
        """Call id to the types of what comes with the new resource, and whether that was there before."""

    @property
    def book(self) -> Book:
        """The ledger itself."""
        return self._book

    def concerns(self, call: Call) -> bool:
        """Whether a call makes or removes something."""
        return tracked(call) or (call.service == "cloudformation" and call.operation in _CHANGES_MEMBERS)

    def reads(self, call: Call) -> bool:
        """Whether the answer says what the new resource is called."""
        return any(create.ids or create.arn for _, create in creates_of(call))

    # -- before it goes out ---------------------------------------------------------------------------------------

    async def before(self, call: Call) -> bool:
        """Write down what a call would make, and remember what it would remove.

        Returns:
            Whether that is on disk; else the call must not go out.
        """
        wrote = False
        if call.service == "cloudformation" and call.operation in _CHANGES_MEMBERS:
            wrote = await self._adopt_members(call)
        for kind, made in made_by(call):
            if kind is not None and kind.within and self._is_inside_own(kind, made.key, call.region):
                continue
            existed = await self._existed(kind, made, call.region)
            wrote = True
            if not self._book.write("intent", **_intent(call, made), **({"existed": existed} if existed else {})):
                return False
            if existed is True and kind is not None and kind.within:
                self._finding("overwritten", kind, made.key, call)
            if kind is not None and kind.silent and not existed:
                self._silent[call.id] = await self._silent_before(kind, made.key, call.region)
        self._remember_removals(call)
        return await self._book.sync() if wrote else not self._book.failed

    def _is_inside_own(self, kind: ResourceType, key: Key, region: str) -> bool:
        """Whether the container goes with the run, and what is in it too."""
        container = {outer: key[inner] for outer, inner in kind.container.items() if inner in key}
        return self._book.state.holds(kind.within, region, container)

    async def _existed(self, kind: ResourceType | None, made: Made, region: str) -> Presence:
        probe = made.create.probe if made.create else None
        if kind is None or probe is None or self._book.state.holds(made.type, region, made.key):
            return False
        if not kind.within and self._is_ours_by_name(made.key):
            return False
        return await self._prober.exists(kind.service, probe, made.key, region)

    def _is_ours_by_name(self, key: Key) -> bool:
        """Whether it carries the run's own random name, and so cannot have been there before it."""
        return any(self._namespace in str(value) for value in key.values())

    async def _silent_before(self, kind: ResourceType, key: Key, region: str) -> dict[str, Presence]:
        found: dict[str, Presence] = {}
        for silent in kind.silent:
            other = {member: form.format_map(key) for member, form in silent.key.items()}
            if self._is_ours_by_name(other) or self._book.state.holds(silent.type, region, other):
                found[silent.type] = False
            elif silent.probe is None:
                found[silent.type] = "unknown"
            else:
                service = resource_types()[silent.type].service
                found[silent.type] = await self._prober.exists(service, silent.probe, other, region)
        return found

    def _finding(self, what: str, kind: ResourceType, key: Key, call: Call) -> None:
        name = " ".join(str(value) for value in key.values())
        self._book.write("finding", what=what, type=kind.name, name=name, test=call.test_id)

    def _remember_removals(self, call: Call) -> None:
        claims = []
        for removed in removed_by(call):
            entry = self._book.state.alive.get(identity_of(removed.type, call.region, removed.key))
            claims.append(tuple(entry.claims) if entry else ())
        if any(claims):
            self._removing[call.id] = tuple(claims)

    async def _adopt_members(self, call: Call) -> bool:
        """Members of a stack of this run, before the stack may let go of them; whether there are any."""
        name = call.parameters.get("StackName")
        if not isinstance(name, str) or not self._owns_stack(name, call.region):
            return False
        wrote = False
        for type_, key, physical in _keys_of(await self._asking.members(name, call.region) or ()):
            wrote = self._book.write(
                "adopted", id=call.id, at=_now(), type=type_, key=key, region=call.region,
                why=f"was {physical} in the stack {name}",
            )  # fmt: skip
        return wrote

    def _owns_stack(self, name: str, region: str) -> bool:
        short = name.split("/")[1] if name.startswith("arn:") and "/" in name else name
        return self._book.state.holds(STACK, region, {"StackName": short})

    # -- after it was answered ------------------------------------------------------------------------------------

    def after(self, call: Call, status: int, code: str, answer: tuple[bytes, Headers], owned: tuple[str, ...]) -> None:
        """Write down what became of it.

        Args:
            call: the call.
            status: HTTP status of the upstream's answer.
            code: its error code.
            answer: its body and headers, if `reads` asked for them.
            owned: what the guard has learnt from it.
        """
        if owned:
            self._book.write("owned", items=list(owned))
        if status in _SUCCESS:
            self._after_success(call, answer)
        elif status in _NOT_DONE and creates_of(call):
            self._book.write("failed", id=call.id, code=code)
        self._removing.pop(call.id, None)
        self._silent.pop(call.id, None)

    def _after_success(self, call: Call, answer: tuple[bytes, Headers]) -> None:
        first_made = next(made_by(call), None)
        if first_made is not None:  # one line for all that the call made: only a single one has ids of its own
            kind, made = first_made
            create = made.create
            ids = _ids(answer, create.ids) if create else {}
            arn = found_in(answer[0], {"arn": create.arn}).get("arn", "") if create and create.arn else ""
            self._book.write("made", id=call.id, **({"key": ids} if ids else {}), **({"arn": arn} if arn else {}))
            if kind is not None and create is not None and ids != _ids((b"", ()), create.ids):
                self._adopt_version(kind, {**made.key, **ids}, create, call)
            if kind is not None and kind.silent:
                self._adopt_silent(kind, {**made.key, **ids}, call)
        for removed, ids_then in zip(removed_by(call), self._removing.get(call.id, ()), strict=False):
            if ids_then:
                # A sweep proves absence itself: until it has, what it removed counts as there.
                proven = removed.at_once and call.principal.worker != SWEEPER
                self._book.write(
                    "gone" if proven else "going",
                    type=removed.type, region=call.region, key=removed.key, ids=list(ids_then),
                    why=f"{call.service}:{call.operation}",
                )  # fmt: skip

    def _adopt_version(self, kind: ResourceType, key: Key, create: Create, call: Call) -> None:
        """What a header names is new, whatever was there before under the name: a version of an object."""
        of_header = any(path.startswith(_IN_HEADER) for path in create.ids.values())
        if not of_header or self._book.state.holds(kind.name, call.region, key):
            return
        if not (kind.within and self._is_inside_own(kind, key, call.region)):
            self._book.write(
                "adopted", id=call.id, at=_now(), type=kind.name, key=key, region=call.region, claim="made",
                why=f"{call.service}:{call.operation}",
            )  # fmt: skip

    def _adopt_silent(self, kind: ResourceType, key: Key, call: Call) -> None:
        before = self._silent.get(call.id, {})
        for silent in kind.silent:
            other = {member: form.format_map(key) for member, form in silent.key.items()}
            existed = before.get(silent.type, "unknown")
            if existed is not True and not self._book.state.holds(silent.type, call.region, other):
                self._book.write(
                    "adopted", id=call.id, at=_now(), type=silent.type, key=other, region=call.region,
                    claim="doubt" if existed == "unknown" else "perhaps",
                    why=f"comes with {kind.name} {' '.join(str(value) for value in key.values())}",
                )  # fmt: skip


def _ids(answer: tuple[bytes, Headers], paths: Mapping[str, str]) -> dict[str, str]:
    """What an answer says; paths that begin with `x-` are of its headers."""
    body, headers = answer
    told = {name: first(dict(headers), path) for name, path in paths.items() if path.startswith(_IN_HEADER)}
    found = found_in(body, {name: path for name, path in paths.items() if name not in told})
    return {**found, **{name: str(value) for name, value in told.items() if value is not None}}


def _intent(call: Call, made: Made) -> dict[str, Any]:
    line: dict[str, Any] = {
        "id": call.id,
        "at": _now(),
        "type": made.type,
        "region": call.region,
        "key": dict(made.key),
        "operation": f"{call.service}:{call.operation}",
    }
    if made.told:
        line["told"] = dict(made.told)
    if call.test_id:
        line["test"] = call.test_id
    return line


def _keys_of(members: tuple[StackMember, ...]) -> Iterator[tuple[str, Key, str]]:
    for member in members:
        for kind in resource_types().values():
            if kind.type == member.type and not kind.within:
                key = key_of_member(kind, member.physical_id)
                if key is not None:
                    yield kind.name, key, member.physical_id


def key_of_member(kind: ResourceType, physical: str) -> Mapping[str, str] | None:
    """The key of a stack's member, from its physical id; None where that does not tell."""
    paths = kind.physical or ({kind.key[0]: "@"} if len(kind.key) == 1 else {})
    found = {member: first(physical, path) for member, path in paths.items()}
    if set(found) != set(kind.key) or not all(isinstance(value, str) and value for value in found.values()):
        return None
    return {member: str(value) for member, value in found.items()}


def _now() -> float:
    return round(time.time(), 6)
