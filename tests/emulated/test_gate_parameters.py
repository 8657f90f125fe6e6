"""Parameters on request: whatever a user's data stands in, none of it is in any file of the run."""

from __future__ import annotations

import base64
import contextlib
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

CANARY = "canaryNeverWritten7f3a"
RAW = CANARY.encode()
KEY = RAW.ljust(32, b"k").decode()
"""As long as a customer's key must be."""
INSIDE = json.dumps({"user": {"password": CANARY}})

CALLS: dict[str, dict[str, Any]] = {
    "ssm.put_parameter": {"Name": "/test/p", "Type": "SecureString", "Value": CANARY},
    "secretsmanager.create_secret": {"Name": "test-s", "SecretString": INSIDE, "Description": CANARY},
    "secretsmanager.put_secret_value": {"SecretId": "test-s", "SecretBinary": RAW},
    "lambda.create_function": {
        "FunctionName": "test-f", "Role": "arn:aws:iam::000000000000:role/test-r", "Runtime": "python3.12",
        "Handler": "a.b", "Code": {"ZipFile": RAW}, "Environment": {"Variables": {"DB_PASS": CANARY, "Name": CANARY}},
    },
    "lambda.invoke": {"FunctionName": "test-f", "Payload": INSIDE, "ClientContext": base64.b64encode(RAW).decode()},
    "s3.put_object": {
        "Bucket": "test-b", "Key": "k", "Body": RAW, "Metadata": {"a": CANARY}, "Tagging": f"a={CANARY}",
        "SSECustomerAlgorithm": "AES256", "SSECustomerKey": KEY,
    },
    "s3.copy_object": {
        "Bucket": "test-b", "Key": "k", "CopySource": {"Bucket": "test-b", "Key": CANARY},
        "CopySourceSSECustomerAlgorithm": "AES256", "CopySourceSSECustomerKey": KEY,
    },
    "s3.list_objects_v2": {"Bucket": "test-b", "Prefix": CANARY},
    "sqs.send_message": {
        "QueueUrl": "{gate}/000000000000/test-q", "MessageBody": INSIDE,
        "MessageAttributes": {"a": {"DataType": "String", "StringValue": CANARY}},
    },
    "sqs.send_message_batch": {
        "QueueUrl": "{gate}/000000000000/test-q", "Entries": [{"Id": "1", "MessageBody": CANARY}],
    },
    "sns.publish": {"TopicArn": "arn:aws:sns:eu-west-1:000000000000:test-t", "Message": INSIDE, "Subject": CANARY},
    "dynamodb.put_item": {
        "TableName": "test-t",
        "Item": {
            "id": {"S": CANARY}, "Name": {"S": CANARY}, "b": {"B": RAW},
            "m": {"M": {CANARY: {"N": "1"}, "TableName": {"S": CANARY}}}, "l": {"L": [{"SS": [CANARY]}]},
        },
    },
    "dynamodb.get_item": {"TableName": "test-t", "Key": {"id": {"S": CANARY}}},
    "dynamodb.query": {
        "TableName": "test-t", "KeyConditionExpression": "id = :v", "FilterExpression": f"a = {CANARY}",
        "ExpressionAttributeValues": {":v": {"S": CANARY}}, "ExclusiveStartKey": {"id": {"S": CANARY}},
    },
    "dynamodb.batch_write_item": {"RequestItems": {"test-t": [{"PutRequest": {"Item": {"id": {"S": CANARY}}}}]}},
    "dynamodb.transact_write_items": {
        "TransactItems": [{"Put": {"TableName": "test-t", "Item": {"n": {"M": {CANARY: {"S": CANARY}}}}}}],
    },
    "dynamodb.execute_statement": {"Statement": f"SELECT * FROM t WHERE a = '{CANARY}'", "Parameters": [{"S": CANARY}]},
    "kinesis.put_record": {"StreamName": "test-k", "Data": RAW, "PartitionKey": CANARY},
    "firehose.put_record": {"DeliveryStreamName": "test-h", "Record": {"Data": RAW}},
    "logs.put_log_events": {
        "logGroupName": "test-g", "logStreamName": "s", "logEvents": [{"timestamp": 1, "message": CANARY}],
    },
    "cognito-idp.admin_set_user_password": {
        "UserPoolId": "eu-west-1_test", "Username": CANARY, "Password": CANARY, "Permanent": True,
    },
    "cognito-idp.admin_initiate_auth": {
        "UserPoolId": "eu-west-1_test", "ClientId": "test", "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
        "AuthParameters": {"USERNAME": CANARY, "PASSWORD": CANARY}, "ClientMetadata": {"a": CANARY},
    },
    # Who is made in a pool that is not the run's stands in the ledger by name: else nobody could remove him.
    "cognito-idp.admin_create_user": {
        "UserPoolId": "eu-west-1_test", "Username": "test-named", "TemporaryPassword": CANARY,
        "UserAttributes": [{"Name": "email", "Value": CANARY}],
    },
    "stepfunctions.start_execution": {
        "stateMachineArn": "arn:aws:states:eu-west-1:000000000000:stateMachine:test-m", "input": INSIDE,
    },
    "events.put_events": {"Entries": [{"Source": "test", "DetailType": "t", "Detail": INSIDE}]},
    "ec2.run_instances": {"ImageId": "ami-00000000", "MinCount": 1, "MaxCount": 1, "UserData": CANARY},
    "rds.modify_db_instance": {"DBInstanceIdentifier": "test-d", "MasterUserPassword": CANARY},
    "cloudformation.create_stack": {
        "StackName": "test-x", "TemplateBody": json.dumps({"Description": CANARY, "Resources": {}}),
        "Parameters": [{"ParameterKey": "Plain", "ParameterValue": CANARY}], "Tags": [{"Key": "a", "Value": CANARY}],
    },
    "kms.encrypt": {"KeyId": "alias/test-k", "Plaintext": RAW, "EncryptionContext": {"a": CANARY}},
    "iam.update_login_profile": {"UserName": "test-u", "Password": CANARY},
}  # fmt: skip


