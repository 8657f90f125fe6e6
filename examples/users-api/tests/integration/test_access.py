"""Who may do what.

A refusal alone proves little: a misspelt path is refused as well. So each test that expects one also makes the same
request as somebody who may, and expects it to work.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Person = dict[str, Any]


def names(people: list[Person]) -> list[str]:
    return [person["name"] for person in people]


def test_nobody_lists_users_without_a_token(api: Any, as_admin: Any) -> None:
    assert api.get("/users").status_code == 401
    assert as_admin.get("/users").status_code == 200


def test_a_regular_user_does_not_list_users(as_regular: Any, as_admin: Any) -> None:
    assert as_regular.get("/users").status_code == 403
    assert as_admin.get("/users").status_code == 200


def test_a_regular_user_does_not_create_a_user(
    as_regular: Any, as_admin: Any, new_name: str, tidy: Callable[[Person], Person]
) -> None:
    body = {"name": new_name}

    assert as_regular.post("/users", json=body).status_code == 403
    assert new_name not in names(as_admin.get("/users").json())

    allowed = as_admin.post("/users", json=body)
    assert allowed.status_code == 200
    tidy(allowed.json())
    assert names(as_admin.get("/users").json()).count(new_name) == 1


def test_a_regular_user_does_not_read_another_user(as_regular: Any, as_admin: Any, somebody: Person) -> None:
    path = f"/users/{somebody['userid']}"

    assert as_regular.get(path).status_code == 403

    allowed = as_admin.get(path)
    assert allowed.status_code == 200
    assert allowed.json() == somebody


def test_a_regular_user_does_not_change_another_user(as_regular: Any, as_admin: Any, somebody: Person) -> None:
    path, body = f"/users/{somebody['userid']}", {"name": "Grace"}

    assert as_regular.put(path, json=body).status_code == 403
    assert as_admin.get(path).json() == somebody

    assert as_admin.put(path, json=body).status_code == 200
    assert as_admin.get(path).json()["name"] == "Grace"


def test_a_regular_user_does_not_delete_another_user(as_regular: Any, as_admin: Any, somebody: Person) -> None:
    path = f"/users/{somebody['userid']}"

    assert as_regular.delete(path).status_code == 403
    assert as_admin.get(path).json() == somebody

    assert as_admin.delete(path).status_code == 200
    assert as_admin.get(path).status_code == 404


def test_a_regular_user_reads_their_own_data(as_regular: Any, as_other: Any, regular: Any, own_data: Person) -> None:
    path = f"/users/{regular.sub}"

    response = as_regular.get(path)
    assert response.status_code == 200
    assert response.json() == own_data

    assert as_other.get(path).status_code == 403


def test_a_regular_user_changes_their_own_data(as_regular: Any, as_admin: Any, regular: Any, own_data: Person) -> None:
    path = f"/users/{regular.sub}"
    changed = own_data["name"] + " Lovelace"

    response = as_regular.put(path, json={"name": changed})
    assert response.status_code == 200
    assert response.json()["name"] == changed

    assert as_regular.get(path).json() == response.json()
    assert as_admin.get(path).json() == response.json()


def test_a_regular_user_deletes_their_own_data(as_regular: Any, as_admin: Any, regular: Any, own_data: Person) -> None:
    path = f"/users/{regular.sub}"
    assert as_admin.get(path).json() == own_data

    assert as_regular.delete(path).status_code == 200

    assert as_regular.get(path).status_code == 404
    assert as_admin.get(path).status_code == 404
