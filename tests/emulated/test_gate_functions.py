"""What functions inside the emulator do passes the gate too: with their role's session, never with anybody else's."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from sandgate.run import Run

CODE = """
import boto3

def handler(event, context):
    if "assume" in event:
        found = boto3.client("sts").assume_role(RoleArn=event["assume"], RoleSessionName="inside")["Credentials"]
        inside = boto3.client(
            "sts",
            aws_access_key_id=found["AccessKeyId"],
            aws_secret_access_key=found["SecretAccessKey"],
            aws_session_token=found["SessionToken"],
        )
        return {"key": found["AccessKeyId"], "arn": inside.get_caller_identity()["Arn"]}
    if "fetch" in event:
        import urllib.error, urllib.request
        try:
            return {"status": urllib.request.urlopen(event["fetch"]).status}
        except (OSError, urllib.error.URLError) as error:
            return {"failed": str(error)}
    if "at" in event:
        table = boto3.client("dynamodb", endpoint_url=event["at"])
        try:
            table.put_item(TableName="test-gate-functions", Item={"id": {"S": event["id"]}})
        except Exception as error:
            return {"refused": type(error).__name__, "text": str(error)}
        return {"written": event["id"]}
    if "who" in event:
        return {"arn": boto3.client("sts", region_name=event["who"]).get_caller_identity()["Arn"]}
    table = boto3.client("dynamodb", region_name=event.get("region"))
    try:
        table.put_item(TableName="test-gate-functions", Item={"id": {"S": event["id"]}})
    except Exception as error:
        return {"refused": type(error).__name__, "text": str(error)}
    return {"written": event["id"]}
