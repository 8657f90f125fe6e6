"""Templates whose parts lie elsewhere: nested stacks, definitions of APIs and state machines, and their places."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from sandgate.errors import StackError
from sandgate.guard.templates.model import Problem
from sandgate.guard.templates.parts import MAX_DEPTH
from sandgate.guard.templates.read import read_part
from sandgate.guard.templates.sources import source_of
from sandgate.guard.templates.values import Unknown, mark, shown

Problems = Callable[..., tuple[Problem, ...]]

URL = "https://s3.eu-west-1.amazonaws.com/test-b/{}"
PLACE = "s3://test-b/{}"
SAM = "AWS::Serverless-2016-10-31"


def stack(key: str, **parameters: object) -> dict[str, Any]:
    more = {"Parameters": parameters} if parameters else {}
    return {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": URL.format(key), **more}}


def table(name: object) -> dict[str, Any]:
    return {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": name}}


def template(outputs: dict[str, object] | None = None, parameters: tuple[str, ...] = (), **resources: object) -> str:
    body: dict[str, object] = {
        "Parameters": {name: {"Type": "String"} for name in parameters},
        "Resources": resources or {"Q": {"Type": "AWS::SQS::Queue"}},
        "Outputs": {name: {"Value": value} for name, value in (outputs or {}).items()},
    }
    return json.dumps(body)


def att(resource: str, attribute: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [resource, attribute]}


def parts(**texts: str) -> dict[str, str]:
    return {PLACE.format(key): text for key, text in texts.items()}


IN = template(In=stack("a"))
BY_NAME = parts(a=template(parameters=("Name",), T=table({"Ref": "Name"})))
LAMBDA_MAY = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
SUB_ROLE = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": [LAMBDA_MAY]}}}
FUNCTION = {"Type": "AWS::Lambda::Function", "Properties": {"Role": att("In", "Outputs.X"), "Code": {"ZipFile": "x"}}}
QUEUES = {
    "Type": "AWS::SQS::QueuePolicy",
    "Properties": {"Queues": {"Ref": "Urls"}, "PolicyDocument": {"Statement": []}},
}
LIST = json.dumps({"Parameters": {"Urls": {"Type": "CommaDelimitedList"}}, "Resources": {"P": QUEUES}})
TABLE_POLICY = {
    "Type": "AWS::IAM::Policy",
    "Properties": {
        "PolicyName": "p",
        "Roles": ["test-r"],
        "PolicyDocument": {
            "Statement": [{"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": {"Ref": "Arn"}}]
        },
    },
}
POOL = {"Type": "AWS::Cognito::UserPool"}
POOL_USER = {"Type": "AWS::Cognito::UserPoolUser", "Properties": {"UserPoolId": {"Ref": "Pool"}}}
SPLIT = {"Fn::Join": [",", [{"Ref": "Q"}, {"Ref": "Q2"}]]}

CLEAN: dict[str, tuple[str, dict[str, str]]] = {
    "a nested stack": (IN, parts(a=template())),
    "a name made of the nested stack's": (
        IN, parts(a=template(T=table({"Fn::Sub": "${AWS::StackName}-t"}))),
    ),
    "a parameter": (template(In=stack("a", Name="test-x")), BY_NAME),
    "the parent's name as a parameter": (
        template(In=stack("a", Name={"Fn::Sub": "${AWS::StackName}-x"})), BY_NAME,
    ),
    "a member of the parent as a parameter": (
        template(P=POOL, In=stack("a", Pool={"Ref": "P"})), parts(a=template(parameters=("Pool",), U=POOL_USER)),
    ),
    "members of the parent as a list": (
        template(Q={"Type": "AWS::SQS::Queue"}, Q2={"Type": "AWS::SQS::Queue"}, In=stack("a", Urls=SPLIT)),
        parts(a=LIST),
    ),
    "a member of the parent two levels down": (
        template(P=POOL, In=stack("a", Pool={"Ref": "P"})),
        parts(
            a=template(parameters=("Pool",), In=stack("b", Pool={"Ref": "Pool"})),
            b=template(parameters=("Pool",), U=POOL_USER),
        ),
    ),
    "an output that is a member": (template(In=stack("a"), F=FUNCTION), parts(
        a=template({"X": att("R", "Arn")}, R=SUB_ROLE),
    )),
    "an output two levels up": (template(In=stack("a"), F=FUNCTION), parts(
        a=template({"X": att("Deep", "Outputs.Y")}, Deep=stack("b")), b=template({"Y": att("R", "Arn")}, R=SUB_ROLE),
    )),
    "an output to another nested stack": (
        template(In=stack("a"), Other=stack("b", Arn=att("In", "Outputs.X"))),
        parts(
            a=template({"X": att("T", "Arn")}, T={"Type": "AWS::DynamoDB::Table"}),
            b=template(parameters=("Arn",), P=TABLE_POLICY),
        ),
    ),
    "a parent's member that comes back": (
        template(P=POOL, In=stack("a", X={"Ref": "P"}), U={
            "Type": "AWS::Cognito::UserPoolUser", "Properties": {"UserPoolId": att("In", "Outputs.X")},
        }),
        parts(a=template({"X": {"Ref": "X"}}, ("X",))),
    ),
    "the same template twice": (template(A=stack("a", Name="test-x"), B=stack("a", Name="test-y")), BY_NAME),
    "a parameter that nobody knows and nothing uses": (
        template(parameters=("Own",), In=stack("a", Name={"Ref": "Own"})),
        parts(a=template(parameters=("Name",))),
    ),
    "a SAM application": (
        json.dumps({"Transform": SAM, "Resources": {
            "In": {"Type": "AWS::Serverless::Application", "Properties": {"Location": "s3://test-b/a"}},
        }}), parts(a=template()),
    ),
}  # fmt: skip

ATTACKS: dict[str, tuple[str, str, str, dict[str, str]]] = {
    # code, path, template, parts
    "a table outside": (
        "outside", "Resources.In.TemplateURL > Resources.T.Properties.TableName",
        IN, parts(a=template(T=table("prod"))),
    ),
    "two levels down": (
        "outside", "Resources.In.TemplateURL > Resources.In.TemplateURL > Resources.T.Properties.TableName",
        IN, parts(a=template(In=stack("b")), b=template(T=table("prod"))),
    ),
    "a parameter that carries a name outside": (
        "outside", "Resources.In.TemplateURL > Resources.T.Properties.TableName",
        template(In=stack("a", Name="prod")), BY_NAME,
    ),
    "the default in place of a parameter": (
        "outside", "Resources.In.TemplateURL > Resources.T.Properties.TableName",
        IN, parts(a=BY_NAME[PLACE.format("a")].replace('"String"', '"String", "Default": "prod"')),
    ),
    "a parameter that nobody knows": (
        "unresolvable", "Resources.In.TemplateURL > Resources.T.Properties.TableName",
        template(In=stack("a", Name=att("C", "Name")), C={
            "Type": "Custom::C", "Properties": {"ServiceToken": "arn:aws:sns:eu-west-1:111122223333:test-t"},
        }), BY_NAME,
    ),
    "a parameter that is missing": (
        "unresolvable", "Resources.In.TemplateURL > Resources.T.Properties.TableName", IN, BY_NAME,
    ),
    "a name that only ends with the parent's": (
        "outside", "Resources.In.TemplateURL > Resources.T.Properties.TableName",
        template(In=stack("a", Name={"Fn::Sub": "prod-${AWS::StackName}"})), BY_NAME,
    ),
    "an output outside": (
        "outside", "Resources.F.Properties.Role",
        template(In=stack("a"), F=FUNCTION), parts(a=template({"X": "arn:aws:iam::111122223333:role/admin"})),
    ),
    "an output outside, two levels up": (
        "outside", "Resources.F.Properties.Role",
        template(In=stack("a"), F=FUNCTION), parts(
            a=template({"X": att("Deep", "Outputs.Y")}, Deep=stack("b")),
            b=template({"Y": "arn:aws:iam::111122223333:role/admin"}),
        ),
    ),
    "an output that is a parameter outside": (
        "outside", "Resources.F.Properties.Role",
        template(In=stack("a", X="arn:aws:iam::111122223333:role/admin"), F=FUNCTION),
        parts(a=template({"X": {"Ref": "X"}}, ("X",))),
    ),
    "an output of a custom resource": (
        "unresolvable", "Resources.F.Properties.Role",
        template(In=stack("a"), F=FUNCTION), parts(a=template({"X": att("C", "Arn")}, C={
            "Type": "Custom::C", "Properties": {"ServiceToken": "arn:aws:sns:eu-west-1:111122223333:test-t"},
        })),
    ),
    "an output that is not there": (
        "unresolvable", "Resources.F.Properties.Role", template(In=stack("a"), F=FUNCTION), parts(a=template()),
    ),
    "an output behind a condition that readers decide differently": (
        "unresolvable", "Resources.F.Properties.Role",
        template(In=stack("a"), F=FUNCTION), parts(a=json.dumps({
            "Conditions": {"C": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}},
            "Resources": {"R": SUB_ROLE},
            "Outputs": {"X": {"Value": {"Fn::If": ["C", att("R", "Arn"), "test-r"]}}},
        })),
    ),
    "outputs in a circle": (
        "unresolvable", "Resources.In.TemplateURL > Resources.T.Properties.TableName",
        template(In=stack("a", Name=att("B", "Outputs.X")), B=stack("b", X=att("In", "Outputs.X"))),
        {**parts(b=template({"X": {"Ref": "X"}}, ("X",))),
         **parts(a=template({"X": {"Ref": "Name"}}, ("Name",), T=table({"Ref": "Name"})))},
    ),
    "a template that nests itself": (
        "unresolvable", "Resources.In.TemplateURL > Resources.In.TemplateURL", IN, parts(a=template(In=stack("a"))),
    ),
    "templates that nest each other": (
        "unresolvable", "Resources.In.TemplateURL > Resources.In.TemplateURL > Resources.In.TemplateURL",
        IN, parts(a=template(In=stack("b")), b=template(In=stack("a"))),
    ),
    "too deep": (
        "unresolvable", " > ".join(["Resources.In.TemplateURL"] * (MAX_DEPTH + 1)),
        template(In=stack("l0")),
        parts(**{f"l{n}": template(None, (), In=stack(f"l{n + 1}")) for n in range(MAX_DEPTH + 1)}),
    ),
    "a part that nobody read": ("unresolvable", "Resources.In.TemplateURL", IN, {}),
    "a macro": (
        "transform", "Resources.In.TemplateURL > Transform",
        IN, parts(a=json.dumps({"Transform": "Mine", "Resources": {"T": table("test-x")}})),
    ),
    "no template": ("malformed", "Resources.In.TemplateURL > Resources", IN, parts(a='{"a": 1}')),
    "an outside topic that is told": (
        "outside", "Resources.In.Properties.NotificationARNs.0",
        IN.replace('"TemplateURL"', '"NotificationARNs": ["arn:aws:sns:eu-west-1:111122223333:prod"], "TemplateURL"'),
        parts(a=template()),
    ),
    "a property that nobody knows": (
        "unresolvable", "Resources.In.Properties.StackName",
        IN.replace('"TemplateURL"', '"StackName": "prod", "TemplateURL"'), parts(a=template()),
    ),
    "a service that grants": (
        "grants_outside", "Resources.In.TemplateURL > Resources.P.Properties.PolicyDocument",
        template(In=stack("a", Arn="arn:aws:dynamodb:eu-west-1:111122223333:table/prod")),
        parts(a=template(parameters=("Arn",), P=TABLE_POLICY)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CLEAN)
def test_a_template_with_parts_inside_is_clean(problems: Problems, case: str) -> None:
    text, given = CLEAN[case]
    assert problems(text, given) == ()


@pytest.mark.parametrize("case", ATTACKS)
def test_a_part_that_leaves_the_sandbox_is_found(problems: Problems, case: str) -> None:
    code, path, text, given = ATTACKS[case]
    assert (code, path) in {(problem.code, problem.path) for problem in problems(text, given)}


def test_the_first_problem_is_the_nested_template_s_own(problems: Problems) -> None:
    given = parts(a=json.dumps({"Transform": "Mine", "Resources": {"R": SUB_ROLE}, "Outputs": {"X": {"Value": "a"}}}))
    assert problems(template(F=FUNCTION, In=stack("a")), given)[0].code == "transform"


def test_many_nested_stacks_are_no_way_to_stop_the_gate(problems: Problems) -> None:
    many = {f"S{n}": stack("a", Name=f"test-{n}") for n in range(101)}
    found = problems(template(None, (), **many), BY_NAME)
    assert [problem.why for problem in found] == ["more than 100 nested stacks"]


def api(kind: str, location: object, key: str = "BodyS3Location", **more: object) -> str:
    return json.dumps({"Transform": SAM, "Resources": {"A": {"Type": kind, "Properties": {key: location, **more}}}})


def document(function: str, **more: object) -> str:
    uri = (
        "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/"
        f"arn:aws:lambda:eu-west-1:111122223333:function:{function}/invocations"
    )
    integration = {"uri": uri, "type": "aws_proxy", **more}
    return json.dumps({"openapi": "3.0.1", "paths": {"/": {"get": {"x-amazon-apigateway-integration": integration}}}})


def machine(resource: str, **more: object) -> str:
    return json.dumps({"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": resource, "End": True, **more}}})


HERE = {"Bucket": "test-b", "Key": "a"}
LAMBDA = "arn:aws:lambda:eu-west-1:111122223333:function:%s"
PUT = {"Resource": "arn:aws:states:::dynamodb:putItem", "Parameters": {"TableName": "${Table}"}}
SFN = "AWS::StepFunctions::StateMachine"
OWN = {"RoleArn": "arn:aws:iam::111122223333:role/test-r", "StateMachineName": "test-m"}
PUTS = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Task", "End": True, **PUT}}})

DEFINITIONS: dict[str, tuple[str, str, str, bool]] = {
    # template, its part, where the problem is, whether it is clean
    "REST": (api("AWS::ApiGateway::RestApi", HERE), document("test-f"), "", True),
    "REST outside": (api("AWS::ApiGateway::RestApi", HERE), document("prod"), "BodyS3Location.paths./.get", False),
    "REST with a role outside": (
        api("AWS::ApiGateway::RestApi", HERE),
        document("test-f", credentials="arn:aws:iam::111122223333:role/admin"), "BodyS3Location.paths", False,
    ),
    "HTTP outside": (api("AWS::ApiGatewayV2::Api", HERE), document("prod"), "BodyS3Location.paths", False),
    "SAM": (api("AWS::Serverless::Api", "s3://test-b/a", "DefinitionUri", StageName="s"), document("test-f"), "", True),
    "SAM outside": (
        api("AWS::Serverless::Api", "s3://test-b/a", "DefinitionUri", StageName="s"), document("prod"),
        "DefinitionUri.paths", False,
    ),
    "states": (api(SFN, HERE, "DefinitionS3Location", **OWN), machine(LAMBDA % "test-f"), "", True),
    "states outside": (
        api(SFN, HERE, "DefinitionS3Location", **OWN), machine(LAMBDA % "prod"), "DefinitionS3Location.States", False,
    ),
    "states in YAML": (
        api(SFN, HERE, "DefinitionS3Location", **OWN), f"States: {{A: {{Resource: '{LAMBDA % 'prod'}'}}}}",
        "DefinitionS3Location.States", False,
    ),
    "a substitution": (
        api(SFN, HERE, "DefinitionS3Location", **OWN, DefinitionSubstitutions={"Table": "test-t"}), PUTS, "", True,
    ),
    "a substitution outside": (
        api(SFN, HERE, "DefinitionS3Location", **OWN, DefinitionSubstitutions={"Table": "prod"}), PUTS,
        "Parameters.TableName", False,
    ),
    "a substitution in the template": (
        api(SFN, json.loads(PUTS), "Definition", **OWN, DefinitionSubstitutions={"Table": "prod"}), "{}",
        "Definition.States.A.Parameters.TableName", False,
    ),
    "a substitution of a substitution": (
        api(SFN, HERE, "DefinitionS3Location", **OWN, DefinitionSubstitutions={"Table": "test-${X}", "X": "y"}), PUTS,
        "Parameters.TableName", False,
    ),
    "a bucket that is made by the stack": (
        api("AWS::ApiGateway::RestApi", {"Bucket": {"Ref": "B"}, "Key": "a"}).replace(
            '"Resources": {', '"Resources": {"B": {"Type": "AWS::S3::Bucket"}, '), "{}", "BodyS3Location", False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", DEFINITIONS)
def test_a_definition_elsewhere_is_looked_at_like_one_in_the_template(problems: Problems, case: str) -> None:
    text, part, where, clean = DEFINITIONS[case]
    found = problems(text, parts(a=part))
    assert (found == ()) is clean, found
    assert all(where in problem.path for problem in found)


URLS: dict[str, tuple[object, str]] = {
    "path": ("https://s3.eu-west-1.amazonaws.com/test-b/a/b.yaml", "s3://test-b/a/b.yaml"),
    "path, old": ("https://s3.amazonaws.com/test-b/a", "s3://test-b/a"),
    "path, dash": ("https://s3-eu-west-1.amazonaws.com/test-b/a", "s3://test-b/a"),
    "host": ("https://test-b.s3.eu-west-1.amazonaws.com/a/b", "s3://test-b/a/b"),
    "host, old": ("https://test-b.s3.amazonaws.com/a", "s3://test-b/a"),
    "dual stack": ("https://s3.dualstack.eu-west-1.amazonaws.com/test-b/a", "s3://test-b/a"),
    "China": ("https://s3.cn-north-1.amazonaws.com.cn/test-b/a", "s3://test-b/a"),
    "a version": ("https://s3.amazonaws.com/test-b/a?versionId=v1", "s3://test-b/a?versionId=v1"),
    "this machine": ("http://127.0.0.1:4566/test-b/a", "s3://test-b/a"),
    "s3": ("s3://test-b/a", "s3://test-b/a"),
    "members": ({"Bucket": "test-b", "Key": "a b", "Version": "2"}, "s3://test-b/a b?versionId=2"),
}
NO_PLACES: dict[str, object] = {
    "an encoded slash": "https://s3.amazonaws.com/test-b%2Fa",
    "an encoded letter": "https://s3.amazonaws.com/test-b/%61",
    "a plus sign": "https://s3.amazonaws.com/test-b/a+b",
    "a step up": "https://s3.amazonaws.com/test-b/../prod/a",
    "an encoded step up": "https://s3.amazonaws.com/test-b/%2e%2e/prod/a",
    "two slashes": "https://s3.amazonaws.com/test-b//a",
    "another host": "https://s3.amazonaws.com.example.org/test-b/a",
    "a user": "https://test-b.s3.amazonaws.com@example.org/a",
    "a fragment": "https://s3.amazonaws.com/test-b/a#b",
    "two versions": "https://s3.amazonaws.com/test-b/a?versionId=1&versionId=2",
    "another query": "https://s3.amazonaws.com/test-b/a?x=y",
    "a backslash": "https://s3.amazonaws.com/test-b\\a",
    "no key": "https://s3.amazonaws.com/test-b/",
    "a file": "template.yaml",
    "a member of the stack": f"https://s3.amazonaws.com/{mark('B')}/a",
    "not known": Unknown("nobody knows"),
    "nothing": None,
    "another member": {"Bucket": "test-b", "Key": "a", "Region": "x"},
    "no bucket": {"Key": "a"},
    "a step up as a key": {"Bucket": "test-b", "Key": "../prod/a"},
    "a step as a bucket": {"Bucket": "..", "Key": "a"},
    "a key that is a pattern": {"Bucket": "test-b", "Key": "*"},
    "a bucket that is a pattern": {"Bucket": "test-*", "Key": "a"},
    "an unknown key": {"Bucket": "test-b", "Key": Unknown("nobody knows")},
}


@pytest.mark.parametrize("case", URLS)
def test_a_place_is_read_in_every_style(case: str) -> None:
    value, place = URLS[case]
    assert source_of(value).text == place


@pytest.mark.parametrize("case", NO_PLACES)
def test_what_readers_take_for_different_places_is_none(case: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        source_of(NO_PLACES[case])


def test_a_part_cannot_forge_a_mark() -> None:
    for forged in (mark("T"), "\ue002", "\ud800"):
        with pytest.raises(StackError, match="private-use character"):
            read_part(json.dumps({"a": forged}).encode(), where="s3://test-b/a")


def test_a_value_from_another_template_is_shown_with_its_way() -> None:
    assert shown(mark("In\ue002T", "Arn")) == "${In>T.Arn}"
