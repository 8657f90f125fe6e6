"""A receipt that was written, for people: lines for a terminal, Markdown for the pages of CI."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sandgate.reports.lines import plain

__all__ = ["receipt_lines", "receipt_markdown"]

_MOST = 10
_Receipt = Mapping[str, Any]


def receipt_lines(receipt: _Receipt) -> list[str]:
    """Lines for a terminal.

    Args:
        receipt: what its JSON holds.
    """
    facts = (f"  {name:<10} {value}" for name, value in _facts(receipt))
    return [plain(line) for line in (_title(receipt), *facts, *_reasons(receipt, "  "))]


def receipt_markdown(receipt: _Receipt) -> str:
    """A section of Markdown; what a test or a service has named cannot form markup in it."""
    rows = [f"| {name} | {_cell(value)} |" for name, value in _facts(receipt)]
    table = ["| | |", "|---|---|", *rows]
    reasons = [f"- {_cell(line)}" for line in _reasons(receipt, "")]
    return "\n".join([f"### {_cell(_title(receipt))}", "", *table, "", *reasons])


def _title(receipt: _Receipt) -> str:
    verdict = "green" if receipt.get("green") is True else "RED"
    return f"sandgate {receipt.get('run', '?')}: {verdict} on tier {receipt.get('tier', '?')}"


def _facts(receipt: _Receipt) -> Iterator[tuple[str, str]]:
    """What is worth a row."""
    asked = receipt.get("asked")
    if asked and asked != receipt.get("tier"):
        yield "asked", f"{asked}, so this is no evidence for it"
    for name in ("upstream", "account", "caller", "region", "namespace"):
        if receipt.get(name):
            yield name, str(receipt[name])
    if commit := receipt.get("commit"):
        yield "commit", f"{commit}{' with uncommitted changes' if receipt.get('dirty') else ''}"
    if receipt.get("guard") == "off":
        yield "guard", "OFF"
    yield "tests", ", ".join(f"{count} {outcome}" for outcome, count in _counts(receipt, "tests")) or "none reported"
    reached = sorted(_counts(receipt, "reached"), key=lambda entry: -entry[1])
    more = f" and {len(reached) - _MOST} more services" if len(reached) > _MOST else ""
    yield "reached", ", ".join(f"{name} {count}" for name, count in reached[:_MOST]) + more or "nothing"
    elsewhere = receipt.get("elsewhere")
    if isinstance(elsewhere, list) and elsewhere:
        hosts = {str(seen.get("host")): None for seen in elsewhere if isinstance(seen, Mapping)}
        yield "past us", ", ".join(hosts)
    refused = receipt.get("refused")
    if isinstance(refused, Mapping) and refused.get("total"):
        yield "refused", f"{refused['total']}, of which {refused.get('expected', 0)} were expected"
    leftovers = receipt.get("leftovers")
    if isinstance(leftovers, list) and leftovers:
        swept = sum(left.get("swept") is True for left in leftovers if isinstance(left, Mapping))
        yield "left", f"{len(leftovers)}, of which {swept} are swept"


def _counts(receipt: _Receipt, name: str) -> list[tuple[str, int]]:
    found = receipt.get(name)
    return [(str(key), int(count)) for key, count in found.items()] if isinstance(found, Mapping) else []


def _reasons(receipt: _Receipt, lead: str) -> list[str]:
    found = receipt.get("reasons")
    return [f"{lead}red because {reason}" for reason in found] if isinstance(found, list) else []


def _cell(text: str) -> str:
    text = plain(text)
    for char in "\\`*_[]<>|#":
        text = text.replace(char, f"\\{char}")
    return text
