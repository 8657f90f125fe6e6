"""A thousand leftovers of a mixed suite, and how a careful script removes them one at a time with boto3."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from sandgate.core.paths import every

Make = Callable[[str], Any]

_TRUST = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
})  # fmt: skip
_INLINE = json.dumps({
    "Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}],
})  # fmt: skip
_STATES = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})
_KEY = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


def _alarm(cloudwatch: Any, name: str) -> None:
    cloudwatch.put_metric_alarm(
        AlarmName=name, MetricName="m", Namespace="test", Statistic="Sum", Period=60, EvaluationPeriods=1,
        Threshold=1, ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip


def _role(iam: Any, name: str) -> None:
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=_TRUST)
    iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=_INLINE)


def _user(iam: Any, name: str) -> None:
    iam.create_user(UserName=name)
    iam.create_access_key(UserName=name)


def _bucket(s3: Any, name: str) -> None:
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for number in range(5):
        s3.put_object(Bucket=name, Key=f"k{number}", Body=b"x")


def _machine(states: Any, name: str) -> None:
    role = "arn:aws:iam::000000000000:role/test-role"
    states.create_state_machine(name=name, definition=_STATES, roleArn=role)


MIX: tuple[tuple[int, int, str, str, Callable[[Any, str], object]], ...] = (
    (220, 0, "sqs", "queue", lambda c, n: c.create_queue(QueueName=n)),
    (150, 0, "sns", "topic", lambda c, n: c.create_topic(Name=n)),
    (120, 0, "dynamodb", "table", lambda c, n: c.create_table(TableName=n, **_KEY)),
    (100, 0, "logs", "log group", lambda c, n: c.create_log_group(logGroupName=n)),
    (100, 0, "ssm", "parameter", lambda c, n: c.put_parameter(Name=n, Value="x", Type="String")),
    (60, 0, "secretsmanager", "secret", lambda c, n: c.create_secret(Name=n, SecretString="x")),
    (60, 0, "cloudwatch", "alarm", _alarm),
    (40, 40, "iam", "role with a policy", _role),
    (30, 30, "iam", "user with a key", _user),
    (30, 0, "iam", "group", lambda c, n: c.create_group(GroupName=n)),
    (30, 30, "s3", "bucket with objects", _bucket),
    (20, 0, "events", "rule", lambda c, n: c.put_rule(Name=n, ScheduleExpression="rate(5 minutes)")),
    (10, 0, "events", "bus", lambda c, n: c.create_event_bus(Name=n)),
    (10, 0, "kinesis", "stream", lambda c, n: c.create_stream(StreamName=n, ShardCount=1)),
    (10, 0, "stepfunctions", "state machine", _machine),
    (10, 0, "cognito-idp", "user pool", lambda c, n: c.create_user_pool(PoolName=n)),
)
"""How many, how many sub-resources that need a call of their own, service, what it is, and how one is made."""


def make_all(make: Make, prefix: str) -> int:
    """Make the mix; how many resources and sub-resources that is."""
    total = 0
    for count, inside, service, what, one in MIX:
        client = make(service)
        for number in range(count):
            one(client, f"{prefix}-{what.split()[0]}-{number}")
        total += count + inside
    return total


def _all(client: Any, operation: str, path: str, prefix: str, **given: Any) -> Iterator[str]:
    """Names with the prefix, of all pages."""
    if client.can_paginate(operation):
        pages: Any = client.get_paginator(operation).paginate(**given)
    else:
        pages = [getattr(client, operation)(**given)]
    yield from [str(name) for page in pages for name in every(page, path) if prefix in str(name)]


def remove_one_by_one(make: Make, prefix: str) -> None:
    """List, empty, delete and wait, one after the other, and look once more in the end."""
    for look in (False, True):
        for name in _steps(make, prefix, only_look=look):
            if look:
                raise SystemExit(f"the loop left {name}")


def _steps(make: Make, prefix: str, *, only_look: bool) -> Iterator[str]:
    removals: tuple[tuple[str, str, str, Callable[[Any, str], object]], ...] = (
        ("sqs", "list_queues", "QueueUrls", lambda c, n: c.delete_queue(QueueUrl=n)),
        ("sns", "list_topics", "Topics.TopicArn", lambda c, n: c.delete_topic(TopicArn=n)),
        ("dynamodb", "list_tables", "TableNames", lambda c, n: c.delete_table(TableName=n)),
        ("logs", "describe_log_groups", "logGroups.logGroupName", lambda c, n: c.delete_log_group(logGroupName=n)),
        ("ssm", "describe_parameters", "Parameters.Name", lambda c, n: c.delete_parameter(Name=n)),
        (
            "secretsmanager",
            "list_secrets",
            "SecretList.Name",
            lambda c, n: c.delete_secret(SecretId=n, ForceDeleteWithoutRecovery=True),
        ),
        ("cloudwatch", "describe_alarms", "MetricAlarms.AlarmName", lambda c, n: c.delete_alarms(AlarmNames=[n])),
        ("iam", "list_roles", "Roles.RoleName", _drop_role),
        ("iam", "list_users", "Users.UserName", _drop_user),
        ("iam", "list_groups", "Groups.GroupName", lambda c, n: c.delete_group(GroupName=n)),
        ("s3", "list_buckets", "Buckets.Name", _drop_bucket),
        ("events", "list_rules", "Rules.Name", _drop_rule),
        ("events", "list_event_buses", "EventBuses.Name", lambda c, n: c.delete_event_bus(Name=n)),
        ("kinesis", "list_streams", "StreamNames", lambda c, n: c.delete_stream(StreamName=n)),
        (
            "stepfunctions",
            "list_state_machines",
            "stateMachines.stateMachineArn",
            lambda c, n: c.delete_state_machine(stateMachineArn=n),
        ),
        ("cognito-idp", "list_user_pools", "UserPools", _drop_pool),
    )
    for service, listing, path, remove in removals:
        client = make(service)
        given = {"MaxResults": 60} if listing == "list_user_pools" else {}
        if listing == "list_user_pools":
            pools = [p for page in client.get_paginator(listing).paginate(**given) for p in page["UserPools"]]
            names = [pool["Id"] for pool in pools if pool["Name"].startswith(prefix)]
        else:
            names = list(_all(client, listing, path, prefix, **given))
        for name in names:
            if not only_look:
                remove(client, name)
            yield name


def _drop_role(iam: Any, name: str) -> None:
    for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
    for inline in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=inline)
    iam.delete_role(RoleName=name)


def _drop_user(iam: Any, name: str) -> None:
    for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    for inline in iam.list_user_policies(UserName=name)["PolicyNames"]:
        iam.delete_user_policy(UserName=name, PolicyName=inline)
    for policy in iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]:
        iam.detach_user_policy(UserName=name, PolicyArn=policy["PolicyArn"])
    iam.delete_user(UserName=name)


def _drop_bucket(s3: Any, name: str) -> None:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        for version in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
            s3.delete_object(Bucket=name, Key=version["Key"], VersionId=version["VersionId"])
    s3.delete_bucket(Bucket=name)


def _drop_rule(events: Any, name: str) -> None:
    targets = [target["Id"] for target in events.list_targets_by_rule(Rule=name)["Targets"]]
    if targets:
        events.remove_targets(Rule=name, Ids=targets)
    events.delete_rule(Name=name)


def _drop_pool(cognito: Any, pool: str) -> None:
    domain = cognito.describe_user_pool(UserPoolId=pool)["UserPool"].get("Domain")
    if domain:
        cognito.delete_user_pool_domain(UserPoolId=pool, Domain=domain)
    cognito.delete_user_pool(UserPoolId=pool)
