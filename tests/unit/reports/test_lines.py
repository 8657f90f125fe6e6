"""Lines for a terminal."""

from __future__ import annotations

from sandgate.reports.lines import WIDTH, wrapped


def test_a_text_of_several_lines_keeps_them() -> None:
    said = "the ledger is damaged\n  where: /x/ledger.jsonl:4\n  hint:  " + "word " * 20
    lines = wrapped(said, "  ")
    assert lines[:2] == ["  the ledger is damaged", "    where: /x/ledger.jsonl:4"]
    assert all(len(line) <= WIDTH and line.startswith("    ") for line in lines[1:])


def test_nothing_moves_the_cursor() -> None:
    assert wrapped("a\rb\x1b[2J", "") == ["a?b?[2J"]
