"""Conditions, parameters and functions, one at a time; whatever is built of them, nothing unknown is ever inside."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sandgate.errors import StackError
from sandgate.guard.templates.check import check
from sandgate.guard.templates.conditions import decide
from sandgate.guard.templates.examine import examine
from sandgate.guard.templates.model import Place
from sandgate.guard.templates.parameters import parameter_values, stored_names
from sandgate.guard.templates.read import MAX_BODY, MAX_FETCHED, read_template
from sandgate.guard.templates.values import Unknown, mark

PLACE = Place(account="111122223333", region="eu-west-1")
EQUAL, DIFFERENT = {"Fn::Equals": ["a", "a"]}, {"Fn::Equals": ["a", "b"]}
VALUES = {"Stage": "dev", "Many": ["dev"], "Marked": mark("B", "DomainName"), "Dynamic": "{{resolve:ssm:/test-x}}"}
OPEN = {"Fn::Equals": [{"Ref": "AWS::Region"}, "a"]}


@pytest.mark.parametrize(
    ("condition", "value"),
    [
        (EQUAL, True),
        (DIFFERENT, False),
        ({"Fn::Equals": [{"Ref": "Stage"}, "dev"]}, True),
        ({"Fn::Equals": [{"Ref": "Stage"}, "prod"]}, False),
        ({"Fn::Equals": [{"Ref": "Many"}, "dev"]}, None),
        ({"Fn::Equals": [{"Ref": "Missing"}, "dev"]}, None),
        ({"Fn::Equals": [{"Ref": "Marked"}, "dev"]}, None),
        ({"Fn::Equals": [{"Ref": "Dynamic"}, "dev"]}, None),
        ({"Fn::Equals": ["1.10", "1.1"]}, None),
        ({"Fn::Equals": [True, "true"]}, None),
        ({"Fn::Equals": ["a"]}, None),
        ({"Fn::Equals": [{"Fn::Sub": "a"}, "a"]}, None),
        ({"Fn::Not": [EQUAL]}, False),
        ({"Fn::Not": [OPEN]}, None),
        ({"Fn::And": [EQUAL, EQUAL]}, True),
        ({"Fn::And": [EQUAL, OPEN]}, None),
        ({"Fn::And": [DIFFERENT, OPEN]}, False),
        ({"Fn::Or": [DIFFERENT, OPEN]}, None),
        ({"Fn::Or": [EQUAL, OPEN]}, True),
        ({"Fn::Or": [DIFFERENT, DIFFERENT]}, False),
        ({"Condition": "Known"}, True),
        ({"Condition": "C"}, None),
        ({"Condition": "Missing"}, None),
        ({"Fn::Unknown": []}, None),
        ("true", None),
        (None, None),
    ],
)
def test_conditions(condition: object, value: bool | None) -> None:
    found = decide({"C": condition, "Known": EQUAL}, VALUES)
    assert found["C"] is value


def test_conditions_in_a_circle_are_not_decided() -> None:
    circle = {"A": {"Fn::Not": [{"Condition": "B"}]}, "B": {"Condition": "A"}}
    assert decide(circle, {}) == {"A": None, "B": None}


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ({"Type": "String", "Default": "a"}, "a"),
        ({"Type": "Number", "Default": 3}, "3"),
        ({"Type": "CommaDelimitedList", "Default": "a, b"}, ["a", "b"]),
        ({"Type": "List<Number>", "Default": "1,2"}, ["1", "2"]),
        ({"Type": "String"}, None),
        ({"Type": "String", "Default": True}, None),
        ({"Type": "String", "Default": 1.5}, None),
        ({"Type": "String", "Default": "x" * 4097}, None),
        ({"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/test-x"}, None),
        ("String", None),
    ],
)
def test_parameters(declared: object, value: object) -> None:
    found = parameter_values({"P": declared}, {}, frozenset())["P"]
    assert isinstance(found, Unknown) if value is None else found == value


def test_a_value_of_the_call_wins_unless_the_stack_keeps_its_own() -> None:
    declared = {"P": {"Type": "String", "Default": "a"}}
    assert parameter_values(declared, {"P": "b"}, frozenset())["P"] == "b"
    assert isinstance(parameter_values(declared, {"P": "b"}, frozenset({"P"}))["P"], Unknown)


def test_a_forged_mark_is_no_value() -> None:
    assert isinstance(parameter_values({"P": {"Type": "String"}}, {"P": "\ue000T\ue001"}, frozenset())["P"], Unknown)
    with pytest.raises(StackError, match="private-use"):
        read_template(b'{"Resources": {"T": {"Type": "X", "Properties": {"A": "\\ue000T\\ue001"}}}}')


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("[]", "not a mapping"),
        ("{}", "no Resources"),
        ("Resources: {}", "no Resources"),
        ('{"Resources": {"A": {"Type": "X"}, "A": {"Type": "Y"}}}', "twice"),
        ("Resources: {A: {Type: X}, A: {Type: Y}}", "twice"),
        ("Resources: {A: {Type: !Unknown X}}", "unknown tag"),
        ("Resources: &a {B: *a}", "alias of itself"),
        ("a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
            f"{n}: &{n} [{','.join(['*' + p] * 9)}]\n" for p, n in zip("abcdef", "bcdefg", strict=True)
        ), "more than 200000"),
        ('{"a":' * 101 + "1" + "}" * 101, "deeper than 100"),
        ('{"a":' * 9_000, "nested too deeply|syntax"),
        ("Resources: {A: {Type: X, P: " + "1" * 5_000 + "}}", ""),
        ("{'Resources': {'A': {'Type': 'X'}}}", "syntax"),
        ("a: 1\n---\nResources: {A: {Type: X}}", "syntax"),
    ],
)  # fmt: skip
def test_what_is_no_template(text: str, why: str) -> None:
    if not why:
        assert read_template(text.encode())
        return
    with pytest.raises(StackError, match=why):
        read_template(text.encode())


@pytest.mark.parametrize(("fetched", "limit"), [(False, MAX_BODY), (True, MAX_FETCHED)])
def test_the_limits_of_cloudformation(fetched: bool, limit: int) -> None:
    head = b"Resources: {A: {Type: X}}\n#"
    assert read_template(head + b"x" * (limit - len(head)), fetched=fetched)
    with pytest.raises(StackError, match="CloudFormation takes"):
        read_template(head + b"x" * (limit - len(head) + 1), fetched=fetched)
    with pytest.raises(StackError, match="UTF-8"):
        read_template(b"\xff")


NAMES = st.sampled_from([
    "T", "U", "P", "M", "C", "AWS::StackName", "AWS::Region", "AWS::NoValue", "AWS::AccountId", "Nobody", "a", "b", "",
    "test-x", "prod", "-", "${T}", "${P}-x", "${T.Arn}", "${!x}", "${", "{{resolve:ssm:a}}",
    "arn:aws:s3:::prod/${T}", "0",
    "\ue000T\ue001",
])  # fmt: skip
LEAVES = NAMES | st.integers(-2, 3) | st.booleans() | st.none() | st.floats(allow_nan=False)
FUNCTIONS = st.sampled_from([
    "Ref", "Fn::Sub", "Fn::Join", "Fn::GetAtt", "Fn::If", "Fn::Select", "Fn::Split", "Fn::FindInMap", "Fn::ImportValue",
    "Fn::Transform", "Fn::Base64", "Fn::Cidr", "Fn::GetAZs", "Fn::Equals", "Condition", "Fn::Nothing", "Statement",
])  # fmt: skip
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(FUNCTIONS, inner, max_size=2)
        | st.dictionaries(NAMES, inner, max_size=2)
        | st.tuples(FUNCTIONS, st.lists(inner, min_size=2, max_size=3)).map(lambda pair: {pair[0]: pair[1]})
    ),
    max_leaves=12,
)


@given(name=TREES, role=TREES, policies=TREES, condition=TREES, value=NAMES)
@example(name=[], role=[], policies="{{resolve:ssm:a}}", condition=None, value="T")
@example(name=[], role=[], policies="{{resolve:secretsmanager:a}}", condition=None, value="T")
def test_no_tree_of_functions_raises(name: Any, role: Any, policies: Any, condition: Any, value: str) -> None:
    template = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Parameters": {"P": {"Type": "String", "Default": name}, "Q": role},
        "Mappings": {"M": {"a": {"b": name}}, "N": role},
        "Conditions": {"C": condition, "D": {"Fn::Not": [condition]}},
        "Resources": {
            "T": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": name}},
            "U": {
                "Type": "AWS::Serverless::Function",
                "Properties": {"Role": role, "Policies": policies, "Events": name},
            },
            "V": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": name, "AssumeRolePolicyDocument": policies}},
            "W": {"Type": "AWS::Serverless::StateMachine", "Properties": name if isinstance(name, dict) else {}},
        },
        "Outputs": policies,
        "Globals": {"Function": role},
    }
    found = examine(template, stack_name="test-ab", parameters={"P": value}, place=PLACE)
    check(found, inside=lambda _arn: True, grants_outside=lambda _document: ())


@given(TREES)
def test_a_name_is_known_or_a_problem(name: Any) -> None:
    template = {"Resources": {"T": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": name}}}}
    found = examine(template, stack_name="test-ab", parameters={}, place=PLACE)
    for problem in found.problems:
        json.dumps([problem.path, problem.value, problem.why])
        (problem.path + problem.value + problem.why).encode()
    if not found.problems:
        (member,) = found.members
        assert member.arn is not None
        assert member.arn.startswith("arn:aws:dynamodb:eu-west-1:111122223333:table/")


def test_texts_cannot_be_joined_without_end() -> None:
    long = {"Fn::Join": ["", [{"Ref": "P"}] * 2_000]}
    template = {
        "Parameters": {"P": {"Type": "String"}},
        "Resources": {"T": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": long, "Other": [long] * 9}}},
    }
    found = examine(template, stack_name="test-ab", parameters={"P": "x" * 4_000}, place=PLACE)
    assert {problem.why for problem in found.problems} == {"functions join texts beyond any template's size"}


def test_more_open_conditions_than_can_be_tried() -> None:
    open_conditions = {f"C{n}": OPEN for n in range(5)}
    template: dict[str, Any] = {
        "Conditions": open_conditions,
        "Resources": {f"Q{n}": {"Type": "AWS::SQS::Queue", "Condition": f"C{n}"} for n in range(5)},
    }
    (problem,) = examine(template, stack_name="test-ab", parameters={}, place=PLACE).problems
    assert (problem.code, problem.path) == ("unresolvable", "Conditions")
    del template["Resources"]["Q4"]
    assert examine(template, stack_name="test-ab", parameters={}, place=PLACE).problems == ()


def test_a_refusal_stays_short() -> None:
    template = {"Resources": {"R": {"Type": "AWS::Lambda::Function", "Properties": {"Role": "x" * 50_000}}}}
    found = examine(template, stack_name="test-ab", parameters={}, place=PLACE)
    problems = check(found, inside=lambda _arn: False, grants_outside=lambda _document: ())
    assert problems
    assert all(len(problem.value + problem.why) < 600 for problem in problems)


@pytest.mark.parametrize(
    ("given", "unknown", "inherited", "found"),
    [
        ({}, frozenset(), None, {"D": "/test-d"}),
        ({"P": "/prod/x", "D": "/prod/d"}, frozenset(), None, {"P": "/prod/x", "D": "/prod/d"}),
        ({}, frozenset({"P"}), None, {"P": None, "D": "/test-d"}),
        ({}, frozenset(), {"P": mark("N")}, {"P": mark("N"), "D": "/test-d"}),
        ({}, frozenset(), {"P": Unknown("why")}, {"P": None, "D": "/test-d"}),
    ],
)
def test_what_is_read_from_parameter_store(
    given: dict[str, str], unknown: frozenset[str], inherited: dict[str, Any] | None, found: dict[str, str | None]
) -> None:
    declared = {
        "P": {"Type": "AWS::SSM::Parameter::Value<List<String>>"},
        "D": {"Type": "AWS::SSM::Parameter::Name", "Default": "/test-d"},
        "S": {"Type": "String", "Default": "s"},
    }
    names = stored_names(declared, given, unknown, inherited)
    assert {key: None if isinstance(name, Unknown) else name for key, name in names.items()} == found
