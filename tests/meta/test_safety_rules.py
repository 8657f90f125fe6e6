"""The page of safety rules names tests that exist, for each rule at least one."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "explanation" / "safety-rules.md"
SECTIONS = dict(
    re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
)
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
RULES = 6


def named(section: str) -> list[tuple[str, str]]:
    return TEST.findall(section)


def test_all_six_are_there_and_when_to_run() -> None:
    assert [title[:2] for title in SECTIONS] == [*(f"{number}." for number in range(1, RULES + 1)), "Wh"]


@pytest.mark.parametrize("title", SECTIONS)
def test_a_rule_has_its_mechanism_and_tests_that_exist(title: str) -> None:
    section = SECTIONS[title]
    if title[0].isdigit():
        assert [word for word in ("> ", "**Kept by**", "**Ends where**") if word not in section] == []
    assert "**Guarded by**" in section
    assert named(section)
    for file, name in named(section):
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, f"{file}::{name}"
