"""The terminal summary of a receipt: what a person wants to know, in at most 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sandgate.core.rules import heading, is_option, split_option
from sandgate.errors import ExitCode
from sandgate.reports.lines import WIDTH, cut, plain, wrapped
from sandgate.reports.places import places
from sandgate.reports.receipt import Receipt
from sandgate.reports.refusals import RefusalGroup
from sandgate.reports.words import FINDINGS, NO_GUARD, account_words, also_lines, caller_words, fallback_lines

__all__ = ["refusal_lines", "summary_lines"]

_SHOWN = 10
_SHOWN_TESTS = 3
_WORST_FIRST = ("unnamed", "overwritten", "changed", "sent")
_MARGIN = " " * 11


def summary_lines(receipt: Receipt) -> list[str]:
    """The summary, line by line, without colour.

    Args:
        receipt: of the run that ended.
    """
    facts = receipt.facts
    green = receipt.status is ExitCode.OK
    account = account_words(facts.account, facts.evidence)
    lines = [
        f"sandgate {facts.run}: {'green' if green else 'RED'} on tier {facts.tier}",
        *fallback_lines(facts.evidence, facts.tier, "  "),
        f"  account  {account}   region {facts.region}   namespace {facts.namespace}",
        f"  caller   {caller_words(facts.caller, facts.evidence)}",
    ]
    lines += also_lines(facts.evidence, "  also     ")
    if facts.commit:
        lines.append(f"  commit   {facts.commit[:12]}{' with uncommitted changes' if facts.dirty else ''}")
    if not facts.guard:
        lines.append(f"  guard    {NO_GUARD}")
    if receipt.tests:
        lines.append("  tests    " + ", ".join(f"{count} {outcome}" for outcome, count in receipt.tests.items()))
    total = sum(sum(found.values()) for found in receipt.calls.values())
    lines.append(f"  calls    {total} forwarded, {receipt.answered} answered, {receipt.refused} refused")
    for service, operations in receipt.calls.items():
        names = ", ".join(f"{name} {count}" for name, count in sorted(operations.items(), key=lambda o: -o[1])[:4])
        more = len(operations) - 4
        lines.append(cut(f"    {service:<16} {names}{f' and {more} more' if more > 0 else ''}"))
    if receipt.faults:
        lines += wrapped(", ".join(f"{name} {count}" for name, count in receipt.faults.items()), "  faults   ")
    lines += refusal_lines(receipt.refusals, facts.on_refusal)
    lines += [line for text in places(receipt.elsewhere) for line in wrapped(text, "  past us  ")]
    if receipt.elsewhere and facts.on_elsewhere == "fail":
        lines.append("  the tier `endpoints` leads to emulators of yours; --on-elsewhere report lets it be green")
    if receipt.denied_upstream:
        denied = ", ".join(f"{name} {count}" for name, count in receipt.denied_upstream.items())
        lines += wrapped(f"by the upstream: {denied}", "  denied   ")
    lines += _hosts_lines(receipt)
    swept = [left for left in facts.leftovers if left.get("swept") == "yes"]
    lines += _left_lines("left behind by tests, swept now", swept)
    if swept and facts.on_leftover == "fail":
        lines.append("    --on-leftover sweep lets it be green")
    there = [left for left in facts.leftovers if left not in swept]
    lines += _left_lines("kept" if facts.kept else "still there", there)
    lines += _finding_lines(facts.findings)
    if facts.not_listed:
        lines.append("  what is left could not be listed:")
        lines += [cut(f"    {entry['name']}: {entry['unknown']}") for entry in facts.not_listed]
    lines.append(f"  seconds  {facts.ready_s:.1f} to ready, {facts.tests_s:.1f} tests, {facts.stop_s:.1f} to stop")
    lines += [f"  red because {reason}" for reason in receipt.reasons]
    return lines


def _hosts_lines(receipt: Receipt) -> Iterator[str]:
    """Hosts beside those of AWS, and clients that trust other certificates than the run's."""
    for host, counts in list(receipt.egress.items())[:_SHOWN]:
        said = [f"{counts[how]} {how}" for how in ("refused", "through") if how in counts]
        said += [f"{counts[way]} bytes {way}" for way in ("sent", "received") if way in counts]
        yield cut(f"  egress   {host} {', '.join(said)}")
    if len(receipt.egress) > _SHOWN:
        yield f"           and {len(receipt.egress) - _SHOWN} more hosts; see receipt.json"
    if any(counts.get("refused") for counts in receipt.egress.values()):
        yield '           what is refused: egress = ["HOST"] lets it pass'
    for host, count in list(receipt.handshakes.items())[:_SHOWN]:
        yield from wrapped(f"{host}: a client did not take the run's certificate ({count}x)", "  tls      ")


