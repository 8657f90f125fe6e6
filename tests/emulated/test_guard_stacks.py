"""Templates at the real gate: what leaves the sandbox is refused before CloudFormation hears of it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandgate.cli.main import run as sandgate
from sandgate.run import Run

Clients = Callable[[str], Any]
BUCKET = "test-guarded-templates"


def table(name: object) -> dict[str, Any]:
    keys = {
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    return {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": name, **keys}}


def template(name: object = None, **more: object) -> str:
    own = {"Fn::Sub": "${AWS::StackName}-t"}
    return json.dumps({**more, "Resources": {"T": table(name or own)}, "Outputs": {"Name": {"Value": {"Ref": "T"}}}})


PARAMETER = template({"Ref": "N"}, Parameters={"N": {"Type": "String"}})


@pytest.fixture(scope="module", autouse=True)
def bucket(clients: Clients) -> None:
    clients("s3").create_bucket(Bucket=BUCKET)


@pytest.fixture
def cloudformation(clients: Clients) -> Any:
    return clients("cloudformation")


@pytest.fixture
def name(cloudformation: Any) -> Iterator[str]:
    made = f"test-guarded-{secrets.token_hex(3)}"
    yield made
    cloudformation.delete_stack(StackName=made)


@pytest.fixture
def put(clients: Clients) -> Callable[[str], str]:
    """`put(text)` stores a template and gives its URL."""

    def store(text: str) -> str:
        key = f"{secrets.token_hex(4)}.template"
        clients("s3").put_object(Bucket=BUCKET, Key=key, Body=text.encode())
        return f"https://s3.us-east-1.amazonaws.com/{BUCKET}/{key}"

    return store


@pytest.fixture
def heard(run: Run) -> Callable[[], int]:
    """How many calls reached CloudFormation."""
    log = run.directory / "events.jsonl"

    def count() -> int:
        events = [json.loads(line) for line in log.read_text().splitlines()]
        return sum(event.get("service") == "cloudformation" and event["event"] == "call" for event in events)

    return count


def refusal(call: Callable[..., object], **members: object) -> str:
    """The message of the refusal."""
    with pytest.raises(ClientError) as caught:
        call(**members)
    assert caught.value.response["Error"]["Code"] == "AccessDenied"
    message: str = caught.value.response["Error"]["Message"]
    assert "rule stack-template" in message
    return message


def status(cloudformation: Any, name: str) -> str:
    found: str = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
    return found


def settled(cloudformation: Any, name: str, kind: str = "stack_create_complete") -> dict[str, str]:
    """The outputs of a stack that is done."""
    cloudformation.get_waiter(kind).wait(StackName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 200})
    outputs = cloudformation.describe_stacks(StackName=name)["Stacks"][0].get("Outputs", [])
    return {item["OutputKey"]: item["OutputValue"] for item in outputs}


def test_a_clean_stack_is_made(cloudformation: Any, clients: Clients, name: str) -> None:
    cloudformation.create_stack(StackName=name, TemplateBody=template())
    made = settled(cloudformation, name)["Name"]
    assert made == f"{name}-t"
    assert clients("dynamodb").describe_table(TableName=made)["Table"]["TableStatus"] == "ACTIVE"


def test_an_outside_table_is_refused_before_anybody_hears_of_it(
    cloudformation: Any, name: str, heard: Callable[[], int]
) -> None:
    before = heard()
    said = refusal(cloudformation.create_stack, StackName=name, TemplateBody=template("prod"))
    assert "Resources.T.Properties.TableName: prod" in said
    assert heard() == before


def test_a_template_from_a_bucket(
    cloudformation: Any, name: str, put: Callable[[str], str], heard: Callable[[], int]
) -> None:
    before = heard()
    said = refusal(cloudformation.create_stack, StackName=name, TemplateURL=put(template("prod")))
    assert "Resources.T.Properties.TableName: prod" in said
    assert heard() == before
    cloudformation.create_stack(StackName=name, TemplateURL=put(template()))
    assert settled(cloudformation, name) == {"Name": f"{name}-t"}


def test_a_nested_template(cloudformation: Any, name: str, put: Callable[[str], str], heard: Callable[[], int]) -> None:
    def outer(inner: str, **parameters: str) -> str:
        properties = {"TemplateURL": put(inner), "Parameters": parameters}
        nested = {"Type": "AWS::CloudFormation::Stack", "Properties": properties}
        output = {"Name": {"Value": {"Fn::GetAtt": ["In", "Outputs.Name"]}}}
        return json.dumps({"Resources": {"In": nested}, "Outputs": output})

    before = heard()
    way = "Resources.In.TemplateURL > Resources.T.Properties.TableName: prod"
    assert way in refusal(cloudformation.create_stack, StackName=name, TemplateBody=outer(template("prod")))
    assert way in refusal(cloudformation.create_stack, StackName=name, TemplateBody=outer(PARAMETER, N="prod"))
    assert heard() == before
    cloudformation.create_stack(StackName=name, TemplateBody=outer(PARAMETER, N=f"{name}-x"))
    assert settled(cloudformation, name) == {"Name": f"{name}-x"}


def test_the_api_of_a_nested_stack_is_the_run_s_own(
    cloudformation: Any, clients: Clients, name: str, put: Callable[[str], str]
) -> None:
    api = {"Resources": {"A": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": name}}}}
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": put(json.dumps(api))}}
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": {"In": nested}}))
    settled(cloudformation, name)
    (inner,) = cloudformation.list_stack_resources(StackName=name)["StackResourceSummaries"]
    (made,) = cloudformation.list_stack_resources(StackName=inner["PhysicalResourceId"])["StackResourceSummaries"]
    assert clients("apigateway").get_rest_api(restApiId=made["PhysicalResourceId"])["name"] == name


def test_the_previous_template_is_looked_at_again(cloudformation: Any, name: str, heard: Callable[[], int]) -> None:
    given = [{"ParameterKey": "N", "ParameterValue": f"{name}-x"}]
    cloudformation.create_stack(StackName=name, TemplateBody=PARAMETER, Parameters=given)
    settled(cloudformation, name)
    before = heard()
    outside = [{"ParameterKey": "N", "ParameterValue": "prod"}]
    members = {"StackName": name, "UsePreviousTemplate": True}
    assert "TableName: prod" in refusal(cloudformation.update_stack, **members, Parameters=outside)
    change_set = {**members, "ChangeSetName": "c"}
    assert "TableName: prod" in refusal(cloudformation.create_change_set, **change_set, Parameters=outside)
    assert heard() == before
    kept = [{"ParameterKey": "N", "UsePreviousValue": True}]
    with pytest.raises(ClientError, match="No updates are to be performed"):
        cloudformation.update_stack(**members, Parameters=kept)
    renamed = [{"ParameterKey": "N", "ParameterValue": f"{name}-y"}]
    cloudformation.update_stack(**members, Parameters=renamed)
    assert settled(cloudformation, name, "stack_update_complete") == {"Name": f"{name}-y"}


def test_a_change_set_is_executed_once_it_was_examined(
    cloudformation: Any, upstream_clients: Clients, name: str
) -> None:
    made = cloudformation.create_change_set(
        StackName=name, ChangeSetName=f"{name}-c", ChangeSetType="CREATE", TemplateBody=template()
    )
    other = {"StackName": name, "ChangeSetName": f"{name}-d"}
    assert "nobody examined" in refusal(cloudformation.execute_change_set, **other)
    with pytest.raises(ClientError, match="rule not-created-here"):
        cloudformation.execute_change_set(ChangeSetName=made["Id"] + "x")
    cloudformation.execute_change_set(ChangeSetName=made["Id"])
    assert settled(cloudformation, name) == {"Name": f"{name}-t"}
    assert status(upstream_clients("cloudformation"), made["StackId"]) == "CREATE_COMPLETE"


@pytest.fixture
def deploy(run: Run, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """`sandgate stack deploy` of a template beside which another one lies."""
    monkeypatch.setenv("SANDGATE_RUN_DIR", str(run.directory))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "inner.json"}}
    output = {"Name": {"Value": {"Fn::GetAtt": ["In", "Outputs.Name"]}}}
    (tmp_path / "template.json").write_text(json.dumps({"Resources": {"In": nested}, "Outputs": output}))
    return lambda: sandgate(["stack", "deploy", "template.json", "--name", name])


def test_deploying_files_with_a_nested_template(
    deploy: Callable[[], int], tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "inner.json").write_text(template("prod"))
    assert deploy() == 5
    said = capsys.readouterr().err.splitlines()
    assert "  value: Resources.In.TemplateURL > Resources.T.Properties.TableName: prod" in said
    assert "  from: arn:aws:dynamodb:us-east-1:000000000000:table/prod is not in the sandbox" in said

    (tmp_path / "inner.json").write_text(template())
    assert deploy() == 0
    assert capsys.readouterr().out.startswith(f"Name={name}-In-")


def test_deploying_a_state_machine_defined_in_a_file(
    deploy: Callable[[], int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": []}}}
    properties = {
        "StateMachineName": {"Fn::Sub": "${AWS::StackName}-m"},
        "RoleArn": {"Fn::GetAtt": ["R", "Arn"]},
        "DefinitionS3Location": "machine.json",
    }
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
    (tmp_path / "template.json").write_text(json.dumps({"Resources": {"R": role, "M": machine}}))
    for target, code in (("prod", 5), ("test-f", 0)):
        arn = f"arn:aws:lambda:us-east-1:000000000000:function:{target}"
        state = {"Type": "Task", "Resource": arn, "End": True}
        (tmp_path / "machine.json").write_text(json.dumps({"StartAt": "A", "States": {"A": state}}))
        assert deploy() == code
        assert ("DefinitionS3Location.States.A.Resource" in capsys.readouterr().err) is (code == 5)
