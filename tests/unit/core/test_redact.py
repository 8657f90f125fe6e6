"""Secrets stay out of what is written, in whatever spelling and under whatever name."""

from __future__ import annotations

import base64
import json
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
    "name",
    ["Password", "MasterUserPassword", "SecretString", "ClientSecret", "SessionToken", "RefreshToken", "Credentials",
     "AuthParameters", "PrivateKey", "ApiKey", "Plaintext", "SECRET_HASH", "Passphrase"],
)  # fmt: skip
def test_names_that_sound_secret_are_masked(name: str) -> None:
    assert redact_parameters({name: "x", "Outer": {name: {"deep": "x"}}}) == {name: MASK, "Outer": {name: MASK}}


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
def test_values_that_look_secret_are_masked(value: str) -> None:
    assert redact_parameters({"Description": value}) == {"Description": MASK}


def test_pairs_are_judged_by_their_key() -> None:
    pair = {"ParameterKey": "DbPassword", "ParameterValue": "x"}
    assert redact_parameters({"Parameters": [pair]}) == {"Parameters": [{**pair, "ParameterValue": MASK}]}
    harmless = {"Key": "owner", "Value": "me"}
    assert redact_parameters({"Tags": [harmless]}) == {"Tags": [harmless]}


def test_the_model_s_own_marks_are_heeded() -> None:
    assert redact_parameters({"Nickname": "x"}, sensitive=["nickname"]) == {"Nickname": MASK}


def test_what_is_harmless_stays() -> None:
    kept = {"TableName": "test-x", "Limit": 3, "ConsistentRead": True, "MaxTokens": 5, "Nothing": None}
    assert redact_parameters(kept) == kept


def test_data_is_measured_not_copied() -> None:
    deep: object = "end"
    for _ in range(20):
        deep = {"a": deep}
    written = redact_parameters({"Body": b"12345", "Text": "x" * 300, "Items": list(range(40)), "Deep": deep})
    assert written["Body"] == "<5 bytes>"
    assert written["Text"] == "x" * 256 + "<44 more>"
    assert written["Items"] == [*range(32), "<8 more>"]
    assert "<deeper>" in json.dumps(written)
