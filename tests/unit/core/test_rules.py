"""Remedies are lines of TOML that stay what they are when they are split."""

from __future__ import annotations

import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandgate.core.rules import heading, is_option, split_option

TEXTS = st.lists(st.text(st.characters(codec="ascii", categories=("L", "N", "P", "Zs")), max_size=40), max_size=5)
STATEMENTS = st.lists(st.tuples(TEXTS, TEXTS), max_size=4)


def line_of(statements: list[tuple[list[str], list[str]]]) -> str:
    def listed(texts: list[str]) -> str:
        return f"[{', '.join(json.dumps(text) for text in texts)}]"

    tables = (f"{{actions = {listed(a)}, resources = {listed(r)}}}" for a, r in statements)
    return f"allow = [{', '.join(tables)}]"


@given(STATEMENTS, st.integers(10, 90))
def test_a_split_line_means_the_same(statements: list[tuple[list[str], list[str]]], width: int) -> None:
    line = line_of(statements)
    assert tomllib.loads("\n".join(split_option(line, width))) == tomllib.loads(line)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('isolation = "prefix"', ['isolation = "prefix"']),
        ('adopt = ["orders", "an, other]"]', ["adopt = [", '  "orders",', '  "an, other]",', "]"]),
        (
            'allow = [{actions = ["sns:Publish"], resources = ["*"]}]',
            ["allow = [", "  {actions = [", '    "sns:Publish",', '  ], resources = ["*"]},', "]"],
        ),
    ],
)
def test_lines_end_where_they_may(line: str, expected: list[str]) -> None:
    assert split_option(line, 28) == expected


@pytest.mark.parametrize(
    ("remedy", "option"),
    [
        ('adopt = ["orders"]', True),
        ('endpoints.cognito-idp.url = "http://HOST:PORT"', True),
        ("name it test-a", False),
        ("run with --unsafe-no-guard, on a tier without a real account", False),
    ],
)
def test_only_a_line_of_configuration_is_one(remedy: str, option: bool) -> None:
    assert is_option(remedy) == option
    assert ("[tool.sandgate]" in heading(remedy)) == option