@pytest.fixture(scope="module")
def recorded(make_run: Any) -> tuple[dict[str, Any], str]:
    """The parameters of each operation, and everything that the run wrote."""
    # Of made-up ids, and of services that the guard knows nothing of: here only what is written down matters.
    with make_run("record_params = true", unsafe_no_guard=True) as run:
        clients = run.clients()
        for name, parameters in CALLS.items():
            service, method = name.split(".")
            given = {key: value.format(gate=run.gate_url) if key == "QueueUrl" else value
                     for key, value in parameters.items()}  # fmt: skip
            # What the emulator thinks of it is not the matter: a call is written down before it is forwarded.
            with contextlib.suppress(ClientError):
                getattr(clients(service), method)(**given)
        lines = (run.directory / "events.jsonl").read_text(encoding="utf-8").splitlines()
        calls = {event["operation"]: event for event in map(json.loads, lines) if event["event"] == "call"}
        files = [path for path in run.directory.rglob("*") if path.is_file()]
        return calls, "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in files)


def test_no_data_of_the_user_is_in_any_file(recorded: tuple[dict[str, Any], str]) -> None:
    calls, written = recorded
    expected = {name.partition(".")[2].replace("_", "") for name in CALLS}
    assert expected <= {operation.lower() for operation in calls}, "calls that were not written down prove nothing"
    spellings = [CANARY, *(base64.b64encode(b"x" * pad + RAW)[4:-4].decode() for pad in range(3)), RAW.hex()]
    assert [line for line in written.splitlines() if any(spelt in line for spelt in spellings)] == []


def test_names_sizes_and_settings_are_still_told(recorded: tuple[dict[str, Any], str]) -> None:
    calls = {operation: event["parameters"] for operation, event in recorded[0].items()}
    assert calls["PutParameter"] == {"Name": "/test/p", "Type": "SecureString", "Value": "[redacted 22 chars]"}
    assert calls["PutItem"]["TableName"] == "test-t"
    assert calls["PutItem"]["Item"] == dict.fromkeys(["id", "Name", "b", "m", "l"], "[redacted 1 members]")
    assert calls["TransactWriteItems"]["TransactItems"][0]["Put"]["TableName"] == "test-t"
    assert calls["BatchWriteItem"] == {"RequestItems": {"test-t": "[redacted 1 entries]"}}
    assert calls["Encrypt"]["Plaintext"] == "[redacted 22 bytes]"
    assert calls["CreateStack"]["Parameters"] == [{"ParameterKey": "Plain", "ParameterValue": "[redacted 22 chars]"}]
    assert calls["AdminSetUserPassword"]["Permanent"] is True
