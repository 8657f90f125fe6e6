"""When the key set is fetched, and from where."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from typing import Any

import pytest
from jwks import KeySet, address_of, fetch


class Pool:
    """A pool whose published keys, reachability and clock the test sets."""

    def __init__(self) -> None:
        self.keys: list[dict[str, object]] = []
        self.fault: Exception | None = None
        self.fetches = 0
        self.now = 1000.0

    def read(self, _url: str) -> dict[str, object]:
        self.fetches += 1
        if self.fault:
            raise self.fault
        return {"keys": self.keys}

    def key_set(self) -> KeySet:
        return KeySet("https://keys.invalid", read=self.read, clock=lambda: self.now)


@pytest.fixture
def pool(signer: Any) -> Pool:
    pool = Pool()
    pool.keys = [signer.published()]
    return pool


def test_a_known_key_is_fetched_once(pool: Pool) -> None:
    keys = pool.key_set()
    assert [keys.key("first"), keys.key("first")] != [None, None]
    assert pool.fetches == 1


def test_an_unknown_key_is_fetched_after_a_rotation(pool: Pool, new_signer: Callable[[str], Any]) -> None:
    keys = pool.key_set()
    assert keys.key("first")

    pool.keys = [new_signer("second").published()]
    pool.now += 61

    assert keys.key("second")
    assert pool.fetches == 2


def test_unknown_keys_are_fetched_at_most_once_a_minute(pool: Pool) -> None:
    keys = pool.key_set()
    assert keys.key("first")

    pool.now += 61
    assert [keys.key(f"forged-{number}") for number in range(5)] == [None] * 5
    assert pool.fetches == 2
    assert keys.key("first")


@pytest.mark.parametrize("fault", [OSError("down"), http.client.BadStatusLine("?"), ValueError("no JSON"), TypeError()])
def test_a_pool_out_of_reach_does_not_lose_the_keys_there_are(pool: Pool, fault: Exception) -> None:
    keys = pool.key_set()
    assert keys.key("first")

    pool.fault = fault
    pool.now += 61

    assert keys.key("second") is None
    assert keys.key("first")


def test_without_any_key_each_request_tries_again(pool: Pool) -> None:
    keys = pool.key_set()
    pool.fault = OSError("down")
    assert keys.key("first") is None

    pool.fault = None
    assert keys.key("first")


@pytest.mark.parametrize("keys", [[], "nonsense", [{"kty": "unheard-of", "kid": "first"}]])
def test_a_key_set_without_a_usable_key_gives_none(keys: Any) -> None:
    pool = Pool()
    pool.keys = keys
    assert pool.key_set().key("first") is None


@pytest.mark.parametrize(
    ("environment", "address"),
    [
        ({}, "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_example/.well-known/jwks.json"),
        ({"JWKS_URL": ""}, "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_example/.well-known/jwks.json"),
        (
            {"JWKS_URL": "", "AWS_ENDPOINT_URL": "http://127.0.0.1:8000/"},
            "http://127.0.0.1:8000/eu-west-1_example/.well-known/jwks.json",
        ),
        ({"JWKS_URL": "https://keys.invalid", "AWS_ENDPOINT_URL": "http://127.0.0.1:8000"}, "https://keys.invalid"),
    ],
)
def test_the_address_is_the_pools_own_unless_configured(issuer: str, environment: dict[str, str], address: str) -> None:
    assert address_of(issuer, environment) == address


def test_fetch_reads_json(tmp_path: Any) -> None:
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": []}))
    assert fetch(file.as_uri()) == {"keys": []}
