"""What a run is worth, and why."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping, Sequence

from sandgate.errors import ExitCode
from sandgate.reports.facts import RunFacts
from sandgate.reports.places import places

__all__ = ["verdict"]


def verdict(
    facts: RunFacts,
    tests: Mapping[str, int],
    reached: Mapping[str, int],
    *,
    nothing_selected: bool = False,
    unproven: Sequence[str] = (),
    refused: int = 0,
    elsewhere: Sequence[Mapping[str, str]] = (),
) -> tuple[ExitCode, tuple[str, ...]]:
    """What the run is worth, and why: every reason is listed, the first one gives the status.

    Args:
        facts: of the run.
        tests: outcome to number.
        reached: service to number of answered calls.
        nothing_selected: whether the test runner had nothing to run.
        unproven: why tests that the test runner selected have proven nothing.
        refused: calls that were refused, unexpectedly.
        elsewhere: other targets that SDKs were asked to reach.
    """
    found: list[tuple[ExitCode, str]] = []
    if facts.interrupted:
        found.append((ExitCode.INTERRUPTED, "the run was interrupted"))
    found += [(ExitCode.RUN, reason) for reason in (facts.upstream_death, facts.log_failure) if reason]
    if facts.exit_status != 0:
        found.append((ExitCode.TESTS_FAILED, f"the command {_ended(facts.exit_status)}"))
    elif failed := sum(tests.get(outcome, 0) for outcome in ("failed", "error")):
        found.append((ExitCode.TESTS_FAILED, f"{failed} tests failed, whatever the command's status says"))
    if refused and facts.on_refusal == "fail":
        found.append((ExitCode.REFUSED, f"the gate refused {refused} {'call' if refused == 1 else 'calls'}"))
    if facts.on_elsewhere == "fail":
        found += [
            (ExitCode.ELSEWHERE, f"calls reached another target than asked: {text}") for text in places(elsewhere)
        ]
    if nothing_selected and not facts.allow_empty:
        found.append((ExitCode.EMPTY_RUN, "no test was selected"))
    found += [(ExitCode.EMPTY_RUN, reason) for reason in unproven]
    if facts.wants_calls:
        found += [(ExitCode.EMPTY_RUN, reason) for reason in _empty(facts, tests, reached)]
    if facts.on_skip == "fail" and (skipped := tests.get("skipped", 0)):
        found.append((ExitCode.EMPTY_RUN, f"{skipped} {'test was' if skipped == 1 else 'tests were'} skipped"))
    found += [(ExitCode.LEFTOVERS, reason) for reason in facts.stuck]
    found += [(ExitCode.LEFTOVERS, reason) for reason in _left(facts)]
    if not found:
        return ExitCode.OK, ()
    return found[0][0], tuple(reason for _, reason in found)


def _left(facts: RunFacts) -> Iterator[str]:
    """Why what tests left turns the run red."""
    swept = sum(left.get("swept") == "yes" for left in facts.leftovers)
    there = len(facts.leftovers) - swept
    later = f"; `sandgate sweep {facts.run}` removes {'it' if there == 1 else 'them'}" if facts.outlived else ""
    if facts.kept and there:
        yield f"{_resources(there)} kept{later}"
    elif there:
        yield f"{_resources(there)} left behind{later.replace('removes', 'tries again to remove')}"
    if swept and facts.on_leftover == "fail":
        yield f"{_resources(swept)} left behind by tests, and swept"
    if unnamed := sum(found.get("what") == "unnamed" for found in facts.findings):
        yield f"{unnamed} {'write stays' if unnamed == 1 else 'writes stay'} where nobody can name what was written"


def _resources(count: int) -> str:
    return f"{count} resource{' was' if count == 1 else 's were'}"


def _ended(status: int) -> str:
    """How a process ended, from its return code."""
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"


def _empty(facts: RunFacts, tests: Mapping[str, int], reached: Mapping[str, int]) -> Iterator[str]:
    """Why a run that looks green may have proven nothing."""
    if not facts.allow_empty:
        if tests and not set(tests) - {"skipped"}:
            yield "every test was skipped"
        if not sum(reached.values()):
            yield f"no call reached the tier {facts.tier!r}"
    for service in facts.require:
        if not reached.get(service):
            yield f"required service {service!r} was not reached"
