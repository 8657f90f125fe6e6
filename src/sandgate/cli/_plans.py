"""What a sweep would do, and what it did, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sandgate.cli._runs import kind_of
from sandgate.reports.lines import plain, wrapped

if TYPE_CHECKING:
    from sandgate.ledger.entry import Entry
    from sandgate.sweep.plan import Step
    from sandgate.sweep.strays import Listed
    from sandgate.sweep.work import Swept

__all__ = [
    "left_json", "left_lines", "not_listed_json", "not_listed_lines", "plan_json", "plan_lines", "stray_json",
    "stray_lines", "swept_json",
]  # fmt: skip

_SHOWN = 20


def plan_lines(steps: Sequence[Step], *, everything: bool) -> Iterator[str]:
    """The plan, in the order in which it will be carried out.

    Args:
        steps: of one run.
        everything: whether no line is left out.
    """
    for what, heading in (("remove", "to remove, in this order"), ("tell", "stays"), ("absent", "gone already")):
        found = [step for step in steps if step.what == what]
        yield from _listed(heading, [(step.entry, step.why) for step in found], everything=everything)


def left_lines(swept: Swept) -> Iterator[str]:
    """What is still there, each with its reason."""
    yield from _listed("still there", [(left.entry, left.why) for left in swept.left], everything=True)


def _listed(heading: str, found: Sequence[tuple[Entry, str]], *, everything: bool) -> Iterator[str]:
    if not found:
        return
    yield f"  {heading} ({len(found)}):"
    shown = found if everything else found[:_SHOWN]
    for entry, why in shown:
        yield f"    {plain(f'{kind_of(entry)} {entry.name}')}"
        yield from wrapped(why, "      ")
    if len(found) > len(shown):
        yield f"    and {len(found) - len(shown)} more; --dry-run shows all"


def plan_json(steps: Iterable[Step]) -> list[dict[str, object]]:
    """The plan for programs, in its order."""
    return [{"what": step.what, **_named(step.entry), "why": step.why} for step in steps]


def swept_json(swept: Swept) -> dict[str, object]:
    """The outcome for programs."""
    return {"removed": [_named(entry) for entry in swept.removed], "left": left_json(swept)}


def left_json(swept: Swept) -> list[dict[str, object]]:
    """What is still there, for programs."""
    return [{**_named(left.entry), "why": left.why} for left in swept.left]


def _named(entry: Entry) -> dict[str, object]:
    return {"type": kind_of(entry), "name": entry.name, "region": entry.region}


def stray_lines(found: Sequence[Mapping[str, Any]], *, everything: bool) -> Iterator[str]:
    """What carries the prefix and is nobody's, in the order in which it will go."""
    if not found:
        return
    yield f"  in no ledger, to remove in this order ({len(found)}):"
    shown = found if everything else found[:_SHOWN]
    for one in stray_json(shown):
        also = "" if one["key"] == one["name"] else f" ({one['key']})"
        yield plain(f"    {one['type']} {one['name']}{also}")
    if len(found) > len(shown):
        yield f"    and {len(found) - len(shown)} more; --dry-run shows all"


def stray_json(found: Iterable[Mapping[str, Any]]) -> list[dict[str, object]]:
    """What carries the prefix and is nobody's, for programs."""
    from sandgate.resources._model import resource_types  # noqa: PLC0415 - `--help` must not pay for it

    types = resource_types()
    return [
        {
            "type": types[one["type"]].type,
            "name": one["name"],
            "key": " ".join(str(value) for value in one["key"].values()),
            "region": one["region"],
        }
        for one in found
    ]


def not_listed_lines(listed: Iterable[Listed]) -> Iterator[str]:
    """Types of which nobody knows what is there."""
    failed = [one for one in listed if one.failure]
    if failed:
        yield f"  could not be listed, so nobody knows what is there ({len(failed)}):"
    for one in failed:
        yield from wrapped(f"{one.kind.type}: {one.failure}", "    ")


def not_listed_json(listed: Iterable[Listed]) -> list[dict[str, str]]:
    """The same for programs."""
    return [{"type": one.kind.type, "reason": one.failure} for one in listed if one.failure]
