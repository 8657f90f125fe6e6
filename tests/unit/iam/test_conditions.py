"""The table of condition operators: what each answers for present, absent, several and incomparable values."""

from __future__ import annotations

import pytest

from sandgate.iam.conditions._clause import compile_clause, operators
from sandgate.iam.variables import Context

QUEUE = "arn:aws:sqs:eu-west-1:111122223333:test-q"
TABLE: list[tuple[str, str, str, bool]] = [
    # operator, wanted, value of the request, answer
    ("StringEquals", "bob", "bob", True),
    ("StringEquals", "bob", "Bob", False),
    ("StringEquals", "b*", "bob", False),
    ("StringEquals", "b*", "b*", True),
    ("StringNotEquals", "bob", "bob", False),
    ("StringNotEquals", "bob", "ann", True),
    ("StringEqualsIgnoreCase", "bob", "BOB", True),
    ("StringEqualsIgnoreCase", "b*", "BOB", False),
    ("StringNotEqualsIgnoreCase", "bob", "BOB", False),
    ("StringLike", "b*b", "bob", True),
    ("StringLike", "b?b", "bob", True),
    ("StringLike", "b?b", "boob", False),
    ("StringLike", "*", "", True),
    ("StringLike", "a*b*c", "a-b-b-c", True),
    ("StringLike", "?*?", "a", False),
    ("StringLike", "b*", "Bob", False),
    ("StringLike", "a.c", "abc", False),
    ("StringLike", "a*", "a\nb", True),
    ("StringLike", "a?b*?", "a\nb\n", True),
    ("StringNotLike", "b*", "bob", False),
    ("StringNotLike", "b*", "ann", True),
    ("NumericEquals", "10", "10.0", True),
    ("NumericEquals", "0.1", "0.10000000000000001", False),
    ("NumericNotEquals", "10", "11", True),
    ("NumericLessThan", "10", "9", True),
    ("NumericLessThan", "10", "10", False),
    ("NumericLessThanEquals", "10", "10", True),
    ("NumericGreaterThan", "-1.5", "-1.4", True),
    ("NumericGreaterThan", "9", "10", True),
    ("NumericGreaterThanEquals", "10", "9.99", False),
    ("DateEquals", "2026-11-21T09:00:00Z", "2026-11-21T10:00:00+01:00", True),
    ("DateEquals", "1970-01-02", "86400", True),
    ("DateNotEquals", "2026", "2026-01-01", False),
    ("DateLessThan", "2026-11", "2026-10-31T23:59:59Z", True),
    ("DateLessThanEquals", "2026-11-21", "2026-11-21T00:00:01Z", False),
    ("DateGreaterThan", "1700000000", "2026-11-21t09:00:00z", True),
    ("DateGreaterThanEquals", "2026-11-21T09:00:00.5Z", "2026-11-21T09:00:00Z", False),
    ("Bool", "true", "True", True),
    ("Bool", "false", "true", False),
    ("BinaryEquals", "Ym9i", "Ym9i", True),
    ("BinaryEquals", "Ym9i", "Ym9j", False),
    ("IpAddress", "203.0.113.0/24", "203.0.113.7", True),
    ("IpAddress", "203.0.113.0/24", "203.0.114.7", False),
    ("IpAddress", "203.0.113.7", "203.0.113.7", True),
    ("IpAddress", "2001:db8::/32", "2001:DB8::1", True),
    ("IpAddress", "0.0.0.0/0", "2001:db8::1", False),
    ("NotIpAddress", "203.0.113.0/24", "203.0.113.7", False),
    ("NotIpAddress", "203.0.113.0/24", "198.51.100.1", True),
    ("ArnEquals", "arn:aws:sqs:*:111122223333:test-*", QUEUE, True),
    ("ArnLike", "arn:aws:sqs:eu-west-?:*:test-q", QUEUE, True),
    ("ArnLike", "arn:aws:*:test-q:x:y", QUEUE, False),
    ("ArnLike", "*", QUEUE, True),
    ("ArnNotEquals", "arn:aws:sqs:*:*:test-*", QUEUE, False),
    ("ArnNotLike", "arn:aws:sns:*:*:*", QUEUE, True),
]
INCOMPARABLE = [
    ("NumericEquals", "1", "one"),
    ("NumericNotEquals", "1", "one"),
    ("DateLessThan", "2026", "yesterday"),
    ("DateNotEquals", "2026", "2026-02-30"),
    ("Bool", "true", "yes"),
    ("BinaryEquals", "Ym9i", "?"),
    ("IpAddress", "10.0.0.0/8", "localhost"),
    ("NotIpAddress", "10.0.0.0/8", "localhost"),
    ("ArnLike", "arn:aws:s3:::*", "bucket"),
    ("ArnNotLike", "arn:aws:s3:::*", "bucket"),
]
WANTED = {"S": "x", "N": "1", "D": "2026", "B": "true", "I": "10.0.0.1", "A": "arn:aws:s3:::x"}


