from __future__ import annotations

import re
from typing import Any

import pytest

from sandgate.pytest_plugin.fixtures._people import attributes_for, new_password, new_username
from sandgate.pytest_plugin.fixtures._sign_in import Client


def required(*names: str) -> dict[str, Any]:
    schema = [{"Name": name, "Required": True} for name in ("sub", *names)]
    return {"SchemaAttributes": [*schema, {"Name": "nickname", "Required": False}]}


@pytest.mark.parametrize(
    ("pool", "form"),
    [
        ({}, r"test-k3x9q2-[0-9a-f]{10}"),
        ({"UsernameAttributes": ["email"]}, r"test-k3x9q2-[0-9a-f]{10}@example\.com"),
        ({"UsernameAttributes": ["phone_number", "email"]}, r"test-k3x9q2-[0-9a-f]{10}@example\.com"),
        ({"UsernameAttributes": ["phone_number"]}, r"\+1[2-9]\d\d55501\d\d"),
    ],
)
def test_usernames(pool: dict[str, Any], form: str) -> None:
    names = {new_username(pool, "k3x9q2", "test") for _ in range(20)}
    assert all(re.fullmatch(form, name) for name in names)
    assert len(names) > 15


def test_the_address_that_is_the_name_is_an_attribute_and_verified() -> None:
    pool = {"UsernameAttributes": ["email"]}
    assert attributes_for(pool, "a@example.com", {}) == {"email": "a@example.com", "email_verified": "true"}
    assert attributes_for({"UsernameAttributes": ["phone_number"]}, "+1206", {"phone_number_verified": "false"}) == {
        "phone_number": "+1206",
        "phone_number_verified": "false",
    }


def test_what_the_pool_requires_is_made_up_unless_it_is_given() -> None:
    found = attributes_for(required("name", "email", "birthdate"), "anna", {"name": "Anna"})
    assert found == {
        "name": "Anna",
        "email": "anna@example.com",
        "email_verified": "true",
        "birthdate": "2000-01-01",
    }


@pytest.mark.parametrize(("minimum", "length"), [(6, 24), (24, 24), (60, 60), (99, 99)])
def test_passwords_meet_any_policy(minimum: int, length: int) -> None:
    passwords = {new_password({"MinimumLength": minimum}) for _ in range(50)}
    assert len(passwords) == 50
    for password in passwords:
        assert len(password) == length
        assert all(re.search(of, password) for of in ("[a-z]", "[A-Z]", "[0-9]", r"[!@#%^*_+=.\-]"))
    assert len({password[0] for password in passwords}) > 10


def client(*flows: str, secret: str = "") -> Client:
    return Client(pool="p", id="c", flows=flows, secret=secret)


@pytest.mark.parametrize(
    ("flows", "flow"),
    [
        (("ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH"), "password"),
        (("ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"), "srp"),
        (("ALLOW_ADMIN_USER_PASSWORD_AUTH",), "admin"),
        (("ADMIN_NO_SRP_AUTH",), "admin"),
        (("USER_PASSWORD_AUTH",), "password"),
    ],
)
def test_the_first_flow_that_the_client_allows(flows: tuple[str, ...], flow: str) -> None:
    assert client(*flows).flow() == flow


def test_a_client_without_passwords_says_what_to_add() -> None:
    with pytest.raises(ValueError, match="does not allow any flow with a password: it allows ALLOW_CUSTOM_AUTH; add"):
        client("ALLOW_CUSTOM_AUTH").flow()


def test_secret_hash() -> None:
    # printf annaclient | openssl dgst -sha256 -hmac secret -binary | base64
    made = Client(pool="p", id="client", flows=(), secret="secret").hashed("anna")
    assert made == {"SECRET_HASH": "gdN9QpGJdbGpTRhHcRMIPRIlIVdBKGqw+w82Sy7rTTk="}
    assert client().hashed("anna") == {}
    assert "secret" not in repr(Client(pool="p", id="c", flows=(), secret="secret")).replace("secret=", "")
