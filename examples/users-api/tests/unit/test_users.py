"""The routes without AWS: a table of one dictionary stands in for DynamoDB."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
import users
from botocore.exceptions import ClientError

SECRET = "text of an exception inside"


class Table:
    """Just what the handlers use, two users to a page, and faults on demand."""

    def __init__(self) -> None:
        self.items: dict[str, dict[str, Any]] = {}
        self.fault: Exception | None = None

    def _fail(self) -> None:
        if self.fault:
            raise self.fault

    def scan(self, *, ConsistentRead: bool, ExclusiveStartKey: dict[str, str] | None = None) -> dict[str, Any]:  # noqa: N803
        assert ConsistentRead
        self._fail()
        ids = sorted(self.items)
        start = ids.index(ExclusiveStartKey["userid"]) + 1 if ExclusiveStartKey else 0
        page = ids[start : start + 2]
        more = {"LastEvaluatedKey": {"userid": page[-1]}} if start + 2 < len(ids) else {}
        return {"Items": [self.items[userid] for userid in page], **more}

    def get_item(self, *, Key: dict[str, str], ConsistentRead: bool) -> dict[str, Any]:  # noqa: N803
        assert ConsistentRead
        self._fail()
        return {"Item": self.items[Key["userid"]]} if Key["userid"] in self.items else {}

    def put_item(self, *, Item: dict[str, Any]) -> None:  # noqa: N803
        self._fail()
        self.items[Item["userid"]] = Item

    def delete_item(self, *, Key: dict[str, str], ConditionExpression: str) -> None:  # noqa: N803
        assert ConditionExpression == "attribute_exists(userid)"
        self._fail()
        if Key["userid"] not in self.items:
            raise ClientError({"Error": {"Code": "ConditionalCheckFailedException", "Message": ""}}, "DeleteItem")
        del self.items[Key["userid"]]


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Table:
    table = Table()
    monkeypatch.setattr(users, "_table", lambda: table)
    return table


def call(method: str, *, userid: str | None = None, body: object = None) -> tuple[int, Any]:
    event = {
        "httpMethod": method,
        "resource": "/users/{userid}" if userid is not None else "/users",
        "pathParameters": {"userid": userid} if userid is not None else None,
        "body": body if body is None or isinstance(body, str) else json.dumps(body),
    }
    answer: dict[str, Any] = users.lambda_handler(event, None)
    assert answer["headers"] == {"Content-Type": "application/json"}
    return answer["statusCode"], json.loads(answer["body"])


def test_the_list_holds_every_page(table: Table) -> None:
    for number in range(5):
        table.put_item(Item={"userid": f"u{number}"})
    assert call("GET") == (200, [{"userid": f"u{number}"} for number in range(5)])


@pytest.mark.usefixtures("table")
def test_an_empty_list_is_a_list() -> None:
    assert call("GET") == (200, [])


def test_two_users_with_one_name_are_two_users(table: Table) -> None:
    _, first = call("POST", body={"name": "Ada"})
    _, second = call("POST", body={"name": "Ada"})
    assert sorted(table.items) == sorted([first["userid"], second["userid"]])


def test_put_replaces_what_was_there(table: Table) -> None:
    table.put_item(Item={"userid": "ada", "name": "Ada", "shoe": Decimal(43)})
    status, saved = call("PUT", userid="ada", body={"name": "Ada Lovelace"})
    assert status == 200
    assert saved == table.items["ada"]
    assert saved["name"] == "Ada Lovelace"
    assert "shoe" not in saved


@pytest.mark.parametrize(
    "body",
    [
        None,
        "",
        "null",
        "name=Ada",
        '"Ada"',
        '{"name": "Ada"',
        '{"name": NaN}',
        "[" * 100_000,
        {"name": "   "},
        {"name": None},
        {"name": ["Ada"]},
        {"name": "A" * 257},
        {"name": "two\nlines"},
        {"name": "\ud800"},
        {"name": "Ada", "age": 36},
    ],
)
def test_a_body_that_is_no_user_is_a_400_and_stores_nothing(table: Table, body: object) -> None:
    for method, userid in (("POST", None), ("PUT", "ada")):
        status, answer = call(method, userid=userid, body=body)
        assert (status, list(answer)) == (400, ["message"])
    assert table.items == {}


@pytest.mark.parametrize("name", ["A", "A" * 256, "Zoë Łukasz 李 \N{SMILING FACE WITH SMILING EYES}"])
@pytest.mark.usefixtures("table")
def test_a_usable_name_is_kept_as_it_is(name: str) -> None:
    status, saved = call("POST", body={"name": name})
    assert (status, saved["name"]) == (200, name)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_unknown_user_is_a_404(table: Table, method: str) -> None:
    table.put_item(Item={"userid": "ada"})
    assert call(method, userid="grace") == (404, {"message": "no such user"})
    assert call(method, userid="ada")[0] == 200


def test_a_deleted_user_is_gone(table: Table) -> None:
    table.put_item(Item={"userid": "ada"})
    assert call("DELETE", userid="ada") == (200, {})
    assert table.items == {}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("userid", ["", "a b", "../x", "a" * 65, "ada\n"])
def test_an_id_that_cannot_be_one_is_a_400(table: Table, method: str, userid: str) -> None:
    assert call(method, userid=userid, body={"name": "Ada"})[0] == 400
    assert table.items == {}


@pytest.mark.parametrize(
    ("stored", "shown"), [(Decimal(7), 7), (Decimal("43.5"), 43.5), (Decimal("1E+3"), 1000), (Decimal("-0.25"), -0.25)]
)
def test_stored_numbers_are_json_numbers(table: Table, stored: Decimal, shown: float) -> None:
    table.put_item(Item={"userid": "ada", "number": stored})
    assert call("GET", userid="ada")[1]["number"] == shown
    assert call("GET")[1][0]["number"] == shown


@pytest.mark.parametrize(
    ("method", "userid"), [("GET", None), ("POST", None), ("GET", "a"), ("PUT", "a"), ("DELETE", "a")]
)
@pytest.mark.parametrize(
    "fault", [RuntimeError(SECRET), ClientError({"Error": {"Code": "AccessDenied", "Message": SECRET}}, "Op")]
)
def test_a_fault_is_logged_and_its_text_not_told(
    table: Table, caplog: pytest.LogCaptureFixture, method: str, userid: str | None, fault: Exception
) -> None:
    table.fault = fault
    assert call(method, userid=userid, body={"name": "Ada"}) == (500, {"message": "Internal server error"})
    assert SECRET in caplog.text


def test_what_json_cannot_hold_is_a_fault_as_well(table: Table) -> None:
    table.put_item(Item={"userid": "ada", "tags": {"a", "b"}})
    assert call("GET", userid="ada")[0] == 500


@pytest.mark.usefixtures("table")
def test_an_unknown_route_is_a_404() -> None:
    assert call("PATCH", userid="ada")[0] == 404
