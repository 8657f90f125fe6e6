"""The end of a run: clean up, count what is left, stop the gate, judge, write the receipt."""

from __future__ import annotations

import platform
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import sandgate
from sandgate.control.elsewhere import seen
from sandgate.core.files import replace_json
from sandgate.core.log import read_log
from sandgate.errors import RunError, SandgateError, StackError
from sandgate.ledger.book import NAME, read_state
from sandgate.ledger.entry import Entry
from sandgate.ledger.state import State
from sandgate.reports.facts import RunFacts
from sandgate.reports.receipt import Receipt, make_receipt
from sandgate.run import Run
from sandgate.stacks.kept import remembered

__all__ = ["commit_of", "end_at_once", "finish"]

_LEFT = frozenset({"made", "unknown", "doubt"})
"""Claims by which a resource is one that tests left."""

_SOON = 30.0
"""Seconds for a stack whose resources end with the gate anyway; deleting them takes the emulator a moment."""

_Bar = Callable[[int, int], None]


def finish(
    run: Run,
    *,
    command: Sequence[str],
    exit_status: int,
    tests_s: float,
    wants_calls: bool = True,
    interrupted: Callable[[], bool] = lambda: False,
    isolated: bool = False,
    checkout: tuple[str, bool] | None = None,
    keep: bool = False,
    say: _Bar = lambda _done, _all: None,
) -> Receipt:
    """End a run that this front end started.

    Args:
        run: the run.
        command: what ran, for the receipt.
        exit_status: its exit status.
        tests_s: seconds it took.
        wants_calls: whether it must have reached the tier.
        interrupted: whether a person stopped it; asked again at the end, which may take its time.
        isolated: whether it ran without the home, other processes and any network but the gate.
        checkout: what `commit_of` said before it ran; `None` asks now.
        keep: whether to sweep nothing, whatever the options say.
        say: told how far the sweep is.

    Returns:
        The receipt, which is also in the run directory. A gate that died is a reason for red, not an exception.
    """
    began = time.monotonic()
    kept = keep or run.config.keep or (run.config.keep_on_failure and exit_status != 0)
    end = _end(run, "interrupted" if interrupted() else "stopped", kept=kept, say=say)
    commit, dirty = checkout or commit_of(run.config.root)
    facts = replace(
        _facts(run, end),
        commit=commit,
        dirty=dirty,
        command=tuple(command),
        exit_status=exit_status,
        tests_s=tests_s,
        stop_s=time.monotonic() - began,
        kept=kept,
        wants_calls=wants_calls,
        interrupted=interrupted(),
        isolated=isolated,
    )
    return _write(run, facts)


def _facts(run: Run, end: _End) -> RunFacts:
    """What the run and its end tell; what its front end knows comes on top."""
    return RunFacts(
        run=run.id,
        tier=run.tier,
        account=run.account,
        caller=run.caller,
        region=run.region,
        namespace=run.namespace,
        commit="",
        dirty=False,
        command=(),
        exit_status=0,
        started=run.started_at,
        ready_s=run.ready_at - run.started_at,
        tests_s=0.0,
        stop_s=0.0,
        versions={"sandgate": sandgate.__version__, "python": platform.python_version(), **run.versions},
        leftovers=end.leftovers,
        findings=end.findings,
        on_leftover=run.config.on_leftover,
        outlived=end.outlived,
        not_listed=end.not_listed,
        upstream_death=end.death,
        log_failure=f"calls could not be recorded: {end.broken}" if end.broken else "",
        require=run.config.require,
        allow_empty=run.config.allow_empty,
        on_skip=run.config.on_skip,
        stuck=end.stuck,
        on_refusal=run.config.on_refusal,
        on_elsewhere=run.config.on_elsewhere,
        guard=not run.config.unsafe_no_guard,
        timing=run.config.timing,
        evidence=run.evidence,
    )


def _write(run: Run, facts: RunFacts) -> Receipt:
    """The receipt, on disk too; that it could not be written is a reason for red."""
    events = list(read_log(run.directory / "events.jsonl"))
    receipt = make_receipt(events, facts)
    try:
        replace_json(run.directory / "receipt.json", receipt.to_json())
    except OSError as error:
        failure = facts.log_failure or f"the receipt could not be written: {error.strerror}"
        return make_receipt(events, replace(facts, log_failure=failure))
    return receipt


@dataclass(slots=True)
class _End:
    """What the last conversation with the gate found out."""

    death: str = ""
    broken: str = ""
    stuck: tuple[str, ...] = ()
    leftovers: tuple[Mapping[str, str], ...] = ()
    findings: tuple[Mapping[str, str], ...] = ()
    not_listed: tuple[Mapping[str, str], ...] = ()
    outlived: bool = False
    """Whether a later sweep finds something to do."""


