"""Runs of a project for people and for programs: what each still owns, and what to do about it."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandgate.cli._ages import age_text
from sandgate.cli._here import here
from sandgate.core.registry import nearest
from sandgate.errors import SandgateError, UsageError
from sandgate.reports.lines import cut, plain, wrapped
from sandgate.reports.words import account_words, caller_words, fallback_lines

if TYPE_CHECKING:
    from sandgate.ledger.entry import Entry
    from sandgate.past import Past

__all__ = ["as_json", "chosen", "complete_runs", "entry_json", "kind_of", "run_lines", "runs_of", "state_of"]

_CLAIMS = {
    "made": "made",
    "unknown": "its create was never answered",
    "going": "its removal was accepted, and is not proven",
    "doubt": "it may have been there before the run, and is never removed",
}


def runs_of(cwd: Path) -> tuple[Past, ...]:
    """The runs of the project around a folder, oldest first; none where there is no project.

    Args:
        cwd: the nearest folder with runs, from here upward, is the project. No configuration is read, so that a broken
            one stops nobody from looking and tidying up.

    Raises:
        EnvironmentFault: a folder of a run, or that of all, cannot be read.
    """
    from sandgate.control.living import project_folder  # noqa: PLC0415 - `--help` must not pay for it
    from sandgate.past import past_runs  # noqa: PLC0415

    folder = project_folder(cwd)
    return past_runs(folder) if folder else ()


def complete_runs(incomplete: str) -> list[str]:
    """Ids of runs for the shell; read from the folder's names alone, since a shell waits for them.

    Args:
        incomplete: what is typed so far.
    """
    from sandgate.control.living import project_folder, run_folders  # noqa: PLC0415

    with contextlib.suppress(SandgateError):  # a shell that completes is not told what is wrong
        folder = project_folder(here())
        names = (path.name for path in run_folders(folder)) if folder else ()
        return sorted((name for name in names if name.startswith(incomplete)), reverse=True)
    return []


def chosen(runs: Sequence[Past], names: Iterable[str]) -> tuple[Past, ...]:
    """The runs that are named, each once.

    Args:
        runs: of the project.
        names: ids, or folders of runs.

    Raises:
        UsageError: there is no such run.
    """
    known = {past.id: past for past in runs}
    found: dict[str, Past] = {}
    for name in names:
        run = Path(name).name
        if run not in known:
            close = nearest(run, known)
            hint = f"did you mean {close}?" if close else "`sandgate status` lists the runs that own something"
            raise UsageError(f"there is no run {run!r} with a ledger here", where=str(here()), hint=hint)
        found[run] = known[run]
    return tuple(found.values())


def state_of(past: Past) -> str:
    """What a run is doing, in words."""
    if past.failure and not past.live:
        return "unreadable"
    if past.being_swept:
        return "being swept"
    if past.live:
        return "live"
    if past.gone_with_upstream:
        return "gone with its upstream"
    return "ended" if past.ended else "abandoned"


def run_lines(past: Past, *, now: float, each: bool) -> Iterator[str]:
    """A run and what it owns.

    Args:
        past: the run.
        now: seconds since 1970.
        each: whether every resource is shown.
    """
    age = f", {age_text(now - past.began)} old" if past.began else ""
    tier = f"  tier {past.tier}" if past.tier else ""
    place = f" on {past.machine}" if past.machine else ""
    yield cut(f"{past.id}{tier}  {state_of(past)}{place}{age}")
    if past.failure:
        yield from wrapped(past.failure, "  ")
        return
    yield from _whose_lines(past)
    alive = past.alive
    if not alive:
        yield "  owns nothing"
        return
    counts = Counter(kind_of(entry) for entry in alive)
    word = "held" if past.gone_with_upstream else "owns"
    yield from wrapped(f"{word} {len(alive)}: " + ", ".join(f"{n} {kind}" for kind, n in counts.most_common()), "  ")
    if ended := past.in_ended_emulators:
        services = ", ".join(sorted({entry.service for entry in ended}))
        yield from wrapped(f"{len(ended)} of these in emulators that have ended since ({services})", "  ")
    if each:
        for entry in sorted(alive, key=lambda entry: (entry.type, entry.name)):
            yield from _entry_lines(entry, now)


def _whose_lines(past: Past) -> Iterator[str]:
    """Account and caller of a run that lives in a real account, and that a run is not where it was asked to be."""
    data = _described(past)
    evidence = data.get("evidence", {})
    yield from fallback_lines(evidence, past.tier, "  ")
    if evidence.get("matched"):
        yield from wrapped(f"account {account_words(data['account'], evidence)}", "  ")
        yield from wrapped(f"caller {caller_words(data['caller'], evidence)}", "  ")


def _described(past: Past) -> Mapping[str, Any]:
    """What a living run says of itself; nothing of one that has ended."""
    if past.live:
        with contextlib.suppress(OSError, ValueError):
            data: Mapping[str, Any] = json.loads((past.directory / "run.json").read_text(encoding="utf-8"))
            return data
    return {}


def _entry_lines(entry: Entry, now: float) -> Iterator[str]:
    yield f"    {plain(f'{kind_of(entry)} {entry.name}')}"
    by = f" by {entry.operation}" if entry.operation else ""
    where = f"{entry.region}, " if entry.region else ""
    yield from wrapped(f"{where}{_claim_of(entry)}{by}, {age_text(now - entry.at)} ago", "      ")
    if entry.test:
        yield from wrapped(f"in {entry.test}", "      ")
    if entry.why and entry.claim != "perhaps":
        yield from wrapped(f"the last time: {entry.why}", "      ")


def _claim_of(entry: Entry) -> str:
    return _CLAIMS.get(entry.claim) or entry.why or "came along with another one"


def kind_of(entry: Entry) -> str:
    """The type as people know it; the call that made it where sandgate has none."""
    kind = entry.kind
    return kind.type if kind else entry.operation or "unknown"


def as_json(past: Past, *, each: bool) -> dict[str, object]:
    """A run for programs.

    Args:
        past: the run.
        each: whether every resource is shown.
    """
    found: dict[str, object] = {
        "run": past.id,
        "tier": past.tier,
        "state": state_of(past),
        "started": past.began,
        "owns": len(past.alive),
        "types": dict(Counter(kind_of(entry) for entry in past.alive)),
    }
    data = _described(past)
    if data.get("evidence"):
        found |= {"account": data["account"], "caller": data["caller"], **data["evidence"]}
    if past.machine:
        found["machine"] = past.machine
    if ended := past.in_ended_emulators:
        found["in_ended_emulators"] = len(ended)
    if past.failure:
        found["failure"] = past.failure
    if each:
        found["resources"] = [entry_json(entry) for entry in past.alive]
    return found


def entry_json(entry: Entry) -> dict[str, object]:
    """A resource for programs."""
    return {
        "type": kind_of(entry),
        "name": entry.name,
        "region": entry.region,
        "claim": entry.claim,
        "operation": entry.operation,
        "test": entry.test,
        "at": entry.at,
        "why": entry.why,
    }
