"""AWS's timing before the real emulator: what SDKs see while everything takes an hour."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandgate.run import Run

ONCE = Config(retries={"max_attempts": 0, "mode": "standard"})
KEY = {"id": {"S": "1"}}
TABLE: dict[str, Any] = {
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST",
}
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
            {"Effect": "Allow", "Principal": {"AWS": "000000000000"}, "Action": "sts:AssumeRole"},
        ],
    }
)
TEMPLATE = json.dumps(
    {
        "Resources": {
            "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "test-of-stack", **TABLE}},
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "test-of-stack"}},
        }
    }
)

Code = Callable[[Callable[[], object]], str]


@pytest.fixture(scope="module")
def slow(make_run: Callable[..., Any]) -> Iterator[Run]:
    """A run in which everything takes an hour."""
    with make_run(timing="aws=3600") as run:
        yield run


@pytest.fixture(scope="module")
def client(slow: Run) -> Callable[[str], Any]:
    session = slow.boto_session()
    return lambda service: session.client(service, endpoint_url=slow.gate_url, config=ONCE)


@pytest.fixture
def code() -> Code:
    """The error code of a call."""

    def of(call: Callable[[], object]) -> str:
        with pytest.raises(ClientError) as caught:
            call()
        return str(caught.value.response["Error"]["Code"])

    return of


def test_a_table_is_creating(client: Any, code: Code) -> None:
    dynamodb = client("dynamodb")
    assert dynamodb.create_table(TableName="test-slow", **TABLE)["TableDescription"]["TableStatus"] == "CREATING"
    assert dynamodb.describe_table(TableName="test-slow")["Table"]["TableStatus"] == "CREATING"
    assert code(lambda: dynamodb.put_item(TableName="test-slow", Item=KEY)) == "ResourceNotFoundException"
    assert code(lambda: dynamodb.delete_table(TableName="test-slow")) == "ResourceInUseException"
    with pytest.raises(dynamodb.exceptions.ResourceNotFoundException):
        dynamodb.scan(TableName="test-slow")


def test_what_a_stack_makes_is_there_when_the_stack_is(slow: Run, client: Any) -> None:
    stacks = slow.deployer_clients()("cloudformation")
    stacks.create_stack(StackName="test-of-stack", TemplateBody=TEMPLATE)
    stacks.get_waiter("stack_create_complete").wait(StackName="test-of-stack", WaiterConfig={"Delay": 0.1})
    dynamodb = client("dynamodb")
    dynamodb.put_item(TableName="test-of-stack", Item=KEY)
    assert dynamodb.get_item(TableName="test-of-stack", Key=KEY).get("Item") is None
    assert dynamodb.get_item(TableName="test-of-stack", Key=KEY, ConsistentRead=True)["Item"] == KEY
    dynamodb.delete_item(TableName="test-of-stack", Key=KEY)
    assert dynamodb.delete_table(TableName="test-of-stack")["TableDescription"]["TableStatus"] == "DELETING"
    assert dynamodb.describe_table(TableName="test-of-stack")["Table"]["TableStatus"] == "DELETING"


def test_the_name_of_a_queue_is_taken(client: Any, code: Code) -> None:
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="test-slow")["QueueUrl"]
    sqs.delete_queue(QueueUrl=url)
    with pytest.raises(sqs.exceptions.QueueDeletedRecently) as caught:
        sqs.create_queue(QueueName="test-slow")
    assert caught.value.response["Error"]["Code"] == "AWS.SimpleQueueService.QueueDeletedRecently"
    assert code(lambda: sqs.get_queue_url(QueueName="test-slow")) == "AWS.SimpleQueueService.NonExistentQueue"


def test_a_role_is_not_known(client: Any, code: Code) -> None:
    iam = client("iam")
    arn = iam.create_role(RoleName="test-slow", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    assert code(lambda: iam.get_role(RoleName="test-slow")) == "NoSuchEntity"
    assert code(lambda: client("sts").assume_role(RoleArn=arn, RoleSessionName="test")) == "AccessDenied"
    function = {"FunctionName": "test-slow", "Handler": "a.b", "Runtime": "python3.13", "Code": {"ZipFile": b"x"}}
    with pytest.raises(ClientError, match="cannot be assumed by Lambda") as caught:
        client("lambda").create_function(Role=arn, **function)
    assert caught.value.response["Error"]["Code"] == "InvalidParameterValueException"


def test_an_access_key_is_not_known(slow: Run, client: Any, code: Code) -> None:
    iam = client("iam")
    iam.create_user(UserName="test-slow")
    key = iam.create_access_key(UserName="test-slow")["AccessKey"]
    session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=slow.region)
    codes = [
        code(session.client("sts", endpoint_url=slow.gate_url, config=ONCE).get_caller_identity),
        code(session.client("s3", endpoint_url=slow.gate_url, config=ONCE).list_buckets),
        code(session.client("dynamodb", endpoint_url=slow.gate_url, config=ONCE).list_tables),
    ]
    assert codes == ["InvalidClientTokenId", "InvalidAccessKeyId", "UnrecognizedClientException"]


def test_the_events_say_which_timing_it_was(slow: Run, client: Any) -> None:
    start = slow.mark()
    client("dynamodb").create_table(TableName="test-told", **TABLE)
    slow.mark()
    lines = (slow.directory / "events.jsonl").read_bytes()[start:].splitlines()
    _, done = (json.loads(line) for line in lines)
    assert (done["status"], done["reached"], done["fault"]) == (200, True, "table-creating")