def _end(run: Run, reason: str, *, kept: bool, say: _Bar) -> _End:
    """Remove, count, stop. A gate that does not answer any more is killed and told as the cause of death."""
    end = _End()
    try:
        status: Mapping[str, Any] = run.status()
        end.death, end.broken = str(status["death"]), str(status["broken"])
        if end.death:
            end.leftovers = _unswept(run)
        else:
            for sighting in seen(run.directory):
                run.note("elsewhere", **asdict(sighting))
            end.stuck = () if kept else _remove_stacks(run)
            known = _kept(run) if kept else _sweep(run, say)
            found = run.leftovers()
            end.not_listed = tuple(left for left in found if left.get("unknown"))
            end.leftovers = (*known, *(left for left in found if not left.get("unknown") and not _among(left, known)))
            end.findings = tuple(
                {
                    "what": one.what,
                    "type": one.type,
                    "name": one.name,
                    "test": one.test,
                    "operation": one.operation,
                }
                for one in _read(run).findings
            )
        status = run.stop(reason)
        end.broken = end.broken or str(status["broken"])
    except SandgateError as error:
        end.death = end.death or (error.message if isinstance(error, RunError) else str(error))
        run.kill()
        end.leftovers = _unswept(run)
    end.outlived = any(left.get("swept") != "yes" for left in end.leftovers) and bool(_owned_after(run.directory))
    return end


def _owned_after(directory: Path) -> int:
    """How many resources of a run are there for `sandgate sweep`, when its gate is gone.

    Args:
        directory: of the run.

    Returns:
        0 also where its upstream has ended with its gate, and where nobody can tell.
    """
    try:
        state = read_state(directory / NAME)
    except SandgateError:
        return 0
    return 0 if state.header.get("ends_with_gate") else len(state.alive)


def end_at_once(run: Run) -> str:
    """End a run for which nobody wants to wait.

    Returns:
        What its user is told.
    """
    run.kill()
    left = _owned_after(run.directory)
    later = f"; `sandgate sweep {run.id}` removes what it left ({left})" if left else ""
    return f"sandgate {run.id}: ended at once, without a receipt{later}"


def _unswept(run: Run) -> tuple[Mapping[str, str], ...]:
    """What the ledger says is there, of a run that could not be swept."""
    return _kept(run) if _owned_after(run.directory) else ()


def _read(run: Run) -> State:
    """What the run's ledger says."""
    return read_state(run.directory / NAME)


def _sweep(run: Run, say: _Bar) -> tuple[Mapping[str, str], ...]:
    """Remove what tests left; what came along silently, or was on its way out, was not theirs to remove."""
    if not _read(run).alive:
        return ()
    from sandgate.sweeping import sweep  # noqa: PLC0415 - runs that leave nothing pay nothing

    swept = sweep(run, bar=say)
    removed = [{**_shown(entry), "swept": "yes"} for entry in swept.removed if entry.claim in _LEFT]
    return (*removed, *({**_shown(left.entry), "why": left.why} for left in swept.left))


def _kept(run: Run) -> tuple[Mapping[str, str], ...]:
    return tuple(_shown(entry) for entry in _read(run).alive.values() if entry.claim in _LEFT)


def _shown(entry: Entry) -> dict[str, str]:
    kind = entry.kind
    return {"type": kind.type if kind else "", "name": entry.name, **({"test": entry.test} if entry.test else {})}


def _among(left: Mapping[str, str], known: Iterable[Mapping[str, str]]) -> bool:
    """Whether the upstream's own listing names something that the ledger has told already: by name, URL or ARN."""
    name = left["name"]
    return any(
        one.get("swept") != "yes" and one["type"] == left["type"] and name.endswith(one["name"]) for one in known
    )


def _remove_stacks(run: Run) -> tuple[str, ...]:
    """Delete what this run deployed and uploaded; why a stack could not be deleted is told, not raised."""
    names = remembered(run.directory)
    artifacts = (run.directory / "artifacts").exists()
    if not names and not artifacts:
        return ()
    # Here, not above: runs without stacks pay nothing.
    from sandgate.stacks.deploy import DEFAULT_TIMEOUT  # noqa: PLC0415
    from sandgate.stacks.host import artifact_bucket, delete_stack  # noqa: PLC0415

    timeout = _SOON if _read(run).header.get("ends_with_gate") else DEFAULT_TIMEOUT
    removals: list[Callable[[], object]] = [partial(delete_stack, run, name, timeout=timeout) for name in names]
    if artifacts:
        removals.append(artifact_bucket(run).remove)
    stuck = []
    for remove in removals:
        try:
            remove()
        except StackError as error:
            stuck.append(error.message)
    return tuple(stuck)


def commit_of(root: Path) -> tuple[str, bool]:
    """The checked-out commit and whether the tree differs from it; empty outside a repository."""
    try:
        done = subprocess.run(  # noqa: S603
            ["git", "-C", str(root), "status", "--porcelain=v2", "--branch", "--untracked-files=normal"],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return "", False
    if done.returncode != 0:
        return "", False
    lines = done.stdout.splitlines()
    commit = next((line.split()[2] for line in lines if line.startswith("# branch.oid ")), "")
    return ("" if commit == "(initial)" else commit), any(not line.startswith("#") for line in lines)
