"""Calls that make a service reach something: every attack has a twin that stays inside."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandgate.core.call import Call, Principal
from sandgate.guard.beyond import Spot, json_of, spots, table
from sandgate.guard.guard import Guard
from sandgate.guard.openings import FINDERS
from sandgate.guard.policy import policy_of
from sandgate.guard.sandbox import Sandbox
from sandgate.guard.targets import READERS
from sandgate.iam.document import Statement
from sandgate.iam.parse import parse_document

Make = Callable[..., Any]
HERE = "eu-west-1:111122223333"
NS = "test-k3x9q2"
ROLE = f"arn:aws:iam::111122223333:role/{NS}-r"
API = "arn:aws:apigateway:eu-west-1::/restapis/a1"
LINK = "arn:aws:apigateway:eu-west-1::/vpclinks/v1"
OWNED = (API, "arn:aws:apigateway:eu-west-1::/apis/a1", LINK, f"arn:aws:cognito-idp:{HERE}:userpool/p1")


@dataclass(frozen=True, slots=True)
class Reach:
    """A call with `<>` where it names a target."""

    call: str
    inside: str
    outside: str
    members: Mapping[str, Any]


def queue(name: str) -> str:
    return f"arn:aws:sqs:{HERE}:{name}"


def function(name: str) -> str:
    return f"arn:aws:lambda:{HERE}:function:{name}"


def uri(service: str, path: str) -> str:
    return f"arn:aws:apigateway:eu-west-1:{service}:path/{path}"


def invocations(name: str) -> str:
    return uri("lambda", f"2015-03-31/functions/{function(name)}/invocations")


QUEUE = (queue(f"{NS}-q"), queue("orders"))
FUNCTION = (function(f"{NS}-f"), function("prod"))
BUCKET = (f"arn:aws:s3:::{NS}-b", "arn:aws:s3:::prod")
STREAM = (f"arn:aws:kinesis:{HERE}:stream/{NS}-s", f"arn:aws:kinesis:{HERE}:stream/prod")
TOPIC = (f"arn:aws:sns:{HERE}:{NS}-t", f"arn:aws:sns:{HERE}:alerts")
INTEGRATION = {"restApiId": "a1", "resourceId": "r", "httpMethod": "GET", "type": "AWS_PROXY", "uri": "<>"}
SCHEDULE = {"Name": f"{NS}-s", "ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": {"Mode": "OFF"}}
OPENAPI = '{"openapi": "3.0.1", "paths": {"/": {"get": {"x-amazon-apigateway-integration": {"uri": "<>"}}}}}'
QUEUE_URL = f"https://sqs.eu-west-1.amazonaws.com/111122223333/{NS}-q"
REDRIVE = '{"deadLetterTargetArn": "<>", "maxReceiveCount": 3}'
S3_TO = {"RoleARN": ROLE, "BucketARN": "<>"}
STATES = '{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "<>", "End": true}}}'
NESTED = '{"States": {"A": {"Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": {"FunctionName": "<>"}}}}'
MACHINE = {"name": f"{NS}-m", "roleArn": ROLE}
CREATED = {"FunctionName": f"{NS}-f", "Role": ROLE, "Code": {"ZipFile": b""}}
DOCUMENTS = f"arn:aws:ssm:{HERE}:document"
CACHES: Mapping[str, Mapping[str, str]] = {
    "CreateCacheCluster": {"CacheClusterId": f"{NS}-c"},
    "ModifyCacheCluster": {"CacheClusterId": f"{NS}-c"},
    "CreateReplicationGroup": {"ReplicationGroupId": f"{NS}-g", "ReplicationGroupDescription": "d"},
    "ModifyReplicationGroup": {"ReplicationGroupId": f"{NS}-g"},
}
STREAM_AT = {
    "DeliveryStreamName": f"{NS}-d", "CurrentDeliveryStreamVersionId": "1", "DestinationId": "d",
}  # fmt: skip
PROCESSING = (
    "ExtendedS3", "Redshift", "Elasticsearch", "Amazonopensearchservice", "Splunk", "HttpEndpoint",
    "AmazonOpenSearchServerless", "Snowflake", "Iceberg",
)  # fmt: skip
DESTINATIONS = [
    (operation, f"{name}Destination{how}")
    for name in PROCESSING
    for operation, how in (("CreateDeliveryStream", "Configuration"), ("UpdateDestination", "Update"))
]


def processing(parameter: str) -> Mapping[str, Any]:
    """A processor with one parameter."""
    return {"Processors": [{"Type": "Lambda", "Parameters": [
        {"ParameterName": "NumberOfRetries", "ParameterValue": "3"},
        {"ParameterName": parameter, "ParameterValue": "<>"},
    ]}]}  # fmt: skip


REACHES = (
    Reach("sns:Subscribe", *QUEUE, {"TopicArn": TOPIC[0], "Protocol": "sqs", "Endpoint": "<>"}),
    Reach("sns:Subscribe", *FUNCTION, {"TopicArn": TOPIC[0], "Protocol": "lambda", "Endpoint": "<>"}),
    Reach("sns:Subscribe", *QUEUE, {
        "TopicArn": TOPIC[0], "Protocol": "https", "Endpoint": "https://a.example",
        "Attributes": {"RedrivePolicy": REDRIVE},
    }),
    Reach("sns:SetSubscriptionAttributes", *QUEUE, {
        "SubscriptionArn": f"{TOPIC[0]}:11111111-2222-3333-4444-555555555555",
        "AttributeName": "RedrivePolicy", "AttributeValue": REDRIVE,
    }),
    Reach("sqs:CreateQueue", *QUEUE, {"QueueName": f"{NS}-q", "Attributes": {"RedrivePolicy": REDRIVE}}),
    Reach("sqs:SetQueueAttributes", *QUEUE, {"QueueUrl": QUEUE_URL, "Attributes": {"RedrivePolicy": REDRIVE}}),
    Reach("sqs:SetQueueAttributes", *QUEUE, {
        "QueueUrl": QUEUE_URL, "Attributes": {"RedriveAllowPolicy": '{"sourceQueueArns": ["<>"]}'},
    }),
    Reach("s3:PutBucketNotificationConfiguration", *QUEUE, {
        "Bucket": f"{NS}-b", "NotificationConfiguration": {"QueueConfigurations": [{"QueueArn": "<>"}]},
    }),
    Reach("s3:PutBucketNotificationConfiguration", *FUNCTION, {
        "Bucket": f"{NS}-b",
        "NotificationConfiguration": {"LambdaFunctionConfigurations": [{"LambdaFunctionArn": "<>"}]},
    }),
    Reach("s3:PutBucketReplication", *BUCKET, {
        "Bucket": f"{NS}-b",
        "ReplicationConfiguration": {"Role": ROLE, "Rules": [{"Destination": {"Bucket": "<>"}}]},
    }),
    Reach("s3:PutBucketLogging", f"{NS}-logs", "prod-logs", {
        "Bucket": f"{NS}-b", "BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "<>", "TargetPrefix": ""}},
    }),
    Reach("s3:PutBucketInventoryConfiguration", *BUCKET, {
        "Bucket": f"{NS}-b", "Id": "i",
        "InventoryConfiguration": {"Destination": {"S3BucketDestination": {"Bucket": "<>"}}},
    }),
    Reach("lambda:CreateFunction", *QUEUE, {**CREATED, "DeadLetterConfig": {"TargetArn": "<>"}}),
    Reach("lambda:UpdateFunctionConfiguration", *TOPIC, {
        "FunctionName": f"{NS}-f", "DeadLetterConfig": {"TargetArn": "<>"},
    }),
    Reach("lambda:PutFunctionEventInvokeConfig", *FUNCTION, {
        "FunctionName": f"{NS}-f", "DestinationConfig": {"OnSuccess": {"Destination": "<>"}},
    }),
    Reach("lambda:CreateEventSourceMapping", *STREAM, {"FunctionName": f"{NS}-f", "EventSourceArn": "<>"}),
    Reach("events:PutTargets", *FUNCTION, {"Rule": f"{NS}-r", "Targets": [{"Id": "1", "Arn": "<>"}]}),
    Reach("events:PutTargets", *QUEUE, {
        "Rule": f"{NS}-r", "Targets": [{"Id": "1", "Arn": FUNCTION[0], "DeadLetterConfig": {"Arn": "<>"}}],
    }),
    Reach("scheduler:CreateSchedule", *QUEUE, {**SCHEDULE, "Target": {"Arn": "<>", "RoleArn": ROLE}}),
    Reach("scheduler:CreateSchedule", *QUEUE, {
        **SCHEDULE, "Target": {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", "RoleArn": ROLE,
                               "DeadLetterConfig": {"Arn": "<>"}},
    }),
    Reach("stepfunctions:CreateStateMachine", *FUNCTION, {**MACHINE, "definition": STATES}),
    Reach("stepfunctions:CreateStateMachine", *FUNCTION, {**MACHINE, "definition": NESTED}),
    Reach("stepfunctions:CreateStateMachine", ROLE, "arn:aws:iam::000000000000:role/theirs", {
        **MACHINE, "definition": '{"States": {"A": {"Credentials": {"RoleArn": "<>"}}}}',
    }),
    Reach("cloudwatch:PutMetricAlarm", *TOPIC, {"AlarmName": f"{NS}-a", "AlarmActions": ["<>"]}),
    Reach("cloudwatch:PutMetricAlarm", TOPIC[0], "arn:aws:automate:eu-west-1:ec2:terminate", {
        "AlarmName": f"{NS}-a", "OKActions": ["<>"],
    }),
    Reach("cloudwatch:PutCompositeAlarm", *TOPIC, {
        "AlarmName": f"{NS}-a", "AlarmRule": "TRUE", "InsufficientDataActions": ["<>"],
    }),
    Reach("firehose:CreateDeliveryStream", *BUCKET, {
        "DeliveryStreamName": f"{NS}-d", "ExtendedS3DestinationConfiguration": S3_TO,
    }),
    Reach("firehose:CreateDeliveryStream", *STREAM, {
        "DeliveryStreamName": f"{NS}-d",
        "KinesisStreamSourceConfiguration": {"KinesisStreamARN": "<>", "RoleARN": ROLE},
    }),
    Reach("cognito-idp:CreateUserPool", *FUNCTION, {"PoolName": "x", "LambdaConfig": {"PreSignUp": "<>"}}),
    Reach("apigateway:PutIntegration", invocations(f"{NS}-f"), invocations("prod"), INTEGRATION),
    Reach("apigateway:PutIntegration", uri("sqs", f"111122223333/{NS}-q"), uri("sqs", "111122223333/orders"),
          INTEGRATION),
    Reach("apigateway:PutIntegration", uri("s3", f"{NS}-b/{{key}}"), uri("s3", "prod/{key}"), INTEGRATION),
    Reach("apigateway:PutIntegration", "v1", "v2", {**INTEGRATION, "uri": "https://a.example", "connectionId": "<>"}),
    Reach("apigateway:CreateAuthorizer", invocations(f"{NS}-f"), invocations("prod"), {
        "restApiId": "a1", "name": "n", "type": "TOKEN", "authorizerUri": "<>",
    }),
    Reach("apigateway:CreateAuthorizer", OWNED[3], f"arn:aws:cognito-idp:{HERE}:userpool/theirs", {
        "restApiId": "a1", "name": "n", "type": "COGNITO_USER_POOLS", "providerARNs": ["<>"],
    }),
    Reach("apigateway:UpdateIntegration", invocations(f"{NS}-f"), invocations("prod"), {
        "restApiId": "a1", "resourceId": "r", "httpMethod": "GET",
        "patchOperations": [{"op": "replace", "path": "/uri", "value": "<>"}],
    }),
    Reach("apigateway:PutRestApi", invocations(f"{NS}-f"), invocations("prod"), {"restApiId": "a1", "body": OPENAPI}),
    Reach("apigatewayv2:CreateIntegration", FUNCTION[0], FUNCTION[1], {
        "ApiId": "a1", "IntegrationType": "AWS_PROXY", "IntegrationUri": "<>",
    }),
    Reach("logs:PutSubscriptionFilter", *FUNCTION, {
        "logGroupName": f"{NS}-g", "filterName": "f", "filterPattern": "", "destinationArn": "<>",
    }),
    Reach("secretsmanager:RotateSecret", *FUNCTION, {"SecretId": f"{NS}-s", "RotationLambdaARN": "<>"}),
    Reach("rds:CreateEventSubscription", *TOPIC, {"SubscriptionName": f"{NS}-e", "SnsTopicArn": "<>"}),
    Reach("elasticache:CreateCacheCluster", *TOPIC, {"CacheClusterId": f"{NS}-c", "NotificationTopicArn": "<>"}),
    Reach("lambda:CreateFunction", f"{NS}-logs", "prod-logs", {**CREATED, "LoggingConfig": {"LogGroup": "<>"}}),
    Reach("lambda:UpdateFunctionConfiguration", f"/aws/lambda/{NS}-f", "/aws/lambda/prod", {
        "FunctionName": f"{NS}-f", "LoggingConfig": {"LogGroup": "<>"},
    }),
    *(Reach(f"elasticache:{operation}", f"{NS}-{kind}", f"prod-{kind}", {
        **members, "LogDeliveryConfigurations": [{"LogType": "slow-log", "DestinationDetails": {kind: {named: "<>"}}}],
    }) for operation, members in CACHES.items() for kind, named in (
        ("CloudWatchLogsDetails", "LogGroup"), ("KinesisFirehoseDetails", "DeliveryStream"),
    )),
    *(Reach(f"firehose:{operation}", f"{NS}-logs", "prod-logs", {
        **STREAM_AT, destination: {"CloudWatchLoggingOptions": {"Enabled": True, "LogGroupName": "<>"}},
    }) for operation, destination in DESTINATIONS),
    *(Reach(f"firehose:{operation}", inside, outside, {
        **STREAM_AT, destination: {"RoleARN": ROLE, "ProcessingConfiguration": processing(parameter)},
    }) for operation, destination in DESTINATIONS for inside, outside, parameter in (
        (*FUNCTION, "LambdaArn"),
        (f"{FUNCTION[0]}:$LATEST", f"{FUNCTION[1]}:$LATEST", "LambdaArn"),
        (ROLE, "arn:aws:iam::000000000000:role/theirs", "RoleArn"),
    )),
    *(Reach("lambda:CheckpointDurableExecution", inside, outside, {
        "DurableExecutionArn": f"{FUNCTION[0]}:1/durable-execution/a/b", "CheckpointToken": "t",
        "Updates": [{"Id": "1", "Type": "CHAINED_INVOKE", "Action": "START",
                     "ChainedInvokeOptions": {"FunctionName": "<>"}}],
    }) for inside, outside in (FUNCTION, (f"{NS}-f", "prod"), (f"{NS}-f:live", "prod:live"))),
    Reach("rds:RestoreDBInstanceFromS3", f"{NS}-b", "prod", {
        "DBInstanceIdentifier": f"{NS}-i", "S3BucketName": "<>", "S3IngestionRoleArn": ROLE,
    }),
    Reach("rds:RestoreDBClusterFromS3", f"{NS}-b", "prod", {
        "DBClusterIdentifier": f"{NS}-c", "S3BucketName": "<>", "S3IngestionRoleArn": ROLE,
    }),
    *(Reach(f"ssm:{operation}Document", inside, outside, {
        "Name": f"{NS}-doc", "Content": "{}", "Attachments": [{"Key": key, "Values": ["<>"]}],
    }) for operation in ("Create", "Update") for key, inside, outside in (
        ("SourceUrl", f"s3://{NS}-b/files", "s3://prod/files"),
        ("S3FileUrl", f"s3://{NS}-b/files/a.zip", "s3://prod/files/a.zip"),
        ("AttachmentReference", f"{NS}-other/3/a.zip", "other/3/a.zip"),
        ("AttachmentReference", f"{DOCUMENTS}/{NS}-other/3/a.zip", f"{DOCUMENTS}/other/3/a.zip"),
    )),
)  # fmt: skip
IDS = [f"{reach.call}-{number}" for number, reach in enumerate(REACHES)]
NO_TARGET = ("outside-sandbox", "reaches-outside", "not-created-here")


def filled(node: Any, text: str) -> Any:
    if isinstance(node, dict):
        return {key: filled(value, text) for key, value in node.items()}
    if isinstance(node, list):
        return [filled(value, text) for value in node]
    return node.replace("<>", text) if isinstance(node, str) else node


@pytest.mark.parametrize("reach", REACHES, ids=IDS)
def test_a_target_inside_passes(reach: Reach, call: Make, guard: Make) -> None:
    found = guard(owned=OWNED).decide(call(reach.call, **filled(reach.members, reach.inside)))
    assert found.allowed, found.text()


@pytest.mark.parametrize("reach", REACHES, ids=IDS)
def test_a_target_outside_is_refused(reach: Reach, call: Make, guard: Make) -> None:
    found = guard(owned=OWNED).decide(call(reach.call, **filled(reach.members, reach.outside)))
    assert not found.allowed
    assert found.rule in NO_TARGET


@pytest.mark.parametrize("reach", REACHES, ids=IDS)
def test_the_same_name_of_another_account_is_outside(reach: Reach, call: Make, guard: Make) -> None:
    theirs = reach.inside.replace("111122223333", "000000000000")
    if theirs != reach.inside:
        assert not guard(owned=OWNED).decide(call(reach.call, **filled(reach.members, theirs))).allowed


@pytest.mark.parametrize("name", [f"{NS}-f", function(f"{NS}-f"), f"{function(f'{NS}-f')}:1"])
def test_a_function_may_always_write_to_its_own_group(name: str, call: Make, guard: Make) -> None:
    """Which it does when none is named; without CloudWatch Logs no other group is inside."""
    alone, asked = guard(services=("lambda",)), {"FunctionName": name}
    own = {"LoggingConfig": {"LogGroup": f"/aws/lambda/{NS}-f"}}
    others = {"LoggingConfig": {"LogGroup": f"/aws/lambda/{NS}-g"}}
    assert alone.decide(call("lambda:UpdateFunctionConfiguration", **asked, **own)).allowed
    assert not alone.decide(call("lambda:UpdateFunctionConfiguration", **asked, **others)).allowed


SUBSCRIBED = {"TopicArn": TOPIC[0], "Protocol": "sqs", "Endpoint": QUEUE[1]}


def test_what_is_allowed_or_adopted_is_reached(call: Make, guard: Make) -> None:
    asked = call("sns:Subscribe", **SUBSCRIBED)
    own = Statement(effect="Allow", sid="Allow1", actions=("sqs:SendMessage",), resources=(QUEUE[1],))
    reads = Statement(effect="Allow", sid="Allow1", actions=("sqs:GetQueueUrl",), resources=(QUEUE[1],))
    assert guard(allow=(own,)).decide(asked).allowed
    assert guard(adopt=(QUEUE[1],)).decide(asked).allowed
    assert guard(adopt=("orders",)).decide(asked).allowed
    assert guard(allow=(reads,)).decide(asked).rule == "reaches-outside"


@pytest.mark.parametrize("endpoint", ["http", "https", "email", "email-json", "sms"])
def test_addresses_on_the_network_are_no_targets(endpoint: str, call: Make, guard: Make) -> None:
    asked = call("sns:Subscribe", TopicArn=TOPIC[0], Protocol=endpoint, Endpoint="https://a.example")
    assert guard().decide(asked).allowed


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("sns:Subscribe", {**SUBSCRIBED, "Endpoint": f"{NS}-q"}),
        ("sns:Subscribe", {**SUBSCRIBED, "Endpoint": QUEUE[0].upper()}),
        ("sns:Subscribe", {**SUBSCRIBED, "Endpoint": f"{QUEUE[0]}\n"}),
        ("sns:Subscribe", {**SUBSCRIBED, "Endpoint": [QUEUE[0]]}),
        ("sqs:CreateQueue", {"QueueName": f"{NS}-q", "Attributes": {"RedrivePolicy": "no JSON"}}),
        ("sqs:CreateQueue", {"QueueName": f"{NS}-q", "Attributes": {"RedrivePolicy": '{"a": 1, "a": 2}'}}),
        ("apigateway:PutIntegration", {**INTEGRATION, "uri": uri("lambda", "x/${stageVariables.f}")}),
        ("apigateway:PutIntegration", {**INTEGRATION, "uri": uri("s3", "{bucket}/{key}")}),
        ("apigateway:PutRestApi", {"restApiId": "a1", "body": b"\xff"}),
        ("lambda:CreateFunction", {**CREATED, "LoggingConfig": {"LogGroup": f"{NS}-*"}}),
        ("ssm:CreateDocument", {"Name": f"{NS}-doc", "Attachments": [
            {"Key": "SourceUrl", "Values": [f"https://s3.amazonaws.com/{NS}-b/files"]}]}),
        ("firehose:CreateDeliveryStream", {**STREAM_AT, "ExtendedS3DestinationConfiguration": {
            "BucketARN": BUCKET[0], "RoleARN": ROLE, "ProcessingConfiguration": {"Processors": [
                {"Parameters": [{"ParameterName": "LambdaArn", "ParameterValue": f"{NS}-f"}]}]}}}),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(name: str, members: dict[str, Any], call: Make, guard: Make) -> None:
    found = guard(owned=OWNED).decide(call(name, **members))
    assert (found.allowed, found.rule) == (False, "unresolvable-resource")


def test_a_denied_target_says_so(call: Make) -> None:
    statements = [
        {"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Sid": "Never", "Effect": "Deny", "Action": "sqs:SendMessage", "Resource": QUEUE[1]},
    ]
    policy = policy_of(Sandbox(account="111122223333", region="eu-west-1"))
    document = parse_document({"Version": "2012-10-17", "Statement": statements})
    own = Guard(
        type(policy)(sandbox=policy.sandbox, document=document, deployer=document, file="own.json"), OWNED.__contains__
    )
    found = own.decide(call("sns:Subscribe", **SUBSCRIBED))
    assert (found.rule, found.remedy) == ("explicit-deny", "remove Never from own.json")
    assert own.decide(call("sns:Subscribe", **{**SUBSCRIBED, "Endpoint": QUEUE[0]})).allowed


def test_every_kind_is_known_and_used() -> None:
    used = {spot.kind for found in spots().values() for spot in found}
    assert used == {*READERS, *FINDERS, "grants"}
    assert all(action.split(":")[1] for action, _ in table()["use"].values())


def test_a_key_twice_is_no_json() -> None:
    assert json_of('{"a": {"b": 1}}') == {"a": {"b": 1}}
    with pytest.raises(ValueError, match="twice"):
        json_of('{"a": {"b": 1, "b": 2}}')


TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["", "arn:", QUEUE[0], QUEUE[1], invocations("x"), "*", "{", "[]", "null", '{"Statement": [1]}']),
    st.builds(json.dumps, st.recursive(st.text(max_size=5), lambda inner: st.dictionaries(
        st.sampled_from(["Statement", "Effect", "Principal", "AWS", "Condition", "StringEquals", "aws:SourceArn"]),
        inner | st.lists(inner, max_size=2), max_size=3), max_leaves=8)),
)  # fmt: skip
VALUES = st.recursive(
    st.one_of(TEXTS, st.none(), st.booleans(), st.integers(), st.binary(max_size=8)),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(
        st.sampled_from(["Arn", "Grants", "Grantee", "ID", "URI", "Owner", "op", "path", "value"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
JUDGE = Guard(policy_of(Sandbox(account="111122223333", region="eu-west-1")), owned=lambda _arn: False)


def of_one(place: tuple[str, str], spot: Spot, value: str) -> Call:
    """A call that says one thing."""
    node: Any = value
    for step in reversed(spot.steps):
        node = [node] if step == "*" else {step: node}
    return Call(id="1", service=place[0], operation=place[1], parameters=node, region="eu-west-1",
                principal=Principal(kind="identity", name="main"))  # fmt: skip


@pytest.mark.parametrize("kind", ["bucket", "delivery-stream", "function", "function-log", "log-group"])
def test_every_name_of_a_kind_is_held_against_the_sandbox(kind: str) -> None:
    """Also where the operation itself is no sandbox's: a statement of the user's own may allow it."""
    found = [(place, spot) for place, held in spots().items() for spot in held if spot.kind == kind]
    assert found
    for place, spot in found:
        for value, allowed in (("test-x", True), ("prod", False)):
            asked = of_one(place, spot, value)
            assert JUDGE._beyond(asked, (spot,), JUDGE.judge_of(asked)).allowed is allowed, (place, spot.steps)


@settings(max_examples=250, deadline=None)
@given(place=st.sampled_from(sorted(spots())), data=st.data())
def test_nothing_makes_it_raise(place: tuple[str, str], data: st.DataObject) -> None:
    parameters: dict[str, Any] = {"AttributeName": data.draw(st.sampled_from(["Policy", "KmsMasterKeyId", "x"]))}
    for spot in spots()[place]:
        steps, value = spot.steps, data.draw(VALUES)
        for step in reversed(steps[1:]):
            value = [value] if step == "*" else {step: value}
        if steps:
            parameters[steps[0]] = value
    asked = Call(id="1", service=place[0], operation=place[1], parameters=parameters, region="eu-west-1",
                 principal=Principal(kind="identity", name="main"))  # fmt: skip
    found = JUDGE._beyond(asked, spots()[place], JUDGE.judge_of(asked))
    assert found.allowed or found.text()