"""
TRUST: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


TABLE = "arn:aws:dynamodb:us-east-1:000000000000:table/test-gate-functions"


def _policy(action: str, resource: str = TABLE) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _archive() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("index.py", CODE)
    return data.getvalue()


@pytest.fixture(scope="module")
def roles(upstream_clients: Any) -> dict[str, str]:
    iam = upstream_clients("iam")
    made = {}
    for name in ("test-writer", "test-other"):
        document = json.dumps(TRUST)
        made[name] = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=_policy("dynamodb:PutItem"))
    return made


@pytest.fixture(scope="module")
def invoke(clients: Any, roles: dict[str, str]) -> Callable[..., dict[str, Any]]:
    clients("dynamodb").create_table(
        TableName="test-gate-functions",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    clients("lambda").create_function(
        FunctionName="test-writer",
        Runtime="python3.11",
        Role=roles["test-writer"],
        Handler="index.handler",
        Code={"ZipFile": _archive()},
        Timeout=30,
    )

    def call(**event: str) -> dict[str, Any]:
        found = clients("lambda").invoke(FunctionName="test-writer", Payload=json.dumps(event).encode())
        return dict(json.loads(found["Payload"].read()))

    return call


def _calls(run: Run, operation: str) -> list[dict[str, Any]]:
    lines = (run.directory / "events.jsonl").read_text(encoding="utf-8").splitlines()
    return [event for event in map(json.loads, lines) if event.get("operation") == operation]


def test_a_function_writes_with_its_role_and_is_attributed(run: Run, clients: Any, invoke: Any) -> None:
    assert invoke(id="1") == {"written": "1"}
    item = clients("dynamodb").get_item(TableName="test-gate-functions", Key={"id": {"S": "1"}})["Item"]
    assert item == {"id": {"S": "1"}}
    call = _calls(run, "PutItem")[-1]
    assert (call["principal"], call["name"]) == ("function", "test-writer")
    assert call["resources"] == ["AWS::DynamoDB::Table:test-gate-functions"]


def test_hosts_that_are_written_into_a_function(run: Run, clients: Any, invoke: Any) -> None:
    """Its role decides there too, its key set is read, and other hosts are refused as they are to tests."""
    pool = clients("cognito-idp").create_user_pool(PoolName="test-functions")["UserPool"]["Id"]
    try:
        url = f"https://cognito-idp.us-east-1.amazonaws.com/{pool}/.well-known/jwks.json"
        assert invoke(fetch=url) == {"status": 200}
    finally:
        clients("cognito-idp").delete_user_pool(UserPoolId=pool)
    assert invoke(at="https://dynamodb.us-east-1.amazonaws.com", id="5") == {"written": "5"}
    call = _calls(run, "PutItem")[-1]
    assert (call["principal"], call["name"]) == ("function", "test-writer")
    # Another service's host is not what the gate takes the call for.
    assert "InvalidHost" in invoke(at="https://sqs.us-east-1.amazonaws.com", id="6")["text"]
    found = invoke(fetch="https://telemetry.example.org/")
    assert 'egress = ["telemetry.example.org"]' in found["failed"]


def test_a_function_whose_role_may_not_fails(upstream_clients: Any, invoke: Any) -> None:
    iam = upstream_clients("iam")
    assert invoke(id="2") == {"written": "2"}
    iam.put_role_policy(RoleName="test-writer", PolicyName="p", PolicyDocument=_policy("dynamodb:GetItem"))
    try:
        found = invoke(id="3")
        assert "AccessDenied" in found["refused"] + found["text"]
    finally:
        iam.put_role_policy(RoleName="test-writer", PolicyName="p", PolicyDocument=_policy("dynamodb:PutItem"))
    assert invoke(id="4") == {"written": "4"}


def test_a_session_after_a_change_of_role_is_found(clients: Any, roles: dict[str, str], invoke: Any) -> None:
    clients("lambda").update_function_configuration(FunctionName="test-writer", Role=roles["test-other"])
    assert invoke(id="5") == {"written": "5"}
    clients("lambda").update_function_configuration(FunctionName="test-writer", Role=roles["test-writer"])


def test_a_function_that_calls_another_region_is_known(run: Run, invoke: Any) -> None:
    assert invoke(who="eu-central-1")["arn"].endswith("/test-writer")
    call = _calls(run, "GetCallerIdentity")[-1]
    assert (call["principal"], call["name"], call["region"]) == ("function", "test-writer", "eu-central-1")


def test_a_function_that_leaves_the_region_is_refused_as_itself(run: Run, invoke: Any) -> None:
    assert "outside-region" in invoke(id="6", region="eu-central-1")["text"]
    refusal = _calls(run, "PutItem")[-1]
    assert (refusal["event"], refusal["rule"], refusal["principal"]) == ("refused", "outside-region", "function")


def test_a_function_that_assumes_a_role_gets_a_surrogate_that_works(
    run: Run, upstream_clients: Any, roles: dict[str, str], invoke: Any
) -> None:
    iam = upstream_clients("iam")
    trust = {**TRUST["Statement"][0], "Principal": {"AWS": roles["test-writer"]}}
    document = json.dumps({**TRUST, "Statement": [trust]})
    target = iam.create_role(RoleName="test-inner", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    iam.put_role_policy(RoleName="test-writer", PolicyName="assume", PolicyDocument=_policy("sts:AssumeRole", target))
    found = invoke(id="7", assume=target)
    assert found["arn"].endswith("assumed-role/test-inner/inside"), found
    assert not found["key"].startswith(("AKIA", "ASIA"))
    assert _calls(run, "GetCallerIdentity")[-1]["principal"] == "surrogate"


def test_a_guessed_session_with_a_wrong_signature_is_refused(
    run: Run, raw: Any, clients: Any, roles: dict[str, str], invoke: Any
) -> None:
    assert invoke(id="7") == {"written": "7"}
    arn = clients("lambda").get_function(FunctionName="test-writer")["Configuration"]["FunctionArn"]
    digest = hashlib.sha256(f"{arn}:{roles['test-writer']}".encode()).hexdigest()
    guessed = f"ASIA{digest[:16].upper()}"
    headers = {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/x-amz-json-1.0"}
    wrong = Credentials(guessed, "wrong", "wrong")
    answer = raw.answer(raw.signed("POST", "/", service="dynamodb", headers=headers, body=b"{}", keys=wrong))
    assert answer.status == 403, "the gate derives the session and compares the signature"
    assert b"unknown-key" not in answer.body, "else the guess above was wrong and proves nothing"
    for made_up in ("ASIA" + "0" * 16, guessed[:-1] + ("1" if guessed[-1] == "0" else "0")):
        with pytest.raises(ClientError) as caught:
            boto3.client(
                "sts",
                endpoint_url=run.gate_url,
                region_name=run.region,
                aws_access_key_id=made_up,
                aws_secret_access_key="x",
                aws_session_token="y",
            ).get_caller_identity()
        assert caught.value.response["Error"]["Code"] == "AccessDenied"
