"""Who the tests act as, and the users that they make and take away again.

`stack`, `cognito_user` and `api` come from sandgate's pytest plugin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

Person = dict[str, Any]


@pytest.fixture
def sign_up(stack: Any, cognito_user: Any) -> Callable[..., Any]:
    """Make an account in the stack's user pool and sign it in; each call makes another one."""
    outputs = stack.outputs

    def make(*groups: str) -> Any:
        return cognito_user(pool=outputs["UserPool"], client=outputs["UserPoolClient"], groups=list(groups))

    return make


@pytest.fixture
def regular(sign_up: Callable[..., Any]) -> Any:
    """A user like any other."""
    return sign_up()


@pytest.fixture
def as_regular(api: Any, regular: Any) -> Any:
    """The API, called by `regular`."""
    return api.as_user(regular)


@pytest.fixture
def as_other(api: Any, sign_up: Callable[..., Any]) -> Any:
    """The API, called by a second user like any other."""
    return api.as_user(sign_up())


@pytest.fixture
def as_admin(api: Any, stack: Any, sign_up: Callable[..., Any]) -> Any:
    """The API, called by a member of the administrators' group."""
    return api.as_user(sign_up(stack.outputs["UserPoolAdminGroupName"]))


@pytest.fixture
def new_name() -> str:
    """A name that no other test, and no other run of this one, gives anybody."""
    return f"Ada {uuid4()}"


@pytest.fixture
def tidy(as_admin: Any) -> Iterator[Callable[[Person], Person]]:
    """Remember a user that the API answered with, and delete it after the test if it is still there."""
    made: list[Person] = []

    def remember(person: Person) -> Person:
        made.append(person)
        return person

    yield remember
    for person in made:
        assert as_admin.delete(f"/users/{person['userid']}").status_code in {200, 404}


@pytest.fixture
def somebody(as_admin: Any, new_name: str, tidy: Callable[[Person], Person]) -> Person:
    """A user made by an administrator; nobody signs in as them."""
    response = as_admin.post("/users", json={"name": new_name})
    assert response.status_code == 200
    return tidy(response.json())


@pytest.fixture
def own_data(as_regular: Any, regular: Any, new_name: str, tidy: Callable[[Person], Person]) -> Person:
    """What `regular` has saved about themselves."""
    response = as_regular.put(f"/users/{regular.sub}", json={"name": new_name})
    assert response.status_code == 200
    return tidy(response.json())