def _finding_lines(findings: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """What no sweep undoes: first what is red, then data that is lost, and how many more there are."""
    if not findings:
        return
    yield f"  not to be undone ({len(findings)}):"
    for found in sorted(findings, key=lambda found: _WORST_FIRST.index(found["what"]))[:_SHOWN]:
        yield cut(f"    {FINDINGS[found['what']]}: {_found(found)}")
    if len(findings) > _SHOWN:
        yield f"    and {len(findings) - _SHOWN} more; see receipt.json"


def _found(found: Mapping[str, str]) -> str:
    """What something was done to, and by which operation where the finding says so."""
    return f"{found['name']} by {found['operation']}" if found.get("operation") else found["name"]


def _left_lines(heading: str, leftovers: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Resources with the reasons why they are there; what cannot go comes first."""
    if not leftovers:
        return
    yield f"  {heading} ({len(leftovers)}):"
    for left in leftovers[:_SHOWN]:
        yield f"    {left['type']} {left['name']}"
        if left.get("why"):
            yield from wrapped(left["why"], "      ")
    if len(leftovers) > _SHOWN:
        yield f"    and {len(leftovers) - _SHOWN} more"


def refusal_lines(refusals: Iterable[RefusalGroup], on_refusal: str) -> Iterator[str]:
    """Each kind of refusal once, with its remedy; those that tests expected are only counted.

    Args:
        refusals: of a run, or of a part of it.
        on_refusal: the option.
    """
    refusals = tuple(refusals)
    groups = [group for group in refusals if group.count > group.expected]
    for group in groups[:_SHOWN]:
        yield from _group(group)
    if len(groups) > _SHOWN:
        yield f"           and {len(groups) - _SHOWN} other kinds; see receipt.json"
    if expected := sum(group.expected for group in refusals):
        yield f"  refused  {expected} as expected by tests"
    if any(group.counted for group in groups) and on_refusal == "fail":
        yield "  expect_denied is for tests that mean it; --on-refusal report lets it be green"


def _group(group: RefusalGroup) -> Iterator[str]:
    statement = f", statement {group.statement}" if group.statement else ""
    yield from wrapped(f"{group.what} ({group.count - group.expected}x) by rule {group.rule}{statement}", "  refused  ")
    tests = ", ".join(group.tests[:_SHOWN_TESTS])
    more = len(group.tests) - _SHOWN_TESTS
    yield from _said("value", group.value)
    yield from _said("from", group.source)
    yield from _remedy(group.remedy)
    yield from _said("in", f"{tests} and {more} more" if more > 0 else tests)


def _said(name: str, text: str) -> Iterator[str]:
    if text:
        yield from wrapped(f"{name}: {text}", _MARGIN)


def _remedy(remedy: str) -> Iterator[str]:
    """What is typed stands on one line; what is copied into a file stands in lines of its own."""
    if not is_option(remedy):
        yield from _said(heading(remedy), remedy)
        return
    yield f"{_MARGIN}{heading(remedy)}:"
    margin = f"{_MARGIN}  "
    yield from (f"{margin}{plain(line)}" for line in split_option(remedy, WIDTH - len(margin)))
