"""The terminal summary of a receipt: what a person wants to know, in at most 80 columns."""

from __future__ import annotations

from sandgate.errors import ExitCode
from sandgate.reports.receipt import Receipt

__all__ = ["NOT_KNOWN", "summary_lines"]

NOT_KNOWN = "not known"
"""Account and caller where the upstream has nobody to ask."""
_SHOWN = 10


def summary_lines(receipt: Receipt) -> list[str]:
    """The summary, line by line, without colour.

    Args:
        receipt: of the run that ended.
    """
    facts = receipt.facts
    green = receipt.status is ExitCode.OK
    lines = [
        f"sandgate {facts.run}: {'green' if green else 'RED'} on tier {facts.tier}",
        f"  account  {facts.account or NOT_KNOWN}   region {facts.region}   namespace {facts.namespace}",
        f"  caller   {facts.caller or NOT_KNOWN}",
    ]
    if facts.commit:
        lines.append(f"  commit   {facts.commit[:12]}{' with uncommitted changes' if facts.dirty else ''}")
    if receipt.tests:
        lines.append("  tests    " + ", ".join(f"{count} {outcome}" for outcome, count in receipt.tests.items()))
    total = sum(sum(found.values()) for found in receipt.calls.values())
    lines.append(f"  calls    {total} forwarded, {receipt.answered} answered, {len(receipt.refusals)} refused")
    for service, operations in receipt.calls.items():
        names = ", ".join(f"{name} {count}" for name, count in sorted(operations.items(), key=lambda o: -o[1])[:4])
        more = len(operations) - 4
        lines.append(_cut(f"    {service:<16} {names}{f' and {more} more' if more > 0 else ''}"))
    lines += _refusals(receipt)
    if facts.leftovers:
        lines.append(f"  left behind ({len(facts.leftovers)}):")
        lines += [f"    {left['type']} {left['name']}" for left in facts.leftovers[:_SHOWN]]
        if len(facts.leftovers) > _SHOWN:
            lines.append(f"    and {len(facts.leftovers) - _SHOWN} more")
    if facts.not_listed:
        lines.append("  what is left could not be listed:")
        lines += [_cut(f"    {entry['name']}: {entry['unknown']}") for entry in facts.not_listed]
    lines.append(f"  seconds  {facts.ready_s:.1f} to ready, {facts.tests_s:.1f} tests, {facts.stop_s:.1f} to stop")
    lines += [f"  red because {reason}" for reason in receipt.reasons]
    return lines


def _refusals(receipt: Receipt) -> list[str]:
    """Each kind of refusal once, with its remedy."""
    seen: dict[tuple[object, ...], int] = {}
    for refusal in receipt.refusals:
        key = (
            refusal["service"],
            refusal["operation"],
            refusal["rule"],
            refusal["value"],
            refusal["source"],
            refusal["remedy"],
        )
        seen[key] = seen.get(key, 0) + 1
    lines = []
    for (service, operation, rule, value, source, remedy), count in list(seen.items())[:_SHOWN]:
        what = f"{service}:{operation}" if service else str(operation)
        lines.append(f"  refused  {what} ({count}x) by rule {rule}: {value}")
        if source:
            lines.append(f"           {source}")
        if remedy:
            lines.append(f"           to allow it: {remedy}")
    if len(seen) > _SHOWN:
        lines.append(f"           and {len(seen) - _SHOWN} other kinds; see events.jsonl")
    return lines


def _cut(line: str, width: int = 80) -> str:
    return line if len(line) <= width else line[: width - 1] + "…"
