"""The ledger at the gate: what a call makes is written down before the call goes out, and what became of it after.

A create whose answer never comes stays in the ledger as it is: alive until somebody proves that it is not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sandgate.core.call import Call
from sandgate.gate.asking import Asking
from sandgate.gate.foreign import Foreign, changes_survey, container_of, writes_over
from sandgate.gate.members import Members, now
from sandgate.gate.outcomes import OnItsWay, Outcomes
from sandgate.gate.pointing import Pointing, pointed_by
from sandgate.gate.probing import Presence, Prober
from sandgate.gate.telling import Telling, is_told
from sandgate.ledger.book import Book
from sandgate.ledger.entry import identity_of
from sandgate.ledger.track import Made, Removed, into, made_by, removed_by, tracked
from sandgate.resources._model import Key, ResourceType, resource_types
from sandgate.wire.http import Headers

__all__ = ["Ledgering"]

_SUCCESS = range(200, 300)
_NOT_DONE = range(300, 500)


class Ledgering:
    """Writes the ledger of a run.

    Args:
        book: the ledger.
        asking: reads of the gate's own.
        prober: asks whether something is there.
        pointing: finds out the containers of what calls name in their place.
        namespace: the run's; what carries it was not there before.
        notice: has the ledger say which emulators are there; told whether to look though nothing says that it changed.
    """

    def __init__(
        self,
        book: Book,
        asking: Asking,
        prober: Prober,
        pointing: Pointing,
        namespace: str,
        notice: Callable[..., None] = lambda **_how: None,
    ) -> None:
        self._book = book
        self._prober = prober
        self._pointing = pointing
        self._namespace = namespace
        self._notice = notice
        self._members = Members(book, asking, namespace)
        self._outcomes = Outcomes(book)
        self._telling = Telling(book, self._members)
        self._foreign = Foreign(book.state, prober, namespace)
        self._open: dict[str, OnItsWay] = {}
        """By the id of the call."""

    @property
    def book(self) -> Book:
        """The ledger itself."""
        return self._book

    def notice(self, *, anyway: bool = False) -> None:
        """Write down which emulators there are, where others may be there than before.

        Args:
            anyway: whether to look also if connections to all of them have lasted.
        """
        self._notice(anyway=anyway)

    def concerns(self, call: Call) -> bool:
        """Whether a call makes, removes or leaves something."""
        return tracked(call) or is_told(call) or self._members.concerns(call) or changes_survey(call)

    def reads(self, call: Call) -> bool:
        """Whether the answer says what the new resource is called, or what a removal has left."""
        opened = self._open.get(call.id)
        return opened is not None and (
            any(made.create and (made.create.ids or made.create.arn) for _, made in opened.made)
            or any(resource_types()[removed.type].removal.partly.get(call.operation) for removed, _ in opened.removes)
        )

    # -- before it goes out ---------------------------------------------------------------------------------------

    async def placed(self, call: Call) -> Call:
        """A call with the container that it means, where it names only something in it."""
        return await self._pointing.placed(call)

    async def before(self, call: Call) -> bool:
        """Write down what a call would make, and remember what it would remove.

        Returns:
            Whether that is on disk; else the call must not go out.
        """
        self.notice()
        letting_go = self._members.concerns(call)
        if letting_go:
            await self._members.before(call)
        opened = OnItsWay(removes=list(self._removes(call)))
        foreign = [
            (kind.name, *container.values())
            for kind, container in into(call)
            if not await self._members.owns(kind.within, container, call.region)
        ]
        for kind, made in made_by(call, inside=False):
            existed = await self._existed(kind, made, call.region)
            self._intend(call, opened, kind, made, existed)
            if kind is not None and kind.silent and not existed:
                opened.silent = await self._silent_before(kind, made.key, call.region)
        if foreign:
            await self._before_inner(call, opened, foreign)
        if is_told(call):
            opened.told = await self._telling.left(call)
        # Members that another call had written down are of use to a sweep only if they outlive this machine's power.
        goes = await self._book.sync() if opened.wrote or letting_go else not self._book.failed
        if goes and (opened.wrote or opened.removes or opened.told):
            self._open[call.id] = opened
        elif opened.wrote:
            self._book.write("failed", id=call.id, code="")
        return goes

    async def _before_inner(self, call: Call, opened: OnItsWay, foreign: Sequence[tuple[object, ...]]) -> None:
        """What it makes in containers of others: names of types with what their containers are called."""
        things = [
            (kind, made)
            for kind, made in made_by(call)
            if kind is not None and kind.within and (kind.name, *container_of(kind, made.key).values()) in foreign
        ]
        found = await asyncio.gather(*(self._foreign.inner(kind, made, call.region) for kind, made in things))
        for one in found:
            if one is None:
                self._book.write("failed", id=call.id, code="")  # it makes nothing there, and nobody need look for it
            elif one.named:
                self._intend(call, opened, one.kind, one.made, one.existed)
            else:
                opened.wrote = True
                container = container_of(one.kind, one.made.key) or pointed_by(call)
                self._telling.finding("unnamed", one.kind.within, container, call, id=call.id)

    def _intend(self, call: Call, opened: OnItsWay, kind: ResourceType | None, made: Made, existed: Presence) -> None:
        opened.made.append((kind, made))
        opened.wrote = True
        self._book.write("intent", **_intent(call, made), **({"existed": existed} if existed else {}))
        if existed is True and kind is not None and writes_over(call.operation):
            self._telling.finding("overwritten", kind.name, made.key, call, id=call.id)

    async def _existed(self, kind: ResourceType | None, made: Made, region: str) -> Presence:
        probe = made.create.probe if made.create else None
        if kind is None or probe is None or self._book.state.holds(made.type, region, made.key):
            return False
        known = {**made.told, **made.key}
        if self._is_ours_by_name(known):
            return False
        return await self._prober.exists(kind.service, probe, known, region)

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

    def _removes(self, call: Call) -> Iterator[tuple[Removed, tuple[str, ...]]]:
        for removed in removed_by(call, self._book.state.alive.values()):
            entry = self._book.state.alive.get(identity_of(removed.type, call.region, removed.key))
            if entry is not None:
                yield removed, tuple(entry.claims)

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
        self.notice()  # the call itself may have found its connection broken, and have gone to another emulator
        if owned:
            self._book.write("owned", items=list(owned))
        opened = self._open.pop(call.id, None)
        if status in _SUCCESS:
            self._members.after(call)
            if changes_survey(call):
                self._foreign.forget()
        if opened is None:
            return
        if status in _SUCCESS:
            self._outcomes.write(call, opened, answer)
        elif status in _NOT_DONE and opened.wrote and not _is_there_though(opened, code):
            self._book.write("failed", id=call.id, code=code)
        if status not in _NOT_DONE:
            self._telling.tell(call, opened.told)

    def over(self, call: Call) -> None:
        """Forget a call that has ended, however it did: what its lines say stays true without an answer.

        What a call changes of others that nobody has answered may have changed, and is told.
        """
        opened = self._open.pop(call.id, None)
        if opened is not None:
            self._telling.tell(call, opened.told)


def _is_there_though(opened: OnItsWay, code: str) -> bool:
    """Whether a call that failed may have made it all the same."""
    return any(made.create is not None and code in made.create.though for _, made in opened.made)


def _intent(call: Call, made: Made) -> dict[str, Any]:
    line: dict[str, Any] = {
        "id": call.id,
        "at": now(),
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
