"""What a sweep does with what was made in an emulator that has ended since: another start of it listens there now.

That says nothing of what it holds: one keeps all in memory, another on a disk. What is not there any more went with it.
What is there is the run's if its name is, or if it came to be when the run made it; else somebody may have made it in
the new one, and it stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sandgate.core.paths import every
from sandgate.ledger.entry import Entry
from sandgate.sweep.found import Found
from sandgate.sweep.plan import Sight, Step, created_at, key_text

__all__ = ["after_restart"]

_SAME_CLOCK = 10.0
"""Seconds between a call and what it made, on one machine and so by one clock; some services tell whole ones."""
_WENT = "it went with its emulator, which has ended since"
_KEPT = "its emulator has kept it over a new start"
_WHOSE = "its emulator was started anew since, and nothing tells whose this is now; when it is gone, sweep again"


def after_restart(step: Step, sight: Sight | None, *, namespace: str, touched: bool) -> Step:
    """A decision, once more for what was in an emulator that has ended since.

    Args:
        step: what would be done if it were the one of before.
        sight: what the listing showed.
        namespace: the run's.
        touched: whether this sweep has tried to remove it.
    """
    if not step.entry.anew:
        return step
    if step.what == "absent":
        unseen = sight is not None and not sight.failure and key_text(step.entry.key) not in sight.found
        went = unseen and step.entry.claim == "made" and not touched
        return replace(step, why=f"{step.why}: {_WENT}") if went else step
    if step.what == "tell":
        return step
    if all(_is_the_runs(found, step.entry, namespace) for found in step.found):
        return step if sight is None or sight.failure else replace(step, why=f"{step.why}; {_KEPT}")
    return replace(step, what="tell", why=f"{step.why}; {_WHOSE}", found=())


def _is_the_runs(found: Found, entry: Entry, namespace: str) -> bool:
    if _carries(namespace, (*entry.key.values(), found.name)):
        return True
    if any(_carries(namespace, [value]) and value in every(found.entry, path) for path, value in entry.told.items()):
        return True
    created = created_at(found)
    return created is not None and abs(created - entry.at) <= _SAME_CLOCK


def _carries(namespace: str, values: Iterable[object]) -> bool:
    return any(namespace in str(value) for value in values)
