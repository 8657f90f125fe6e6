"""What is wrong in a document is an error that names its place and what would be right."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandgate.errors import ExitCode, PolicyError
from sandgate.iam.document import Condition, Principals, to_json
from sandgate.iam.parse import parse_document

RIGHT = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
KEY = "arn:aws:iam::111122223333:root"


def with_statement(**changes: Any) -> dict[str, Any]:
    """A document of the right statement with some elements changed; `None` removes one."""
    statement = {name: value for name, value in (RIGHT | changes).items() if value is not None}
    return {"Version": "2012-10-17", "Statement": [statement]}


def condition(operator: str, key: str, value: Any) -> dict[str, Any]:
    return with_statement(Condition={operator: {key: value}})


WRONG: list[tuple[str, Any, str, str]] = [
    # name, source, path, what message or hint says
    ("no json", "{", "", "is not JSON"),
    ("nan", '{"Version": NaN}', "", "NaN is no JSON value"),
    ("deep", "[" * 100_000, "", "too deep"),
    ("long number", '{"Version": ' + "1" * 5000 + "}", "", "too long"),
    ("list", "[]", "", "must be an object"),
    ("element", {"Statements": []}, "Statements", "did you mean Statement?"),
    ("duplicate key", '{"Statement": [], "Statement": []}', "", "'Statement' stands twice"),
    ("version", {"Version": "2012-10-18", "Statement": []}, "Version", "'2012-10-17'"),
    ("id", {"Id": 5, "Statement": []}, "Id", "must be a text"),
    ("no statement", {"Version": "2012-10-17"}, "", "needs Statement"),
    ("empty", {"Statement": []}, "Statement", "holds no statement"),
    ("statement", {"Statement": ["x"]}, "Statement[0]", "must be an object"),
    ("unknown", with_statement(Actions="s3:*"), "Statement[0].Actions", "did you mean Action?"),
    ("lower case", with_statement(effect="Allow"), "Statement[0].effect", "did you mean Effect?"),
    ("sid", with_statement(Sid="a b"), "Statement[0].Sid", "letters and digits"),
    ("sid twice", {"Statement": [RIGHT | {"Sid": "A"}] * 2}, "Statement[1].Sid", "earlier"),
    ("no effect", with_statement(Effect=None), "Statement[0]", "needs Effect"),
    ("effect", with_statement(Effect="allow"), "Statement[0].Effect", '"Allow" or "Deny"'),
    ("principal", with_statement(Principal="*"), "Statement[0].Principal", "remove Principal"),
    ("no action", with_statement(Action=None), "Statement[0]", "Action or NotAction"),
    ("both actions", with_statement(NotAction="s3:*"), "Statement[0].NotAction", "keep either"),
    ("action list", with_statement(Action=[]), "Statement[0].Action", "empty list"),
    ("action type", with_statement(Action=["s3:*", 5]), "Statement[0].Action[1]", "must be a text, not int"),
    ("action", with_statement(Action="GetObject"), "Statement[0].Action", "service:Action"),
    ("action service", with_statement(Action="s*:GetObject"), "Statement[0].Action", "service:Action"),
    ("action variable", with_statement(Action="s3:${aws:username}"), "Statement[0].Action", "service:Action"),
    ("long action", with_statement(Action="s3:" + "*e?" * 3000), "Statement[0].Action", "longer than any action"),
    (
        "long action of letters",
        with_statement(Action="s3:" + "e" * 198),
        "Statement[0].Action",
        "longer than any action",
    ),
    (
        "long arn",
        with_statement(Resource=f"arn:aws:s3:::{'*e?' * 700}"),
        "Statement[0].Resource",
        "longer than any ARN",
    ),
    ("no resource", with_statement(Resource=None), "Statement[0]", "Resource or NotResource"),
    ("both resources", with_statement(NotResource="*"), "Statement[0].NotResource", "keep either"),
    ("short arn", with_statement(Resource="arn:aws:s3:*"), "Statement[0].Resource", "is no ARN"),
    ("no arn", with_statement(Resource="b/*"), "Statement[0].Resource", "is no ARN"),
    ("early variable", with_statement(Resource="arn:aws:sqs:${aws:x}:1:q"), "Statement[0].Resource", "fifth colon"),
    ("variable", with_statement(Resource="arn:aws:s3:::${aws:username"), "Statement[0].Resource", "policy variable"),
    ("empty variable", with_statement(Resource="arn:aws:s3:::${}"), "Statement[0].Resource", "policy variable"),
    ("condition", with_statement(Condition=[]), "Statement[0].Condition", "object of operators"),
    ("operator", condition("StringLik", "aws:username", "x"), "Statement[0].Condition.StringLik", "mean StringLike?"),
    (
        "operator with both",
        condition("ForAllValues:StringEqualIfExists", "aws:TagKeys", "x"),
        "Statement[0].Condition.ForAllValues:StringEqualIfExists",
        "did you mean ForAllValues:StringEqualsIfExists?",
    ),
    ("set prefix", condition("ForSomeValues:Bool", "a:b", "x"), "Statement[0].Condition.ForSomeValues:Bool", "known:"),
    ("null", condition("NullIfExists", "a:b", "true"), "Statement[0].Condition.NullIfExists", "no IfExists"),
    ("no keys", with_statement(Condition={"Bool": {}}), "Statement[0].Condition.Bool", "object of condition keys"),
    ("key", condition("Bool", "username", "true"), "Statement[0].Condition.Bool", "no condition key"),
    (
        "key twice",
        with_statement(Condition={"Bool": {"aws:a": "true", "aws:A": "true"}}),
        "Statement[0].Condition.Bool.aws:A",
        "ignore case",
    ),
    ("no values", condition("Bool", "a:b", []), "Statement[0].Condition.Bool.a:b", "empty list"),
    ("value", condition("Bool", "a:b", None), "Statement[0].Condition.Bool.a:b", "not NoneType"),
    ("bool", condition("Bool", "a:b", "yes"), "Statement[0].Condition.Bool.a:b", "neither true nor false"),
    ("null value", condition("Null", "a:b", "x"), "Statement[0].Condition.Null.a:b", "neither true"),
    ("number", condition("NumericEquals", "a:b", "1e3"), "Statement[0].Condition.NumericEquals.a:b", "not a number"),
    ("date", condition("DateEquals", "a:b", "2026-13"), "Statement[0].Condition.DateEquals.a:b", "not a date"),
    ("address", condition("IpAddress", "a:b", "10.0.0"), "Statement[0].Condition.IpAddress.a:b", "not an IP address"),
    ("base64", condition("BinaryEquals", "a:b", "é"), "Statement[0].Condition.BinaryEquals.a:b", "not base64"),
    ("arn", condition("ArnLike", "a:b", "arn:aws:s3"), "Statement[0].Condition.ArnLike.a:b", "six segments"),
    ("arn variable", condition("ArnLike", "a:b", "${aws:x}"), "Statement[0].Condition.ArnLike.a:b", "six segments"),
    (
        "variable in a number",
        condition("NumericEquals", "a:b", "${aws:x}"),
        "Statement[0].Condition.NumericEquals.a:b",
        "takes no policy variables",
    ),
]
OF_A_RESOURCE: list[tuple[str, str, dict[str, Any], str, str]] = [
    ("resource", "no principal", {}, "Statement[0]", "Principal or NotPrincipal"),
    ("resource", "both", {"Principal": "*", "NotPrincipal": "*"}, "Statement[0].NotPrincipal", "keep either"),
    ("resource", "nobody", {"Principal": {}}, "Statement[0].Principal", "names nobody"),
    ("resource", "text", {"Principal": "me"}, "Statement[0].Principal", "names nobody"),
    ("resource", "kind", {"Principal": {"Aws": "*"}}, "Statement[0].Principal.Aws", "did you mean AWS?"),
    (
        "resource",
        "star in arn",
        {"Principal": {"AWS": "arn:aws:iam::111122223333:*"}},
        "Statement[0].Principal.AWS",
        "*",
    ),
    (
        "resource",
        "star in name",
        {"Principal": {"Service": "*.amazonaws.com"}},
        "Statement[0].Principal.Service",
        "wildc",
    ),
    (
        "resource",
        "allow all but",
        {"NotPrincipal": {"AWS": KEY}},
        "Statement[0].NotPrincipal",
        "NotPrincipal with Deny",
    ),
    ("trust", "resource", {"Principal": "*"}, "Statement[0].Resource", "remove Resource"),
]


@pytest.mark.parametrize(("source", "path", "said"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_is_wrong_is_named(source: Any, path: str, said: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_document(source, where="policy.json")
    error = caught.value
    assert error.where == (f"policy.json: {path}" if path else "policy.json")
    assert said in f"{error.message}\n{error.hint}"
    assert error.exit_code is ExitCode.CONFIG


@pytest.mark.parametrize(
    ("kind", "changes", "path", "said"),
    [(kind, *rest) for kind, _, *rest in OF_A_RESOURCE],
    ids=[row[1] for row in OF_A_RESOURCE],
)
def test_principals_are_read_strictly(kind: Any, changes: dict[str, Any], path: str, said: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_document(with_statement(**changes), kind=kind)
    assert caught.value.where == path
    assert said in f"{caught.value.message}\n{caught.value.hint}"


def test_a_single_statement_and_single_values_need_no_lists() -> None:
    document = parse_document({"Statement": RIGHT})
    assert document.version == "2008-10-17"
    assert document.statements[0].actions == ("s3:GetObject",)


def test_values_of_conditions_are_texts() -> None:
    document = parse_document(json.dumps(condition("StringEquals", "a:b", [True, 5, 1.5, "x"])))
    assert document.statements[0].conditions == (
        Condition(operator="StringEquals", key="a:b", values=("true", "5", "1.5", "x")),
    )


def test_variables_mean_nothing_in_the_old_version() -> None:
    source = with_statement(Resource="arn:aws:sqs:${aws:x}:${:q") | {"Version": "2008-10-17"}
    assert not parse_document(source).variables


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("*", Principals(everyone=True)),
        ({"AWS": ["*", KEY]}, Principals(everyone=True, aws=(KEY,))),
        ({"AWS": "111122223333"}, Principals(aws=("111122223333",))),
        ({"AWS": "AROA1234567890ABCDEF"}, Principals(aws=("AROA1234567890ABCDEF",))),
        (
            {"Service": "lambda.amazonaws.com", "Federated": ["accounts.google.com"], "CanonicalUser": "79a59d"},
            Principals(service=("lambda.amazonaws.com",), federated=("accounts.google.com",), canonical=("79a59d",)),
        ),
    ],
)
def test_principals(raw: Any, read: Principals) -> None:
    document = parse_document(with_statement(Principal=raw), kind="resource")
    assert document.statements[0].principal == read
    assert parse_document(to_json(document), kind="resource") == document


def test_a_document_of_a_resource_may_leave_the_resource_out() -> None:
    source = with_statement(Principal="*", Resource=None)
    assert parse_document(source, kind="resource").statements[0].resources == ()


def test_the_canonical_text() -> None:
    source = {
        "Statement": {
            "Condition": {"Bool": {"a:b": True}, "Null": {"c:d": ["true"]}},
            "Resource": ["*"],
            "NotAction": ["iam:*", "sts:*"],
            "Effect": "Deny",
            "Sid": "A",
        },
        "Id": "x",
        "Version": "2012-10-17",
    }
    assert to_json(parse_document(source), indent=None) == (
        '{"Version":"2012-10-17","Id":"x","Statement":[{"Sid":"A","Effect":"Deny","NotAction":["iam:*","sts:*"],'
        '"Resource":"*","Condition":{"Bool":{"a:b":"true"},"Null":{"c:d":"true"}}}]}'
    )