def holds(operator: str, wanted: str | list[str], context: Context, *, allow: bool = True) -> bool:
    values = [wanted] if isinstance(wanted, str) else wanted
    return compile_clause(operator, "aws:Key", values, variables=True, allow=allow)(context)


def example(operator: str) -> str:
    """A wanted value that the operator reads."""
    return "Ym9i" if operator == "BinaryEquals" else WANTED[operator.removeprefix("Not")[0]]


ORDINARY = [name for name, operator in operators().items() if not operator.presence]


@pytest.mark.parametrize(("operator", "wanted", "value", "answer"), TABLE)
@pytest.mark.parametrize("allow", [True, False], ids=["allow", "deny"])
def test_a_present_value(operator: str, wanted: str, value: str, answer: bool, allow: bool) -> None:
    assert holds(operator, wanted, {"aws:key": (value,)}, allow=allow) is answer
    assert holds(f"{operator}IfExists", wanted, {"aws:key": (value,)}, allow=allow) is answer


def test_every_operator_is_in_the_table() -> None:
    assert {row[0] for row in TABLE} == set(ORDINARY)
    assert {name for name in operators() if "Not" in name} == {n for n, op in operators().items() if op.negated}


@pytest.mark.parametrize("operator", ORDINARY)
@pytest.mark.parametrize("absent", [{}, {"aws:key": ()}], ids=["absent", "empty"])
def test_an_absent_key(operator: str, absent: Context) -> None:
    wanted = example(operator)
    negated = "Not" in operator
    for allow in (True, False):
        assert holds(operator, wanted, absent, allow=allow) is negated
        assert holds(f"{operator}IfExists", wanted, absent, allow=allow)
        assert holds(f"ForAllValues:{operator}", wanted, absent, allow=allow)
        assert not holds(f"ForAnyValue:{operator}", wanted, absent, allow=allow)


@pytest.mark.parametrize(("operator", "wanted", "value"), INCOMPARABLE)
def test_what_cannot_be_compared_refuses(operator: str, wanted: str, value: str) -> None:
    """An `Allow` does not match and a `Deny` does, negated or not."""
    assert not holds(operator, wanted, {"aws:key": (value,)}, allow=True)
    assert holds(operator, wanted, {"aws:key": (value,)}, allow=False)


def test_several_wanted_values_are_alternatives_or_with_not_none_of_them() -> None:
    for value, found in (("a", True), ("b", True), ("c", False)):
        assert holds("StringEquals", ["a", "b"], {"aws:key": (value,)}) is found
        assert holds("StringNotEquals", ["a", "b"], {"aws:key": (value,)}) is not found


