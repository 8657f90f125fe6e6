"""Tokens of registries: surrogates, and what requests present."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sandgate.core.call import Principal
from sandgate.keys.registry_tokens import RegistryToken, RegistryTokens, password_of

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
TOKEN = RegistryToken(
    real="QVdTOmNhbmFyeQ==",
    principal=Principal(kind="identity", name="identity"),
    account="111122223333",
    region="eu-west-1",
    expires=NOON,
)


def password(given: str) -> str:
    return base64.b64decode(given).decode().removeprefix("AWS:")


def test_a_surrogate_stands_for_one_token_of_one_caller() -> None:
    tokens = RegistryTokens()
    given = tokens.mint(TOKEN)
    assert given == tokens.mint(TOKEN)
    assert tokens.resolve(password(given)) == TOKEN
    other = replace(TOKEN, principal=Principal(kind="deployer", name="deployer"))
    assert tokens.mint(other) != given
    assert tokens.resolve(password(tokens.mint(other))) == other
    assert RegistryTokens().mint(TOKEN) != given
    assert RegistryTokens().resolve(password(given)) is None
    assert tokens.resolve("canary") is None


def test_it_ends() -> None:
    assert TOKEN.expired(NOON)
    assert not TOKEN.expired(datetime(2026, 1, 31, 11, 59, tzinfo=UTC))
    assert not replace(TOKEN, expires=None).expired(NOON)


def test_no_secret_is_printed() -> None:
    tokens = RegistryTokens()
    given = tokens.mint(TOKEN)
    assert repr(tokens) == "RegistryTokens(1 tokens)"
    assert "QVdTOmNhbmFyeQ" not in repr(TOKEN)
    assert password(given) not in repr(tokens)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("", None),
        (f"Basic {base64.b64encode(b'AWS:a:b').decode()}", "a:b"),
        (f"basic {base64.b64encode(b'AWS:x').decode()}", "x"),
        (f"Basic {base64.b64encode(b'AWS').decode()}", ""),
        ("Basic !", ""),
        ("Basic /w==", ""),
        ("Bearer abc", ""),
    ],
)
def test_what_a_request_presents(header: str, found: str | None) -> None:
    assert password_of({"authorization": header} if header else {}) == found
