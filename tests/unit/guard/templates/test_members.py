"""Members as values, the table of types, what handlers ask for, and the check against a sandbox."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandgate.guard.templates.check import check
from sandgate.guard.templates.examine import examine
from sandgate.guard.templates.members import ResourceTable
from sandgate.guard.templates.model import Examined, Place
from sandgate.guard.templates.read import read_template
from sandgate.guard.templates.requests import handler_requests
from sandgate.guard.templates.resolve import Resolver
from sandgate.guard.templates.sam_roles import SAM_POLICIES
from sandgate.guard.templates.types import phases, refused_types, rule_of, rule_types, service_of
from sandgate.guard.templates.values import Unknown, mark, shown

ROOT = Path(__file__).resolve().parents[4]
PLACE = Place(account="111122223333", region="eu-west-1")
ACCOUNT = "eu-west-1:111122223333"
RESOURCES: dict[str, dict[str, Any]] = {
    "T": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "test-x"}},
    "G": {"Type": "AWS::DynamoDB::Table"},
    "B": {"Type": "AWS::S3::Bucket"},
    "P": {"Type": "AWS::Cognito::UserPool"},
    "R": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "test-r", "Path": "/service/"}},
    "S": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "test-s"}},
    "L": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/test/l"}},
    "N": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/test/n", "Type": "String", "Value": "v"}},
    "C": {"Type": "Custom::C"},
    "F": {"Type": "AWS::Lambda::Function"},
    "W": {"Type": "AWS::Cognito::UserPoolGroup", "Properties": {"GroupName": "admin"}},
    "M": {"Type": "AWS::ApiGateway::Method"},
    "X": {"Type": "AWS::No::Such"},
}


@pytest.fixture
def table() -> ResourceTable:
    table = ResourceTable(RESOURCES, stack_name="test-ab", place=PLACE, sam=frozenset({"F"}))
    table.bind(
        Resolver(values={}, mappings={}, conditions={}, members=table, report=lambda *_: None, dynamic=lambda *_: None),
        lambda stack, name: f"{stack}'s {name}",
    )
    return table


@pytest.mark.parametrize(
    ("logical_id", "attribute", "value"),
    [
        ("T", "", "test-x"),
        ("T", "Arn", f"arn:aws:dynamodb:{ACCOUNT}:table/test-x"),
        ("T", "StreamArn", mark("T", "StreamArn")),
        ("G", "", mark("G")),
        ("G", "Arn", f"arn:aws:dynamodb:{ACCOUNT}:table/{mark('G')}"),
        ("P", "", mark("P")),
        ("P", "Arn", f"arn:aws:cognito-idp:{ACCOUNT}:userpool/{mark('P')}"),
        ("R", "Arn", "arn:aws:iam::111122223333:role/service/test-r"),
        ("S", "", f"arn:aws:sns:{ACCOUNT}:test-s"),
        ("S", "TopicName", "test-s"),
        ("L", "Arn", f"arn:aws:logs:{ACCOUNT}:log-group:/test/l:*"),
        ("N", "Arn", f"arn:aws:ssm:{ACCOUNT}:parameter/test/n"),
        ("N", "Value", "v"),
        ("W", "", "admin"),
        ("F.Version", "", mark("F.Version")),
    ],
)
def test_values_of_members(logical_id: str, attribute: str, value: str, table: ResourceTable) -> None:
    assert table.value(logical_id, attribute) == value


@pytest.mark.parametrize(
    ("logical_id", "attribute"), [("C", ""), ("C", "Name"), ("M", ""), ("X", ""), ("X", "Arn"), ("T", "Nothing")]
)
def test_values_that_anybody_could_have_chosen(logical_id: str, attribute: str, table: ResourceTable) -> None:
    assert isinstance(table.value(logical_id, attribute), Unknown)


@pytest.mark.parametrize(
    ("text", "own"),
    [
        (mark("P"), True),
        (mark("T", "StreamArn"), True),
        (mark("T", "StreamArn") + "/x", True),
        (mark("P") + "x", False),
        ("x" + mark("P"), False),
        (mark("Nobody"), False),
        (f"arn:aws:dynamodb:{ACCOUNT}:table/test-x", True),
        (f"arn:aws:dynamodb:{ACCOUNT}:table/test-x/index/*", True),
        (f"arn:aws:dynamodb:{ACCOUNT}:table/test-x*", False),
        (f"arn:aws:dynamodb:{ACCOUNT}:table/test-xy", False),
        (f"arn:aws:dynamodb:{ACCOUNT}:table/*", False),
        ("arn:aws:dynamodb:eu-west-1:000000000000:table/test-x", False),
        (f"arn:aws:s3:::{mark('B')}/*", True),
        (f"arn:aws:s3:::prod/{mark('B')}", False),
        (f"arn:aws:s3:::*{mark('B')}", False),
        (f"arn:aws:cognito-idp:{ACCOUNT}:userpool/{mark('P')}", True),
        (f"arn:aws:logs:{ACCOUNT}:log-group:/test/l:*", True),
        ("test-x", False),
    ],
)
def test_what_is_the_stacks_own(text: str, own: bool, table: ResourceTable) -> None:
    assert table.owns(text) is own


def test_a_sample_looks_like_what_cloudformation_makes(table: ResourceTable) -> None:
    assert table.sample(f"x/{mark('G')}") == "x/test-ab-G-XXXXXXXXXXXX"
    assert table.sample(mark("B")) == "test-ab-b-xxxxxxxxxxxx"
    assert table.sample(mark("P")) == "XXXXXXXXXXXX"


def test_marks_are_written_as_people_write_them() -> None:
    assert shown(f"{mark('T', 'Arn')}/x") == "${T.Arn}/x"
    assert len(shown("x" * 1000)) == 201


@pytest.mark.parametrize("name", rule_types())
def test_every_type_has_handlers_or_lives_in_cloudformation(name: str) -> None:
    rule = rule_of(name)
    assert rule is not None
    here = rule.local or rule.nested
    assert any(phases(name).values()) or here or name == "AWS::IAM::UserToGroupAddition"
    assert bool(service_of(name)) != here
    assert name not in refused_types()
    assert not rule.arn or rule.nested or rule.arn[0].partition(":")[0] == service_of(name)


def test_the_file_of_handlers_is_what_the_script_writes() -> None:
    spec = importlib.util.spec_from_file_location("refresh", ROOT / "scripts" / "refresh_cfn_data.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    handlers = {"create": {"permissions": ["b:X", "a:Y", "nonsense"]}, "read": {"permissions": ["c:Z"]}}
    schema = {"handlers": handlers, "readOnlyProperties": ["/properties/Arn", "/properties/End/Point"]}
    written = json.loads(script.build({"AWS::A::B": schema}))
    assert written["actions"] == ["a:Y", "b:X"]
    assert written["types"] == {
        "AWS::A::B": {"create": [0, 1], "update": [], "delete": [], "read_only": ["Arn", "End.Point"], "chosen": True}
    }
    kept = json.loads((ROOT / "src/sandgate/guard/templates/data/handlers.json").read_text())
    assert written.keys() == kept.keys()


def test_the_extra_knows_types_of_other_services() -> None:
    rule = rule_of("AWS::Glue::Database")
    assert rule is not None
    assert rule.name == "DatabaseName"
    assert "glue:CreateDatabase" in phases("AWS::Glue::Database")["create"]
    assert service_of("AWS::Glue::Database") == "glue"
    assert rule_of("AWS::SSM::Association") is None
    assert rule_of("AWS::No::Such") is None


def test_handlers_ask_for_the_member_and_for_what_it_names() -> None:
    requests, may_need = handler_requests(
        "AWS::Lambda::Function",
        arn="arn:own",
        member="Resources.F",
        references=["arn:aws:iam::111122223333:role/test-r"],
        known_action=lambda action: action != "lambda:GetFunction",
    )
    asked = {(one.action, one.resource) for one in requests}
    assert ("lambda:CreateFunction", "arn:own") in asked
    assert ("lambda:UpdateFunctionCode", "arn:own") in asked
    assert ("lambda:DeleteFunction", "arn:own") in asked
    assert ("iam:PassRole", "arn:aws:iam::111122223333:role/test-r") in asked
    assert "kms:Decrypt" in may_need
    assert not [action for action, _ in asked if action == "lambda:GetFunction"]
    assert {one.via for one in requests} == {"cloudformation.amazonaws.com"}


def clean(examined: Examined, **options: Any) -> list[tuple[str, str]]:
    found = check(examined, inside=lambda _arn: True, grants_outside=lambda _document: (), **options)
    return [(problem.code, problem.value) for problem in found]


def test_services_that_the_sandbox_may_not_use() -> None:
    found = examine({"Resources": RESOURCES | {"X": {"Type": "AWS::CDK::Metadata"}}}, stack_name="test-ab",
                    parameters={}, place=PLACE)  # fmt: skip
    assert found.services == {"dynamodb", "s3", "cognito-idp", "iam", "sns", "logs", "ssm", "lambda", "apigateway"}
    assert clean(found, services=found.services) == []
    assert clean(found, services=found.services - {"s3"}) == [("service", "AWS::S3::Bucket")]
    assert "dynamodb:CreateTable" in found.actions


@pytest.mark.parametrize("path", ["examples/users-api/template.yaml", "tests/data/stacks/functions/template.yaml"])
def test_our_own_templates_are_clean(path: str, problems: Callable[..., Any]) -> None:
    text = (ROOT / path).read_text()
    assert problems(text, Greeting="hello") == ()
    outside = examine(read_template(text.encode()), stack_name="prod", parameters={"Greeting": "hello"}, place=PLACE)
    assert check(outside, inside=lambda arn: "prod" not in arn, grants_outside=lambda _document: ())


def test_what_sam_makes(members: Callable[..., Any]) -> None:
    found = members((ROOT / "tests/data/stacks/functions/template.yaml").read_text(), Greeting="hello")
    assert {name: member.type for name, member in found.items() if name.startswith("Greeter")} == {
        "Greeter": "AWS::Lambda::Function",
        "GreeterRole": "AWS::IAM::Role",
        "GreeterGreetPermission": "AWS::Lambda::Permission",
    }
    assert found["GreeterRole"].arn == "arn:aws:iam::111122223333:role/test-ab-GreeterRole-XXXXXXXXXXXX"
    assert found["ServerlessRestApi"].type == "AWS::ApiGateway::RestApi"
    assert SAM_POLICIES not in json.dumps(list(map(repr, found.values())))


def test_a_resource_whose_condition_does_not_hold_is_not_made(members: Callable[..., Any]) -> None:
    text = """
Conditions: {Never: !Equals [a, b], Perhaps: !Equals [!Ref 'AWS::Region', a]}
Resources:
  A: {Type: 'AWS::SQS::Queue', Condition: Never}
  B: {Type: 'AWS::SQS::Queue', Condition: Perhaps}
  D: {Type: 'AWS::SQS::Queue', Condition: Missing}
"""
    assert set(members(text)) == {"B", "D"}