@pytest.mark.parametrize(
    ("operator", "answers"),
    [
        # for the values: a; a and c; c; none; the empty text
        ("ForAllValues:StringEquals", (True, False, False, True, True)),
        ("ForAnyValue:StringEquals", (True, True, False, False, False)),
        ("ForAllValues:StringNotEquals", (False, False, True, True, True)),
        ("ForAnyValue:StringNotEquals", (False, True, True, False, True)),
        ("ForAllValues:StringLikeIfExists", (True, False, False, True, True)),
        ("ForAnyValue:StringLikeIfExists", (True, True, False, False, False)),
    ],
)
def test_set_operators(operator: str, answers: tuple[bool, ...]) -> None:
    given = (("a",), ("a", "c"), ("c",), (), ("",))
    assert tuple(holds(operator, ["a", "b"], {"aws:key": values}) for values in given) == answers


def test_several_values_without_a_set_prefix_refuse_in_doubt() -> None:
    both = {"aws:key": ("a", "c")}
    assert not holds("StringEquals", "a", both, allow=True)
    assert holds("StringEquals", "a", both, allow=False)
    assert not holds("StringNotEquals", "a", both, allow=True)
    assert holds("StringNotEquals", "a", both, allow=False)


def test_null_asks_whether_the_key_is_there() -> None:
    assert holds("Null", "true", {})
    assert not holds("Null", "false", {})
    assert holds("Null", "false", {"aws:key": ("",)})
    assert not holds("Null", "true", {"aws:key": ("x",)})
    assert holds("Null", ["true", "false"], {})


@pytest.mark.parametrize(
    ("operator", "wanted", "user", "value", "answer"),
    [
        ("StringEquals", "${aws:username}", "bob", "bob", True),
        ("StringEquals", "${AWS:UserName}", "bob", "bob", True),
        ("StringLike", "home-${aws:username}-*", "bob", "home-bob-1", True),
        ("StringLike", "${aws:username}", "b*", "bob", False),  # a value from the request is literal
        ("StringLike", "${aws:username}", "b*", "b*", True),
        ("StringLike", "a${*}", "bob", "ab", False),
        ("StringLike", "a${*}", "bob", "a*", True),
        ("StringLike", "a${?}", "bob", "a?", True),
        ("StringEquals", "${$}{aws:username}", "bob", "${aws:username}", True),
        ("StringEquals", "${aws:username, 'nobody'}", "bob", "bob", True),
        ("StringEquals", "${aws:username,'nobody'}", None, "nobody", True),
        ("StringEquals", "${aws:username}", None, "", False),
        ("StringLike", "*${aws:username}*", None, "x", False),
        ("StringNotEquals", "${aws:username}", None, "x", True),
        ("ArnLike", "arn:aws:sqs:*:*:${aws:username}", "test-q", QUEUE, True),
        ("ArnLike", "arn:aws:sqs:*:${aws:username}:*", "111122223333", QUEUE, True),
    ],
)
def test_variables(operator: str, wanted: str, user: str | None, value: str, answer: bool) -> None:
    context: Context = {"aws:key": (value,)} | ({} if user is None else {"aws:username": (user,)})
    assert holds(operator, wanted, context) is answer


def test_a_variable_with_several_values_has_none() -> None:
    context = {"aws:key": ("a",), "aws:username": ("a", "b")}
    assert not holds("StringEquals", "${aws:username, 'a'}", context)


def test_a_variable_without_a_value_makes_nothing_comparable() -> None:
    context = {"aws:key": ("no ARN",)}
    for operator in ("ArnEquals", "ArnNotEquals"):
        assert not holds(operator, "arn:aws:sqs:*:*:${aws:username}", context, allow=True)
        assert holds(operator, "arn:aws:sqs:*:*:${aws:username}", context, allow=False)


def test_variables_are_plain_text_in_the_old_version() -> None:
    check = compile_clause("StringEquals", "aws:key", ["${aws:username}"], variables=False, allow=True)
    assert check({"aws:key": ("${aws:username}",), "aws:username": ("bob",)})
    assert not check({"aws:key": ("bob",), "aws:username": ("bob",)})
