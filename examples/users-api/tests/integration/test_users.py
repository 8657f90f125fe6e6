"""What the API does for those who may use it."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

Person = dict[str, Any]


def test_an_administrator_creates_a_user(as_admin: Any, new_name: str, tidy: Callable[[Person], Person]) -> None:
    before = int(time.time())

    response = as_admin.post("/users", json={"name": new_name})
    assert response.status_code == 200
    created = tidy(response.json())

    assert created["name"] == new_name
    assert created["timestamp"] >= before - 60
    assert as_admin.get(f"/users/{created['userid']}").json() == created


def test_an_administrator_lists_all_users(
    as_admin: Any, own_data: Person, somebody: Person, new_name: str, tidy: Callable[[Person], Person]
) -> None:
    another = tidy(as_admin.post("/users", json={"name": f"{new_name} again"}).json())

    response = as_admin.get("/users")
    assert response.status_code == 200

    # Other tests may have users of their own there at the same time.
    listed = response.json()
    assert [person for person in (own_data, somebody, another) if person not in listed] == []


def test_an_administrator_deletes_a_user(as_admin: Any, somebody: Person) -> None:
    path = f"/users/{somebody['userid']}"
    assert as_admin.get(path).json() == somebody

    assert as_admin.delete(path).status_code == 200

    assert as_admin.get(path).status_code == 404
    assert somebody not in as_admin.get("/users").json()


@pytest.mark.parametrize(
    ("invalid", "complaint"),
    [
        pytest.param({"Name": "Ada"}, "unknown field 'Name'", id="field-in-the-wrong-case"),
        pytest.param({}, "must be a string that is not empty", id="no-name"),
        pytest.param({"name": ""}, "must be a string that is not empty", id="empty-name"),
        pytest.param({"name": 1815}, "must be a string that is not empty", id="name-that-is-a-number"),
        pytest.param({"name": "Ada", "userid": "ada"}, "unknown field 'userid'", id="id-chosen-by-the-client"),
        pytest.param([{"name": "Ada"}], "must be a JSON object", id="not-an-object"),
    ],
)
def test_an_invalid_user_is_refused(
    as_admin: Any, new_name: str, tidy: Callable[[Person], Person], invalid: object, complaint: str
) -> None:
    refused = as_admin.post("/users", json=invalid)
    assert refused.status_code == 400
    assert complaint in refused.json()["message"]

    accepted = as_admin.post("/users", json={"name": new_name})
    assert accepted.status_code == 200
    path = f"/users/{tidy(accepted.json())['userid']}"

    assert as_admin.put(path, json=invalid).status_code == 400
    assert as_admin.get(path).json() == accepted.json()
    assert as_admin.put(path, json={"name": new_name}).status_code == 200


def test_an_unknown_user_is_not_found(as_admin: Any, somebody: Person) -> None:
    unknown, known = f"/users/{uuid4()}", f"/users/{somebody['userid']}"

    assert as_admin.get(unknown).status_code == 404
    assert as_admin.delete(unknown).status_code == 404

    assert as_admin.get(known).status_code == 200
    assert as_admin.delete(known).status_code == 200


def test_numbers_that_another_program_stored_are_json_numbers(
    as_admin: Any, aws: Any, stack: Any, somebody: Person
) -> None:
    table = aws.resource("dynamodb").Table(stack.outputs["UsersTable"])
    table.put_item(Item={**somebody, "shoe": Decimal("43.5"), "logins": Decimal(7)})

    assert as_admin.get(f"/users/{somebody['userid']}").json() == {**somebody, "shoe": 43.5, "logins": 7}
