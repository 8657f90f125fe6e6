"""Percent-decoding has one reading or none."""

from __future__ import annotations

from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandgate.wire.malformed import MalformedError
from sandgate.wire.uri import decode, form_pairs, one_of_each

TEXT = st.text(st.characters(codec="utf-8"))


@given(TEXT)
def test_what_was_quoted_is_read_back(text: str) -> None:
    assert decode(quote(text, safe="")) == text
    assert form_pairs(f"{quote_plus(text)}={quote(text, safe='')}") == ((text, text),)


@pytest.mark.parametrize("text", ["%", "%1", "%zz", "a%2", "%ff", "%C3", "%ed%a0%80", "\udcff"])
def test_what_has_no_reading_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        decode(text)


def test_pairs_keep_order_and_repeats() -> None:
    assert form_pairs("b=1&a&&a=2=3&=") == (("b", "1"), ("a", ""), ("a", "2=3"), ("", ""))
    assert form_pairs("") == ()


def test_a_repeated_key_is_refused() -> None:
    assert one_of_each((("a", "1"), ("b", "1"))) == {"a": "1", "b": "1"}
    with pytest.raises(MalformedError, match="twice"):
        one_of_each((("a", "1"), ("a", "1")))
