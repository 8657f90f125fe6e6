"""What is alive in an emulator, read as root and straight from it: a process of its own that knows nothing of sandgate.

For each line on standard input it writes one JSON object: kind, to what is called how, to what it holds.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any

import boto3
from botocore.config import Config

__all__ = ["KINDS", "main"]

Client = Callable[[str], Any]
Rows = Iterator[tuple[str, Any]]
_REGION = "eu-west-1"
_TOKENS = ("NextToken", "nextToken", "Marker", "NextMarker", "position")


def _pages(client: Any, method: str, **given: Any) -> Iterator[Any]:
    if client.can_paginate(method):
        yield from client.get_paginator(method).paginate(**given)
        return
    page = getattr(client, method)(**given)
    more = [name for name in _TOKENS if page.get(name)]
    assert not more, f"{method} has another page: {more}"
    yield page


def _plain(service: str, method: str, entries: str, name: str = "", **given: Any) -> Callable[[Client], Rows]:
    """Entries that say all about themselves."""

    def rows(client: Client) -> Rows:
        for page in _pages(client(service), method, **given):
            for entry in page.get(entries, ()):
                yield (str(entry[name]) if name else str(entry)), entry

    return rows


def _tables(client: Client) -> Rows:
    for name, _ in _plain("dynamodb", "list_tables", "TableNames")(client):
        pages = _pages(client("dynamodb"), "scan", TableName=name)
        yield name, sorted(json.dumps(item, sort_keys=True, default=str) for page in pages for item in page["Items"])


def _buckets(client: Client) -> Rows:
    s3 = client("s3")
    for name, entry in _plain("s3", "list_buckets", "Buckets", "Name")(client):
        inside: list[Any] = [entry]
        for page in _pages(s3, "list_object_versions", Bucket=name):
            inside += page.get("DeleteMarkers", ())
            for one in page.get("Versions", ()):
                body = s3.get_object(Bucket=name, Key=one["Key"], VersionId=one["VersionId"])["Body"].read()
                inside.append([one["Key"], one["VersionId"], sha256(body).hexdigest()])
        inside += [page.get("Uploads") for page in _pages(s3, "list_multipart_uploads", Bucket=name)]
        yield name, inside


def _users(client: Client) -> Rows:
    iam = client("iam")
    for name, entry in _plain("iam", "list_users", "Users", "UserName")(client):
        keys = iam.list_access_keys(UserName=name)["AccessKeyMetadata"]
        policies = iam.list_user_policies(UserName=name)["PolicyNames"]
        yield name, [entry, keys, policies]


def _roles(client: Client) -> Rows:
    iam = client("iam")
    for name, entry in _plain("iam", "list_roles", "Roles", "RoleName")(client):
        yield name, [entry, iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]]


def _groups(client: Client) -> Rows:
    for name, _ in _plain("iam", "list_groups", "Groups", "GroupName")(client):
        members = client("iam").get_group(GroupName=name)
        yield name, [members["Group"], members["Users"]]


def _streams_of_logs(client: Client) -> Rows:
    for group, _ in _plain("logs", "describe_log_groups", "logGroups", "logGroupName")(client):
        for page in _pages(client("logs"), "describe_log_streams", logGroupName=group):
            for entry in page["logStreams"]:
                yield f"{group} {entry['logStreamName']}", entry["creationTime"]


def _secrets(client: Client) -> Rows:
    for name, entry in _plain("secretsmanager", "list_secrets", "SecretList", "Name")(client):
        if "DeletedDate" not in entry:
            yield name, client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]


def _keys(client: Client) -> Rows:
    for name, _ in _plain("kms", "list_keys", "Keys", "KeyId")(client):
        entry = client("kms").describe_key(KeyId=name)["KeyMetadata"]
        if entry["KeyState"] != "PendingDeletion":
            yield name, entry


def _aliases_of_functions(client: Client) -> Rows:
    for name, _ in _plain("lambda", "list_functions", "Functions", "FunctionName")(client):
        for entry in client("lambda").list_aliases(FunctionName=name)["Aliases"]:
            yield entry["AliasArn"], entry


def _layers(client: Client) -> Rows:
    for name, _ in _plain("lambda", "list_layers", "Layers", "LayerName")(client):
        for entry in client("lambda").list_layer_versions(LayerName=name)["LayerVersions"]:
            yield entry["LayerVersionArn"], entry


def _inside_pools(method: str, entries: str, name: str) -> Callable[[Client], Rows]:
    def rows(client: Client) -> Rows:
        for pool, _ in _plain("cognito-idp", "list_user_pools", "UserPools", "Id", MaxResults=60)(client):
            for page in _pages(client("cognito-idp"), method, UserPoolId=pool):
                for entry in page[entries]:
                    yield f"{pool} {entry[name]}", entry

    return rows


def _resources_of_apis(client: Client) -> Rows:
    for api, _ in _plain("apigateway", "get_rest_apis", "items", "id")(client):
        for page in _pages(client("apigateway"), "get_resources", restApiId=api):
            for entry in page["items"]:
                yield f"{api} {entry['id']}", entry


def _stages_of_apis(client: Client) -> Rows:
    for api, _ in _plain("apigatewayv2", "get_apis", "Items", "ApiId")(client):
        for entry in client("apigatewayv2").get_stages(ApiId=api)["Items"]:
            yield f"{api} {entry['StageName']}", entry


def _buses(client: Client) -> Rows:
    for name, entry in _plain("events", "list_event_buses", "EventBuses", "Name")(client):
        if name != "default":
            yield name, entry


def _rules(client: Client) -> Rows:
    for bus, _ in _plain("events", "list_event_buses", "EventBuses", "Name")(client):
        for page in _pages(client("events"), "list_rules", EventBusName=bus):
            for entry in page["Rules"]:
                targets = client("events").list_targets_by_rule(Rule=entry["Name"], EventBusName=bus)["Targets"]
                yield f"{bus} {entry['Name']}", [entry, targets]


def _consumers(client: Client) -> Rows:
    for name, _ in _plain("kinesis", "list_streams", "StreamNames")(client):
        summary = client("kinesis").describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
        for page in _pages(client("kinesis"), "list_stream_consumers", StreamARN=summary["StreamARN"]):
            for entry in page["Consumers"]:
                yield f"{name} {entry['ConsumerName']}", entry["ConsumerARN"]


def _security_groups(client: Client) -> Rows:
    for name, entry in _plain("ec2", "describe_security_groups", "SecurityGroups", "GroupId")(client):
        if entry["GroupName"] != "default":
            yield name, entry


def _stacks(client: Client) -> Rows:
    for name, entry in _plain("cloudformation", "list_stacks", "StackSummaries", "StackId")(client):
        if entry["StackStatus"] != "DELETE_COMPLETE":
            yield name, entry


def _without(rows: Callable[[Client], Rows], *fields: str) -> Callable[[Client], Rows]:
    """Entries without what changes by itself."""

    def kept(client: Client) -> Rows:
        for name, entry in rows(client):
            yield name, {member: value for member, value in entry.items() if member not in fields}

    return kept


KINDS: Mapping[str, Callable[[Client], Rows]] = {
    "table": _tables,
    "bucket": _buckets,
    "user": _users,
    "group": _groups,
    "role": _roles,
    "policy": _plain("iam", "list_policies", "Policies", "Arn", Scope="Local"),
    "instance profile": _plain("iam", "list_instance_profiles", "InstanceProfiles", "InstanceProfileName"),
    "log group": _plain("logs", "describe_log_groups", "logGroups", "logGroupName"),
    "log stream": _streams_of_logs,
    "secret": _secrets,
    "parameter": _plain("ssm", "describe_parameters", "Parameters", "Name"),
    "key": _keys,
    "alias": _plain("kms", "list_aliases", "Aliases", "AliasName"),
    "function": _without(
        _plain("lambda", "list_functions", "Functions", "FunctionArn", FunctionVersion="ALL"), "State", "StateReason",
        "StateReasonCode", "LastUpdateStatus",
    ),
    "alias of a function": _aliases_of_functions,
    "layer": _layers,
    "event source mapping": _plain("lambda", "list_event_source_mappings", "EventSourceMappings", "UUID"),
    "queue": _plain("sqs", "list_queues", "QueueUrls"),
    "topic": _plain("sns", "list_topics", "Topics", "TopicArn"),
    "subscription": _plain("sns", "list_subscriptions", "Subscriptions", "SubscriptionArn"),
    "REST API": _plain("apigateway", "get_rest_apis", "items", "id"),
    "resource of a REST API": _resources_of_apis,
    "HTTP API": _plain("apigatewayv2", "get_apis", "Items", "ApiId"),
    "stage of an HTTP API": _stages_of_apis,
    "user pool": _plain("cognito-idp", "list_user_pools", "UserPools", "Id", MaxResults=60),
    "client of a user pool": _inside_pools("list_user_pool_clients", "UserPoolClients", "ClientId"),
    "user of a user pool": _inside_pools("list_users", "Users", "Username"),
    "identity pool": _plain(
        "cognito-identity", "list_identity_pools", "IdentityPools", "IdentityPoolId", MaxResults=60
    ),
    "state machine": _plain("stepfunctions", "list_state_machines", "stateMachines", "stateMachineArn"),
    "activity": _plain("stepfunctions", "list_activities", "activities", "activityArn"),
    "event bus": _buses,
    "rule": _rules,
    "schedule group": _plain("scheduler", "list_schedule_groups", "ScheduleGroups", "Arn"),
    "schedule": _plain("scheduler", "list_schedules", "Schedules", "Arn"),
    "alarm": _without(_plain("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"), *(
        "StateValue", "StateReason", "StateReasonData", "StateUpdatedTimestamp", "StateTransitionedTimestamp"
    )),
    "composite alarm": _without(
        _plain("cloudwatch", "describe_alarms", "CompositeAlarms", "AlarmName", AlarmTypes=["CompositeAlarm"]), *(
        "StateValue", "StateReason", "StateReasonData", "StateUpdatedTimestamp", "StateTransitionedTimestamp"
    )),
    "dashboard": _plain("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
    "repository": _plain("ecr", "describe_repositories", "repositories", "repositoryName"),
    "stream": _plain("kinesis", "list_streams", "StreamNames"),
    "consumer of a stream": _consumers,
    "delivery stream": _plain("firehose", "list_delivery_streams", "DeliveryStreamNames"),
    "security group": _security_groups,
    "stack": _stacks,
}  # fmt: skip
"""Each kind and how it is listed."""


def _read(client: Client, kind: str) -> dict[str, str]:
    rows = KINDS[kind](client)
    return {name: json.dumps(entry, sort_keys=True, default=str) for name, entry in rows}


def main() -> None:
    """Serve the emulator at the URL named by the first argument."""
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=_REGION)
    services = {
        "apigateway", "apigatewayv2", "cloudformation", "cloudwatch", "cognito-identity", "cognito-idp", "dynamodb",
        "ec2", "ecr", "events", "firehose", "iam", "kinesis", "kms", "lambda", "logs", "s3", "scheduler",
        "secretsmanager", "sns", "sqs", "ssm", "stepfunctions",
    }  # fmt: skip
    settings = Config(user_agent_extra="at-hand", max_pool_connections=20, s3={"addressing_style": "path"})
    clients = {name: session.client(name, endpoint_url=sys.argv[1], config=settings) for name in sorted(services)}
    with ThreadPoolExecutor(8) as pool:
        for _ in sys.stdin:
            found = pool.map(lambda kind: (kind, _read(clients.__getitem__, kind)), KINDS)
            sys.stdout.write(json.dumps(dict(found)) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
