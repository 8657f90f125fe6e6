"""What workers make: each recipe with plain boto3, as a test would, under names that begin with the one it is given.

Nothing here knows sandgate: the same recipes make what a run makes, and what stands beside it as somebody else's.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["RECIPES", "Make"]

Make = Callable[[Callable[[str], Any], str], object]
"""Given clients by service, and a name."""

_REGION = "eu-west-1"
_ACCOUNT = "000000000000"


def _trust(service: str) -> str:
    allow = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [allow]})


def _policy(name: str) -> str:
    resource = f"arn:aws:sqs:{_REGION}:{_ACCOUNT}:{name}"
    allow = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [allow]})


def _role(client: Any, name: str, service: str = "lambda") -> str:
    made = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=_trust(service))
    return str(made["Role"]["Arn"])


def _code() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("one.py", "def handler(event, context):\n    return event\n")
    return packed.getvalue()


def table(client: Any, name: str) -> None:
    """A table that holds something."""
    client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for number in range(3):
        client("dynamodb").put_item(TableName=name, Item={"id": {"S": f"{number}"}})


def bucket(client: Any, name: str) -> None:
    """A bucket with versions, a delete marker and an upload that nobody ends."""
    s3 = client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": _REGION})
    s3.put_object(Bucket=name, Key="plain", Body=b"before there were versions")
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    for number in range(2):
        s3.put_object(Bucket=name, Key="a/b c", Body=f"{number}".encode())
    s3.delete_object(Bucket=name, Key="a/b c")
    s3.create_multipart_upload(Bucket=name, Key="large")


def user(client: Any, name: str) -> None:
    """A user with a key and a policy, in a group with one."""
    iam = client("iam")
    iam.create_user(UserName=name)
    iam.create_access_key(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="inline", PolicyDocument=_policy(name))
    iam.create_group(GroupName=name)
    iam.put_group_policy(GroupName=name, PolicyName="inline", PolicyDocument=_policy(name))
    iam.add_user_to_group(GroupName=name, UserName=name)


def role(client: Any, name: str) -> None:
    """A role in a profile, with an attached policy of two versions."""
    iam = client("iam")
    _role(client, name, "ec2")
    arn = iam.create_policy(PolicyName=name, PolicyDocument=_policy(name))["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=_policy(f"{name}-2"), SetAsDefault=True)
    iam.attach_role_policy(RoleName=name, PolicyArn=arn)
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)


def logs(client: Any, name: str) -> None:
    """A log group with a stream."""
    client("logs").create_log_group(logGroupName=name)
    client("logs").create_log_stream(logGroupName=name, logStreamName="one")


def secret(client: Any, name: str) -> None:
    """A secret."""
    client("secretsmanager").create_secret(Name=name, SecretString="nothing secret")


def parameter(client: Any, name: str) -> None:
    """A parameter."""
    client("ssm").put_parameter(Name=name, Value="one", Type="String")


def key(client: Any, name: str) -> None:
    """A key with an alias."""
    made = client("kms").create_key(Description=name)["KeyMetadata"]["KeyId"]
    client("kms").create_alias(AliasName=f"alias/{name}", TargetKeyId=made)


def function(client: Any, name: str) -> None:
    """A function with a version, an alias and a layer, fed by a queue."""
    arn = _role(client, name)
    aws = client("lambda")
    layer = aws.publish_layer_version(LayerName=name, Content={"ZipFile": _code()})["LayerVersionArn"]
    aws.create_function(
        FunctionName=name, Runtime="python3.12", Handler="one.handler", Role=arn, Code={"ZipFile": _code()},
        Layers=[layer],
    )  # fmt: skip
    aws.publish_version(FunctionName=name)
    aws.create_alias(FunctionName=name, Name="one", FunctionVersion="1")
    client("sqs").create_queue(QueueName=name)
    source = f"arn:aws:sqs:{_REGION}:{_ACCOUNT}:{name}"
    aws.create_event_source_mapping(FunctionName=name, EventSourceArn=source, Enabled=False)


def rest_api(client: Any, name: str) -> None:
    """A REST API with a resource."""
    made = client("apigateway").create_rest_api(name=name)["id"]
    root = client("apigateway").get_resources(restApiId=made)["items"][0]["id"]
    client("apigateway").create_resource(restApiId=made, parentId=root, pathPart="one")


def http_api(client: Any, name: str) -> None:
    """An HTTP API with a stage."""
    made = client("apigatewayv2").create_api(Name=name, ProtocolType="HTTP")["ApiId"]
    client("apigatewayv2").create_stage(ApiId=made, StageName="one")


def pool(client: Any, name: str) -> None:
    """A user pool with a client and a user, and an identity pool."""
    cognito = client("cognito-idp")
    made = cognito.create_user_pool(PoolName=name)["UserPool"]["Id"]
    cognito.create_user_pool_client(UserPoolId=made, ClientName=name)
    cognito.admin_create_user(UserPoolId=made, Username="one", MessageAction="SUPPRESS")
    client("cognito-identity").create_identity_pool(IdentityPoolName=name, AllowUnauthenticatedIdentities=False)


def machine(client: Any, name: str) -> None:
    """A state machine and an activity."""
    arn = _role(client, name, "states")
    definition = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    client("stepfunctions").create_state_machine(name=name, definition=definition, roleArn=arn)
    client("stepfunctions").create_activity(name=name)


def rule(client: Any, name: str) -> None:
    """A bus, and a rule on it with a target."""
    client("events").create_event_bus(Name=name)
    client("events").put_rule(Name=name, EventBusName=name, EventPattern=json.dumps({"source": [name]}))
    target = f"arn:aws:sqs:{_REGION}:{_ACCOUNT}:{name}"
    client("sqs").create_queue(QueueName=name)
    client("events").put_targets(Rule=name, EventBusName=name, Targets=[{"Id": "one", "Arn": target}])


def schedule(client: Any, name: str) -> None:
    """A group of schedules with one in it."""
    arn = _role(client, name, "scheduler")
    client("sqs").create_queue(QueueName=name)
    client("scheduler").create_schedule_group(Name=name)
    client("scheduler").create_schedule(
        Name=name,
        GroupName=name,
        ScheduleExpression="rate(1 day)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": f"arn:aws:sqs:{_REGION}:{_ACCOUNT}:{name}", "RoleArn": arn},
    )


def alarms(client: Any, name: str) -> None:
    """Two alarms that hang together, and a dashboard."""
    client("cloudwatch").put_metric_alarm(
        AlarmName=name, Namespace="Test", MetricName="Errors", Statistic="Sum", Period=60, EvaluationPeriods=1,
        Threshold=1, ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    client("cloudwatch").put_composite_alarm(AlarmName=f"{name}-both", AlarmRule=f"ALARM({name})")
    client("cloudwatch").put_dashboard(DashboardName=name, DashboardBody='{"widgets": []}')


def repository(client: Any, name: str) -> None:
    """A repository."""
    client("ecr").create_repository(repositoryName=name)


def stream(client: Any, name: str) -> None:
    """A stream with a consumer, and one that delivers."""
    made = client("kinesis").create_stream(StreamName=name, ShardCount=1)
    made = client("kinesis").describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    client("kinesis").register_stream_consumer(StreamARN=made, ConsumerName="one")
    client("firehose").create_delivery_stream(DeliveryStreamName=name)


def topic(client: Any, name: str) -> None:
    """A topic and a queue that listens to it."""
    made = client("sns").create_topic(Name=name)["TopicArn"]
    client("sqs").create_queue(QueueName=name)
    client("sns").subscribe(TopicArn=made, Protocol="sqs", Endpoint=f"arn:aws:sqs:{_REGION}:{_ACCOUNT}:{name}")


def group(client: Any, name: str) -> None:
    """A security group."""
    client("ec2").create_security_group(GroupName=name, Description=name)


def stack(client: Any, name: str) -> None:
    """A stack of a topic, a bucket that a test puts something into, and a queue that outlives it."""
    queue = {"Type": "AWS::SQS::Queue", "DeletionPolicy": "Retain", "Properties": {"QueueName": name}}
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": name}}
    store = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}}
    template = json.dumps({"Resources": {"Queue": queue, "Topic": topic, "Store": store}})
    client("cloudformation").create_stack(StackName=name, TemplateBody=template)
    waiter = client("cloudformation").get_waiter("stack_create_complete")
    waiter.wait(StackName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 100})
    client("s3").put_object(Bucket=name, Key="one", Body=b"in a bucket of a stack")


RECIPES: Mapping[str, Make] = {
    made.__name__: made
    for made in (
        table, bucket, user, role, logs, secret, parameter, key, function, rest_api, http_api, pool, machine, rule,
        schedule, alarms, repository, stream, topic, group, stack,
    )
}  # fmt: skip
"""By name."""
