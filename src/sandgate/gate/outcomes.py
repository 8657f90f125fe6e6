"""What a call that succeeded has made and removed, as lines of the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandgate.core.call import SWEEPER, Call
from sandgate.gate.members import now
from sandgate.gate.probing import Presence
from sandgate.gate.telling import Left
from sandgate.ledger.answers import all_in, entries_in, found_in, ids_in, in_headers, unsaid
from sandgate.ledger.book import Book
from sandgate.ledger.entry import name_of
from sandgate.ledger.track import Made, Removed
from sandgate.resources._model import Key, ResourceType, resource_types
from sandgate.wire.http import Headers

__all__ = ["OnItsWay", "Outcomes"]

_NOTHING = ("", "{}")
_Thing = tuple[ResourceType | None, Made]


@dataclass(slots=True)
class OnItsWay:
    """What is known of a call while it is on its way."""

    made: list[_Thing] = field(default_factory=list)
    wrote: bool = False
    """Whether the ledger must hear of it if it fails."""
    removes: list[tuple[Removed, tuple[str, ...]]] = field(default_factory=list)
    """What it removes, and the claims that each had when it went out."""
    silent: dict[str, Presence] = field(default_factory=dict)
    """Types of what comes with the new resource, and whether that was there before."""
    told: list[Left] = field(default_factory=list)
    """What it leaves in containers of others."""


class Outcomes:
    """Writes what became of calls.

    Args:
        book: the ledger.
    """

    def __init__(self, book: Book) -> None:
        self._book = book

    def write(self, call: Call, opened: OnItsWay, answer: tuple[bytes, Headers]) -> None:
        """Write down what a call that succeeded has made and removed.

        Args:
            call: the call.
            opened: what was known of it when it went out.
            answer: body and headers, where they say what the new resource is called.
        """
        version: tuple[str, Key] | None = None
        if opened.made:  # one line for all that the call made: only a single one has ids of its own
            kind, made = opened.made[0]
            create = made.create
            ids = _ids_of(made, answer) if create and not create.each else {}
            arn = found_in(answer[0], {"arn": create.arn}).get("arn", "") if create and create.arn else ""
            self._book.write("made", id=call.id, **({"key": ids} if ids else {}), **({"arn": arn} if arn else {}))
            if create is not None and create.each:
                self._name_each(call, opened.made, entries_in(answer[0], *create.each))
            elif kind is not None and create is not None and in_headers(create.ids) and ids != unsaid(create.ids):
                version = (kind.name, {**made.key, **ids})
                self._adopt_version(*version, call)
            if kind is not None and kind.silent:
                self._adopt_silent(kind, {**made.key, **ids}, call, opened.silent)
        for removed, ids_then in opened.removes:
            if version is not None and version[0] == removed.type and version[1] != removed.key:
                continue  # a marker came before it, and it is still there
            # A sweep proves absence itself: until it has, what it removed counts as there.
            proven = removed.at_once and call.principal.worker != SWEEPER and not _leaves_some(removed, call, answer[0])
            self._book.write(
                "gone" if proven else "going",
                type=removed.type, region=call.region, key=removed.key, ids=list(ids_then),
                why=f"{call.service}:{call.operation}",
            )  # fmt: skip

    def _name_each(self, call: Call, things: list[_Thing], entries: list[dict[str, str]]) -> None:
        """What an answer says of each of those whose ids only AWS knew."""
        for kind, made in things:
            if kind is None or set(kind.key) <= set(made.key):
                continue
            own = [entry for entry in entries if all(made.key.get(at, value) == value for at, value in entry.items())]
            for number, entry in enumerate(own):
                self._book.write(
                    "adopted", id=f"{call.id}/{number}", at=now(), type=kind.name, key={**made.key, **entry},
                    region=call.region, claim="made", operation=f"{call.service}:{call.operation}",
                )  # fmt: skip
            if own:
                self._book.write(
                    "gone", type=kind.name, region=call.region, key=dict(made.key), call=call.id, ids=[call.id],
                    why="it is known by its whole key",
                )  # fmt: skip

    def _adopt_version(self, type_: str, key: Key, call: Call) -> None:
        """What a header names is new, whatever was there before under the name: a version of an object."""
        if not self._book.state.holds(type_, call.region, key):
            self._book.write(
                "adopted", id=call.id, at=now(), type=type_, key=key, region=call.region, claim="made",
                why=f"{call.service}:{call.operation}",
            )  # fmt: skip

    def _adopt_silent(self, kind: ResourceType, key: Key, call: Call, before: Mapping[str, Presence]) -> None:
        for silent in kind.silent:
            other = {member: form.format_map(key) for member, form in silent.key.items()}
            existed = before.get(silent.type, "unknown")
            if existed is not True and not self._book.state.holds(silent.type, call.region, other):
                self._book.write(
                    "adopted", id=call.id, at=now(), type=silent.type, key=other, region=call.region,
                    claim="doubt" if existed == "unknown" else "perhaps",
                    why=f"comes with {kind.name} {name_of(key)}",
                )  # fmt: skip


def _leaves_some(removed: Removed, call: Call, body: bytes) -> bool:
    """Whether a removal that succeeded may have left something."""
    path = resource_types()[removed.type].removal.partly.get(call.operation)
    return path is not None and (not path or any(value not in _NOTHING for value in all_in(body, path)))


def _ids_of(made: Made, answer: tuple[bytes, Headers]) -> dict[str, str]:
    """What AWS chose; a name that the request gave stays, unless the answer's header is of a new version of it."""
    assert made.create is not None
    ids = ids_in(answer, made.create.ids)
    return ids if in_headers(made.create.ids) else {at: value for at, value in ids.items() if at not in made.key}
