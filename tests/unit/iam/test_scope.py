"""What a document grants outside: found in its text, and confirmed by asking."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandgate.iam.compile import compile_document
from sandgate.iam.evaluate import evaluate
from sandgate.iam.parse import parse_document
from sandgate.iam.request import AccessRequest
from sandgate.iam.scope import outside, unscoped
from sandgate.iam.verdict import Policies

TABLES = "arn:aws:dynamodb:eu-west-1:111122223333:table/test_*"
INSIDE = (TABLES, "arn:aws:s3:::test-*")


def document(**changes: Any) -> Any:
    statement = {"Sid": "S", "Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": TABLES} | changes
    statement = {name: value for name, value in statement.items() if value is not None}
    return parse_document({"Version": "2012-10-17", "Statement": [statement]})


def scopable(action: str) -> bool:
    return not action.startswith("dynamodb:List")


@pytest.mark.parametrize(
    ("changes", "element", "value"),
    [
        ({"Resource": [TABLES, "arn:aws:dynamodb:eu-west-1:111122223333:table/*"]}, "Resource", "table/*"),
        ({"Resource": "arn:aws:dynamodb:eu-west-1:000000000000:table/test_*"}, "Resource", "000000000000"),
        ({"Resource": "arn:aws:dynamodb:*:111122223333:table/test_*"}, "Resource", ":*:"),
        ({"Resource": "arn:aws:s3:::${aws:username}-x"}, "Resource", "${aws:username}"),
        ({"Resource": "*"}, "Resource", "*"),
        ({"Action": ["dynamodb:ListTables", "dynamodb:Scan"], "Resource": "*"}, "Resource", "*"),
        ({"Action": "dynamodb:*"}, "Action", "dynamodb:*"),
        ({"Action": "dynamodb:Get?tem"}, "Action", "dynamodb:Get?tem"),
        ({"Action": None, "NotAction": "iam:*"}, "NotAction", "iam:*"),
        ({"Resource": None, "NotResource": TABLES}, "NotResource", TABLES),
    ],
)
def test_what_reaches_outside_is_named(changes: dict[str, Any], element: str, value: str) -> None:
    (found,) = outside(document(**changes), INSIDE, scopable=scopable)
    assert (found.index, found.statement, found.element) == (0, "S", element)
    assert value in found.value
    assert found.hint in found.text()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"Resource": [TABLES, "arn:aws:dynamodb:eu-west-1:111122223333:table/test_a/index/*", "arn:aws:s3:::test-a/*"]},
        {"Resource": "arn:aws:s3:::test-${aws:username}/*"},
        {"Action": "dynamodb:ListTables", "Resource": "*"},
        {"Effect": "Deny", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": None, "NotAction": "iam:*", "Resource": None, "NotResource": TABLES},
    ],
)
def test_what_stays_inside_is_not(changes: dict[str, Any]) -> None:
    assert outside(document(**changes), INSIDE, scopable=scopable) == ()


def test_statements_that_cannot_be_scoped_are_listed() -> None:
    found = unscoped(document(Action=["dynamodb:ListTables", "dynamodb:Scan"], Resource="*"), scopable=scopable)
    assert [(one.index, one.sid, one.actions) for one in found] == [(0, "S", ("dynamodb:ListTables",))]
    assert unscoped(document(), scopable=scopable) == ()


def test_without_a_catalogue_every_star_is_a_finding() -> None:
    assert outside(document(Action="dynamodb:ListTables", Resource="*"), INSIDE)


def test_wildcards_in_actions_may_be_let_pass() -> None:
    assert outside(document(Action="dynamodb:*"), INSIDE, literal_actions=False) == ()


def test_a_wildcard_is_no_action_without_resources() -> None:
    """What the catalogue says of one action says nothing about what a wildcard matches."""
    found = outside(document(Action="dynamodb:List*", Resource="*"), INSIDE, scopable=scopable, literal_actions=False)
    assert [one.element for one in found] == ["Resource"]


def test_a_pattern_that_is_no_arn_is_refused() -> None:
    with pytest.raises(ValueError, match="six segments"):
        outside(document(), ("test_*",))


PIECES = st.sampled_from(("test_", "test_a", "t", "*", "?", "est_", "_", "${aws:username}", "/", ":"))
NAMES = st.lists(PIECES, min_size=1, max_size=4).map("".join)
REGIONS = st.sampled_from(("eu-west-1", "eu-*", "*", "us-east-1"))


@settings(max_examples=300, deadline=None)
@given(
    region=REGIONS,
    name=NAMES,
    asked=st.text(alphabet="test_a/:b", min_size=1, max_size=8),
    place=st.sampled_from(("eu-west-1", "us-east-1", "eu-x")),
    user=st.sampled_from(("test_", "*", "a:b", "")),
)
def test_nothing_outside_is_ever_allowed(region: str, name: str, asked: str, place: str, user: str) -> None:
    made = document(Resource=f"arn:aws:dynamodb:{region}:111122223333:table/{name}")
    if outside(made, (TABLES,)):
        return
    resource = f"arn:aws:dynamodb:{place}:111122223333:table/{asked}"
    request = AccessRequest(action="dynamodb:GetItem", resource=resource, context={"aws:username": (user,)})
    if evaluate(request, Policies(identity=(compile_document(made),))).allowed:
        assert resource.startswith(TABLES[:-1])
