"""What is there in an emulator: a table of listing calls, read as root by the tier that owns it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from sandgate.tiers._model import Leftover
from sandgate.tiers._unix_http import UnixClient

__all__ = ["list_resources"]

# service, target, json version, key of the list, member that names an entry ("" when entries are names), type
_JSON = (
    ("dynamodb", "DynamoDB_20120810.ListTables", "1.0", "TableNames", "", "AWS::DynamoDB::Table"),
    ("sqs", "AmazonSQS.ListQueues", "1.0", "QueueUrls", "", "AWS::SQS::Queue"),
    ("secretsmanager", "secretsmanager.ListSecrets", "1.1", "SecretList", "Name", "AWS::SecretsManager::Secret"),
    ("ssm", "AmazonSSM.DescribeParameters", "1.1", "Parameters", "Name", "AWS::SSM::Parameter"),
    ("kinesis", "Kinesis_20131202.ListStreams", "1.1", "StreamNames", "", "AWS::Kinesis::Stream"),
    (
        "states",
        "AWSStepFunctions.ListStateMachines",
        "1.0",
        "stateMachines",
        "name",
        "AWS::StepFunctions::StateMachine",
    ),
    (
        "ecr",
        "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories",
        "1.1",
        "repositories",
        "repositoryName",
        "AWS::ECR::Repository",
    ),
    ("kms", "TrentService.ListKeys", "1.1", "Keys", "KeyId", "AWS::KMS::Key"),
    ("events", "AWSEvents.ListRules", "1.1", "Rules", "Name", "AWS::Events::Rule"),
)
# service, action, version, element that holds the name, type
_QUERY = (
    ("sns", "ListTopics", "2010-03-31", "TopicArn", "AWS::SNS::Topic"),
    ("iam", "ListUsers", "2010-05-08", "UserName", "AWS::IAM::User"),
    ("iam", "ListRoles", "2010-05-08", "RoleName", "AWS::IAM::Role"),
)
# service, path, key of the list, member that names an entry, type
_REST = (
    ("lambda", "/2015-03-31/functions/", "Functions", "FunctionName", "AWS::Lambda::Function"),
    ("apigateway", "/restapis", "item", "name", "AWS::ApiGateway::RestApi"),
    ("apigateway", "/v2/apis", "items", "name", "AWS::ApiGatewayV2::Api"),
)


def list_resources(client: UnixClient) -> Iterator[Leftover]:
    """Every resource of the types above; a listing that fails raises, as "could not list" is not "nothing there"."""
    for service, target, version, key, member, kind in _JSON:
        entries = client.json(service, target, version, {}).get(key) or []
        for name in _names(entries, member):
            if kind != "AWS::KMS::Key" or _is_customer_key(client, name):
                yield Leftover(type=kind, name=name)
    pools = client.json("cognito-idp", "AWSCognitoIdentityProviderService.ListUserPools", "1.1", {"MaxResults": 60})
    yield from (Leftover(type="AWS::Cognito::UserPool", name=n) for n in _names(pools.get("UserPools"), "Id"))
    for service, action, version, tag, kind in _QUERY:
        yield from (Leftover(type=kind, name=n) for n in client.query_all(service, action, version, tag))
    for service, path, key, member, kind in _REST:
        _, data = client.rest(service, path)
        yield from (Leftover(type=kind, name=n) for n in _names(json.loads(data).get(key), member))
    _, data = client.rest("s3", "/")
    buckets = (e.text or "" for e in ET.fromstring(data).iter() if e.tag.rpartition("}")[2] == "Name")  # noqa: S314
    yield from (Leftover(type="AWS::S3::Bucket", name=name) for name in buckets)
    yield from _stacks(client)


def _names(entries: object, member: str) -> Iterator[str]:
    for entry in entries if isinstance(entries, list) else ():
        yield str(entry.get(member, "")) if member and isinstance(entry, dict) else str(entry)


def _is_customer_key(client: UnixClient, key: str) -> bool:
    """AWS-managed keys appear by themselves; a key that waits for its deletion is as deleted as a key can be."""
    meta = client.json("kms", "TrentService.DescribeKey", "1.1", {"KeyId": key}).get("KeyMetadata")
    return isinstance(meta, dict) and meta.get("KeyManager") == "CUSTOMER" and meta.get("KeyState") != "PendingDeletion"


def _stacks(client: UnixClient) -> Iterator[Leftover]:
    gone = {"DELETE_COMPLETE"}
    for name, status in client.query_pairs("cloudformation", "ListStacks", "2010-05-15", "StackName", "StackStatus"):
        if status not in gone:
            yield Leftover(type="AWS::CloudFormation::Stack", name=name)
