"""Six requests against the deployed API: who gets in, who does not, and what a bad body gets."""

from __future__ import annotations

import json

import pytest
import requests

NEW_USER = {"name": "Ada Lovelace"}

Config = dict[str, str]


def signed_in(token: str) -> dict[str, str]:
    return {"Authorization": token, "Content-Type": "application/json"}


@pytest.fixture(scope="module")
def creation(global_config: Config) -> requests.Response:
    """What the API answers when the administrator creates a user, once for all tests that need one."""
    return requests.post(
        f"{global_config['APIEndpoint']}/users",
        data=json.dumps(NEW_USER),
        headers=signed_in(global_config["adminUserIdToken"]),
        timeout=30,
    )


def test_no_token_is_unauthorized(global_config: Config) -> None:
    response = requests.get(f"{global_config['APIEndpoint']}/users", timeout=30)
    assert response.status_code == 401


def test_regular_user_may_not_list_users(global_config: Config) -> None:
    response = requests.get(
        f"{global_config['APIEndpoint']}/users",
        headers={"Authorization": global_config["regularUserIdToken"]},
        timeout=30,
    )
    assert response.status_code == 403


def test_regular_user_may_not_create_a_user(global_config: Config) -> None:
    response = requests.post(
        f"{global_config['APIEndpoint']}/users",
        data=json.dumps(NEW_USER),
        headers=signed_in(global_config["regularUserIdToken"]),
        timeout=30,
    )
    assert response.status_code == 403


def test_administrator_creates_a_user(creation: requests.Response) -> None:
    assert creation.status_code == 200
    assert creation.json()["name"] == NEW_USER["name"]


def test_invalid_user_is_a_bad_request(global_config: Config) -> None:
    # `data=` with a dict is form-encoded, so what is refused here is a body that is no JSON, not the field's capital
    # letter. The example's own suite sends both as JSON.
    response = requests.post(
        f"{global_config['APIEndpoint']}/users",
        data={"Name": "Ada Lovelace"},
        headers=signed_in(global_config["adminUserIdToken"]),
        timeout=30,
    )
    assert response.status_code == 400


def test_regular_user_may_not_read_another_user(global_config: Config, creation: requests.Response) -> None:
    response = requests.get(
        f"{global_config['APIEndpoint']}/users/{creation.json()['userid']}",
        headers={"Authorization": global_config["regularUserIdToken"]},
        timeout=30,
    )
    assert response.status_code == 403
