"""The routes of the users API, over one table.

A user is `{"userid": ..., "name": ..., "timestamp": ...}`: the id is the server's (or the signed-in user's own, in the
path), the name is the client's, the timestamp is when it was last saved, in whole seconds since 1970.
"""

from __future__ import annotations

import json
import logging
import os
import re
import time
import uuid
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Refusal", "lambda_handler", "name_in", "respond"]

# AWS sets its own handler and level before this; elsewhere the log is stderr.
logging.basicConfig(level=logging.INFO)
log = logging.getLogger(__name__)

_USER_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LONGEST_NAME = 256


class Refusal(Exception):
    """A request that gets a status and a message of its own."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, object]:
    """Answer one proxied request. Faults go to the log, never to the client."""
    try:
        answer = respond(200, _answer(event, _table()))
    except Refusal as refusal:
        answer = respond(refusal.status, {"message": str(refusal)})
    except Exception:
        log.exception("cannot answer")
        answer = respond(500, {"message": "Internal server error"})
    log.info("%s %s: %s", event.get("httpMethod"), event.get("resource"), answer["statusCode"])
    return answer


def respond(status: int, body: object) -> dict[str, object]:
    """An answer in the form of a Lambda proxy integration."""
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps(body, default=_json_number),
    }


def name_in(body: str | None) -> str:
    """The user's name out of a request body.

    Raises:
        Refusal: the body is anything but a JSON object with a usable `name` and nothing else.
    """
    try:
        fields = json.loads(body or "")
    except (ValueError, RecursionError):
        raise Refusal(400, "the body must be JSON") from None
    if not isinstance(fields, dict):
        raise Refusal(400, "the body must be a JSON object")
    if unknown := sorted(fields.keys() - {"name"}):
        raise Refusal(400, f"unknown field {unknown[0][:40]!a}; the only one is 'name'")
    name = fields.get("name")
    if not isinstance(name, str) or not name.strip():
        raise Refusal(400, "'name' must be a string that is not empty")
    if len(name) > _LONGEST_NAME or not name.isprintable():
        raise Refusal(400, f"'name' must be at most {_LONGEST_NAME} printable characters")
    return name


def _answer(event: dict[str, Any], table: Any) -> object:
    route = _ROUTES.get((event["httpMethod"], event["resource"]))
    if route is None:
        raise Refusal(404, "no such route")
    return route(event, table)


def _list(_event: Mapping[str, Any], table: Any) -> list[object]:
    # A page ends after 1 MB, not after the last user.
    users: list[object] = []
    page = table.scan(ConsistentRead=True)
    users += page["Items"]
    while "LastEvaluatedKey" in page:
        page = table.scan(ConsistentRead=True, ExclusiveStartKey=page["LastEvaluatedKey"])
        users += page["Items"]
    return users


def _create(event: Mapping[str, Any], table: Any) -> object:
    return _save(str(uuid.uuid4()), event, table)


def _read(event: Mapping[str, Any], table: Any) -> object:
    found = table.get_item(Key={"userid": _user_id(event)}, ConsistentRead=True)
    if "Item" not in found:
        raise Refusal(404, "no such user")
    return found["Item"]


def _put(event: Mapping[str, Any], table: Any) -> object:
    """Save a user under the id in the path; whoever signs up saves themselves this way first."""
    return _save(_user_id(event), event, table)


def _delete(event: Mapping[str, Any], table: Any) -> object:
    try:
        table.delete_item(Key={"userid": _user_id(event)}, ConditionExpression="attribute_exists(userid)")
    except ClientError as error:
        if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
            raise Refusal(404, "no such user") from error
        raise
    return {}


def _save(userid: str, event: Mapping[str, Any], table: Any) -> object:
    user = {"userid": userid, "name": name_in(event.get("body")), "timestamp": int(time.time())}
    table.put_item(Item=user)
    return user


def _user_id(event: Mapping[str, Any]) -> str:
    userid = str(event["pathParameters"]["userid"])
    if not _USER_ID.fullmatch(userid):
        raise Refusal(400, "a user id is 1 to 64 letters, digits, '-' and '_'")
    return userid


def _json_number(value: object) -> int | float:
    # DynamoDB's numbers arrive as Decimal, which json does not know.
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


@cache
def _table() -> Any:
    return boto3.resource("dynamodb").Table(os.environ["USERS_TABLE"])


_ROUTES: dict[tuple[str, str], Callable[[Mapping[str, Any], Any], object]] = {
    ("GET", "/users"): _list,
    ("POST", "/users"): _create,
    ("GET", "/users/{userid}"): _read,
    ("PUT", "/users/{userid}"): _put,
    ("DELETE", "/users/{userid}"): _delete,
}
