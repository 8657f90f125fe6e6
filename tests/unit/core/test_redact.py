"""Secrets stay out of what is written, in whatever spelling and under whatever name."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandgate.core.redact import MASK, redact_parameters, redact_text

SECRET = 'wJalr/XUtn"FEMI+K7'


@pytest.mark.parametrize(
    "spelt",
    [SECRET, json.dumps(SECRET), quote(SECRET, safe=""), quote(SECRET), base64.b64encode(SECRET.encode()).decode()],
)
def test_every_spelling_is_found(spelt: str) -> None:
    text = redact_text(f"before {spelt} after", [SECRET])
    assert MASK in text
    assert "wJalr" not in text
    assert base64.b64encode(SECRET.encode()).decode()[:12] not in text


def test_of_two_secrets_the_longer_goes_first() -> None:
    assert redact_text("secret-and-more", ["secret-", "secret-and-more"]) == MASK


def test_a_word_too_short_to_be_a_secret_is_left() -> None:
    assert redact_text("a test of tests", ["test"]) == "a test of tests"


@given(st.text(min_size=6), st.text(), st.text())
def test_no_secret_survives(secret: str, before: str, after: str) -> None:
    cleaned = redact_text(before + secret + after, [secret])
    assert all(secret not in piece for piece in cleaned.split(MASK))


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("hunter2", "[redacted 7 chars]"),
        (b"hunter2", "[redacted 7 bytes]"),
        (bytearray(b"12"), "[redacted 2 bytes]"),
        ({"hunter2": 4711}, "[redacted 1 members]"),
        ([4711, "hunter2"], "[redacted 2 entries]"),
        ({4711}, MASK),
    ],
)
def test_what_is_not_listed_is_masked_with_its_size(value: object, written: str) -> None:
    assert redact_parameters({"Description": value}) == {"Description": written}
    assert redact_parameters({"Outer": {"Name": "n", "Other": value}}, shown=[("Outer", "Name")]) == {
        "Outer": {"Name": "n", "Other": written}
    }


_DATA: st.SearchStrategy[object] = st.recursive(
    st.just("hunter2") | st.just(b"hunter2"),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["Name", "hunter2", "@", "*"]), inner),
)
_SHOWN = [("Name",), ("Names", "*"), ("Item", "@"), ("Outer", "Name"), ("Outer", "Item", "@")]


@given(st.dictionaries(st.sampled_from(["Value", "Body", "@", "*"]), _DATA), _DATA)
def test_data_is_never_written(parameters: dict[str, object], value: object) -> None:
    written = json.dumps(redact_parameters({**parameters, "Item": {"id": value}, "Outer": {"It": value}}, shown=_SHOWN))
    assert "hunter2" not in written
    assert "aHVudGVyMg" not in written


def test_what_is_listed_stays() -> None:
    parameters = {
        "Name": "test-x",
        "Names": ["a", "b"],
        "Item": {"id": {"S": "hunter2"}},
        "Outer": {"Name": "inner", "Count": 3, "Item": {"id": "hunter2"}},
    }
    assert redact_parameters(parameters, shown=_SHOWN) == {
        "Name": "test-x",
        "Names": ["a", "b"],
        "Item": {"id": "[redacted 1 members]"},
        "Outer": {"Name": "inner", "Count": 3, "Item": {"id": "[redacted 7 chars]"}},
    }


def test_a_listed_path_that_does_not_fit_shows_nothing() -> None:
    assert redact_parameters({"Name": {"hunter2": 1}, "Names": {"hunter2": 1}, "Item": ["hunter2"]}, shown=_SHOWN) == {
        "Name": "[redacted 1 members]",
        "Names": "[redacted 1 members]",
        "Item": "[redacted 1 entries]",
    }


def test_settings_that_are_no_text_stay() -> None:
    kept = {"Limit": 3, "ConsistentRead": True, "Ratio": 0.5, "Nothing": None}
    assert redact_parameters(kept) == kept
    assert redact_parameters({"Since": datetime(2026, 1, 31, tzinfo=UTC)}) == {"Since": "2026-01-31T00:00:00+00:00"}


@pytest.mark.parametrize(
    "value",
    [
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE",
        "eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.c2ln",
        "use AKIAABCDEFGHIJKLMNOP here",
        "https://b.example/?X-Amz-Signature=00ff",
        "AWS4-HMAC-SHA256 Credential=x",
        "postgres://user:pw@host/db",
    ],
)
def test_a_name_that_looks_secret_is_masked(value: str) -> None:
    assert redact_parameters({"Name": value, "Item": {value: 1}}, shown=_SHOWN) == {"Name": MASK, "Item": {MASK: MASK}}


def test_long_names_and_lists_are_cut() -> None:
    written = redact_parameters({"Name": "x" * 300, "Names": ["a"] * 40}, shown=_SHOWN)
    assert written == {"Name": "x" * 256 + "<44 more>", "Names": [*["a"] * 32, "<8 more>"]}
