"""Account, caller and fallback, as every place shows them."""

from __future__ import annotations

from sandgate.reports.words import FALLBACK, NOT_KNOWN, account_words, caller_words, colour_of, fallback_lines

ACCOUNT = "111122223333"


def test_an_account_with_its_alias_and_with_what_stands_for_aws() -> None:
    assert account_words(ACCOUNT, {}) == ACCOUNT
    assert account_words("", {}) == NOT_KNOWN
    assert account_words(ACCOUNT, {"alias": "sandbox", "upstream": "aws"}) == f"{ACCOUNT} (sandbox)"
    assert account_words(ACCOUNT, {"upstream": "stand-in"}) == f"{ACCOUNT}, stand-in"


def test_a_caller_with_the_rule_that_let_it_pass() -> None:
    assert caller_words("arn", {}) == "arn"
    assert caller_words("arn", {"matched": "test role"}) == "arn, by the rule test role"


def test_a_fallback_stands_out() -> None:
    assert fallback_lines({}, "emulated", "  ") == []
    (line,) = fallback_lines({"asked": "sandbox"}, "emulated", "  ")
    assert line == f"  {FALLBACK}: emulated, asked: sandbox"
    assert colour_of(line) == "yellow"
