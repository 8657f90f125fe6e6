"""What boto3 says in every protocol, and what it is answered."""

from __future__ import annotations

import json
from typing import Any


def test_queues(wire: Any) -> None:
    url = wire.call("sqs", "create_queue", QueueName="test-q")["QueueUrl"]
    assert url.startswith(wire.run.gate_url)
    assert wire.seen[-1][0].said.body != wire.seen[-1][1].said.body
    wire.call("sqs", "send_message", QueueUrl=url, MessageBody=f"see {url} and\n\tü \U0001f600")
    assert wire.seen[-1][0].asked.body != wire.seen[-1][1].asked.body
    attributes = {"kind": {"DataType": "Binary", "BinaryValue": bytes(range(256))}}
    entries = [{"Id": str(n), "MessageBody": " " * (n + 1), "MessageAttributes": attributes} for n in range(3)]
    wire.call("sqs", "send_message_batch", QueueUrl=url, Entries=entries)
    found = wire.call("sqs", "receive_message", QueueUrl=url, MessageAttributeNames=["All"], MaxNumberOfMessages=4)
    wire.call("sqs", "delete_message", QueueUrl=url, ReceiptHandle=found["Messages"][0]["ReceiptHandle"])
    wire.call("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["All"])
    assert wire.call("sqs", "list_queues", QueueNamePrefix="test-q")["QueueUrls"] == [url]
    assert "NonExistentQueue" in wire.fails("sqs", "get_queue_url", QueueName="test-none")
    wire.call("sqs", "delete_queue", QueueUrl=url)


def test_topics_and_stacks(wire: Any) -> None:
    topic = wire.call("sns", "create_topic", Name="test-t", Tags=[{"Key": "a b&=+%/ü", "Value": ""}])["TopicArn"]
    wire.call("sns", "publish", TopicArn=topic, Message="100 % <&> ü\n", Subject="a+b c")
    wire.call("sns", "list_topics")
    assert wire.fails("sns", "get_topic_attributes", TopicArn=topic + "-none") in {"NotFound", "NotFoundException"}
    template = {
        "Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "test-of-stack"}}},
        "Outputs": {"Url": {"Value": {"Ref": "Q"}}, "Text": {"Value": "a < b & c"}},
        "Parameters": {"Text": {"Type": "String"}},
    }
    parameters = [{"ParameterKey": "Text", "ParameterValue": "of ü&= 1"}]
    body = json.dumps(template)
    wire.call("cloudformation", "create_stack", StackName="test-s", TemplateBody=body, Parameters=parameters)
    wire.call("cloudformation", "describe_stacks", StackName="test-s")
    wire.call("cloudformation", "list_stack_resources", StackName="test-s")
    wire.call("cloudformation", "describe_stack_events", StackName="test-s")
    wire.call("cloudformation", "delete_stack", StackName="test-s")


def test_query_and_ec2(open_wire: Any) -> None:
    wire = open_wire
    wire.call("ec2", "describe_vpcs", Filters=[{"Name": "isDefault", "Values": ["true"]}])
    wire.call("ec2", "describe_security_groups")
    wire.call("rds", "describe_db_instances")
    assert "NotFound" in wire.fails("rds", "describe_db_instances", DBInstanceIdentifier="test-none")


def test_minted_keys(open_wire: Any) -> None:
    """Surrogates in the place of real keys, in answers and requests, and nothing else."""
    wire = open_wire
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}
    wire.call("iam", "create_user", UserName="test-u", Path="/test/")
    key = wire.call("iam", "create_access_key", UserName="test-u")["AccessKey"]
    near, far, *_ = wire.seen[-1]
    assert key["SecretAccessKey"].encode() in near.said.body
    assert key["SecretAccessKey"].encode() not in far.said.body
    assert (
        wire.call("iam", "list_access_keys", UserName="test-u")["AccessKeyMetadata"][0]["AccessKeyId"]
        == key["AccessKeyId"]
    )
    wire.call("iam", "delete_access_key", UserName="test-u", AccessKeyId=key["AccessKeyId"])
    near, far, *_ = wire.seen[-1]
    assert near.asked.body != far.asked.body
    role = wire.call("iam", "create_role", RoleName="test-r", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    minted = wire.call("sts", "assume_role", RoleArn=role, RoleSessionName="test-s")["Credentials"]
    assert minted["SessionToken"].encode() not in wire.seen[-1][1].said.body
    names = {
        "aws_access_key_id": "AccessKeyId",
        "aws_secret_access_key": "SecretAccessKey",
        "aws_session_token": "SessionToken",
    }
    with_token = wire.client("sts", **{name: minted[member] for name, member in names.items()})
    wire.call("sts", "get_caller_identity", client=with_token)
    wire.call("sts", "get_caller_identity")


def test_json(wire: Any) -> None:
    wire.call(
        "dynamodb", "create_table", TableName="test_t", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )  # fmt: skip
    item = {
        "id": {"S": "ü\U0001f600\x00/"},
        "n": {"N": "1e3"},
        "b": {"B": bytes(256)},
        "m": {"M": {"": {"NULL": True}}},
    }
    wire.call("dynamodb", "put_item", TableName="test_t", Item=item)
    wire.call("dynamodb", "get_item", TableName="test_t", Key={"id": item["id"]})
    wire.call("dynamodb", "put_item", TableName="test_t", Item={"id": {"S": "big"}, "v": {"S": "x" * 300_000}})
    wire.call("dynamodb", "scan", TableName="test_t")
    wire.call("dynamodb", "execute_statement", Statement="SELECT * FROM \"test_t\" WHERE id = 'big'")
    condition = "attribute_not_exists(id)"
    put = {"Item": {"id": {"S": "big"}}, "ConditionExpression": condition}
    assert wire.fails("dynamodb", "put_item", TableName="test_t", **put) == "ConditionalCheckFailedException"
    key = wire.call("kms", "create_key")["KeyMetadata"]["KeyId"]
    blob = wire.call("kms", "encrypt", KeyId=key, Plaintext=b"\0\xff")["CiphertextBlob"]
    wire.call("kms", "decrypt", CiphertextBlob=blob)


def test_more_json(open_wire: Any) -> None:
    wire = open_wire
    pool = wire.call("cognito-idp", "create_user_pool", PoolName="test-p")["UserPool"]["Id"]
    wire.call("cognito-idp", "describe_user_pool", UserPoolId=pool)
    assert wire.fails("cognito-idp", "admin_get_user", UserPoolId=pool, Username="ü") == "UserNotFoundException"
    wire.call("logs", "create_log_group", logGroupName="/test/a-b_c.d#1")
    wire.call("logs", "describe_log_groups", logGroupNamePrefix="/test/")
    wire.call("events", "put_rule", Name="test-rule", ScheduleExpression="rate(1 day)", State="DISABLED")
    wire.call("ssm", "put_parameter", Name="/test/p", Value=" a  b ", Type="String")
    wire.call("ssm", "get_parameters_by_path", Path="/test", Recursive=True)
    wire.call("secretsmanager", "create_secret", Name="test-secret", SecretString='{"a":"\\u0000"}')
    wire.call("secretsmanager", "get_secret_value", SecretId="test-secret")
    wire.call("kinesis", "create_stream", StreamName="test-stream", ShardCount=1)
    wire.call("stepfunctions", "list_state_machines")
    wire.call("ecr", "create_repository", repositoryName="test-repo")


def test_rest_json_and_cbor(open_wire: Any) -> None:
    wire = open_wire
    api = wire.call("apigateway", "create_rest_api", name="test-api", tags={"a b": "ü/"})["id"]
    wire.call("apigateway", "get_resources", restApiId=api, limit=5)
    wire.call("apigateway", "get_rest_apis")
    assert wire.fails("apigateway", "get_rest_api", restApiId="none") == "NotFoundException"
    wire.call("lambda", "list_functions", MaxItems=1)
    assert wire.fails("lambda", "get_function", FunctionName="test-none") == "ResourceNotFoundException"
    data = [{"MetricName": "m ü", "Value": 1.5, "Dimensions": [{"Name": "a", "Value": "b"}]}]
    wire.call("cloudwatch", "put_metric_data", Namespace="test/n", MetricData=data)
    assert wire.call("cloudwatch", "list_metrics", Namespace="test/n")["Metrics"]
    packed = wire.client("cloudwatch", config={"request_min_compression_size_bytes": 1})
    wire.call("cloudwatch", "put_metric_data", client=packed, Namespace="test/n", MetricData=data)
    assert wire.seen[-1][1].asked.get(b"content-encoding") == b"gzip"
