"""A receipt for people: what counts is there, and nothing in it can form markup or move a cursor."""

from __future__ import annotations

from typing import Any

from sandgate.reports.facts import RunFacts
from sandgate.reports.receipt import make_receipt
from sandgate.reports.receipt_view import receipt_lines, receipt_markdown


def test_lines(facts: RunFacts, log: list[dict[str, object]]) -> None:
    assert receipt_lines(make_receipt(log, facts).to_json()) == [
        "sandgate 20260131-120000-k3x9q2: green on tier emulated",
        "  account    000000000000",
        "  caller     arn:aws:iam::000000000000:user/sandgate-identity",
        "  region     eu-west-1",
        "  namespace  abc123",
        "  commit     0123456789abcdef0123456789abcdef01234567 with uncommitted changes",
        "  tests      1 passed",
        "  reached    dynamodb 1",
    ]


def test_markdown_of_a_red_run() -> None:
    receipt: dict[str, Any] = {
        "run": "r",
        "green": False,
        "tier": "emulated",
        "asked": "sandbox",
        "guard": "off",
        "tests": {},
        "reached": {f"s{number}": number for number in range(12)},
        "elsewhere": [{"host": "a:1", "service": "s3"}, {"host": "a:1", "service": "sqs"}, {"host": "b|:2"}],
        "refused": {"total": 3, "expected": 1},
        "leftovers": [{"swept": True}, {"swept": False}],
        "reasons": ["<img src=x> | [a](b) `c`\n# d\x1b[2J"],
    }
    text = receipt_markdown(receipt)
    assert text.splitlines() == [
        "### sandgate r: RED on tier emulated",
        "",
        "| | |",
        "|---|---|",
        "| asked | sandbox, so this is no evidence for it |",
        "| guard | OFF |",
        "| tests | none reported |",
        "| reached | s11 11, s10 10, s9 9, s8 8, s7 7, s6 6, s5 5, s4 4, s3 3, s2 2 and 2 more services |",
        r"| past us | a:1, b\|:2 |",
        "| refused | 3, of which 1 were expected |",
        "| left | 2, of which 1 are swept |",
        "",
        r"- red because \<img src=x\> \| \[a\](b) \`c\`?\# d?\[2J",
    ]


def test_what_is_missing_is_no_traceback() -> None:
    assert receipt_lines({})[0] == "sandgate ?: RED on tier ?"
    assert receipt_markdown({"tests": 3, "reached": None, "leftovers": "x", "reasons": {}})


def test_nothing_of_a_receipt_moves_a_cursor() -> None:
    texts = dict.fromkeys(("run", "tier", "asked", "account", "commit"), "a\x1b[2J\x7f\x9b\ud800")
    receipt = {**texts, "tests": {"a\x1b": 1}, "reached": {"b\x1b": 1}, "elsewhere": [{"host": "\x1b"}]}
    for text in ("".join(receipt_lines(receipt)), receipt_markdown(receipt).replace("\n", "")):
        assert text.isprintable()
        assert "a?" in text
