"""What is there in an emulator: a table of listing calls, read as root by the tier that owns it.

Only services that a run has called are listed: an emulator that loads a service to say "nothing" takes half a second
over all of them, and stack calls, which can make anything, list everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from xml.etree import ElementTree as ET

from sandgate.tiers._model import Leftover
from sandgate.tiers._unix_http import SignedClient

__all__ = ["list_resources", "listed_services"]

_MAKES_ANYTHING = frozenset({"cloudformation", "cloudcontrol"})


@dataclass(frozen=True, slots=True)
class _Listing:
    """How the resources of one type are listed."""

    service: str
    """botocore's name of the service."""
    type: str
    names: Callable[[SignedClient], Iterator[str]]


def _by_json(service: str, target: str, version: str, key: str, member: str, client: SignedClient) -> Iterator[str]:
    for page in client.json_pages(service, target, version, {}):
        yield from _names(page.get(key), member)


def _by_query(service: str, action: str, version: str, element: str, client: SignedClient) -> Iterator[str]:
    return iter(client.query_all(service, action, version, element))


def _by_rest(service: str, path: str, key: str, member: str, client: SignedClient) -> Iterator[str]:
    for page in client.rest_pages(service, path):
        yield from _names(page.get(key), member)


def _names(entries: object, member: str) -> Iterator[str]:
    for entry in entries if isinstance(entries, list) else ():
        yield str(entry.get(member, "")) if member and isinstance(entry, dict) else str(entry)


def _pools(client: SignedClient) -> Iterator[str]:
    target = "AWSCognitoIdentityProviderService.ListUserPools"
    for page in client.json_pages("cognito-idp", target, "1.1", {"MaxResults": 60}):
        yield from _names(page.get("UserPools"), "Id")


def _buckets(client: SignedClient) -> Iterator[str]:
    for element in ET.fromstring(client.rest_body("s3", "/")).iter():  # noqa: S314 - the emulator of this run
        if element.tag.rpartition("}")[2] == "Name":
            yield element.text or ""


def _keys(client: SignedClient) -> Iterator[str]:
    """AWS-managed keys appear by themselves; a key that waits for its deletion is as deleted as a key can be."""
    for key in _by_json("kms", "TrentService.ListKeys", "1.1", "Keys", "KeyId", client):
        meta = client.json("kms", "TrentService.DescribeKey", "1.1", {"KeyId": key}).get("KeyMetadata")
        if (
            isinstance(meta, dict)
            and meta.get("KeyManager") == "CUSTOMER"
            and meta.get("KeyState") != "PendingDeletion"
        ):
            yield key


def _stacks(client: SignedClient) -> Iterator[str]:
    for name, status in client.query_pairs("cloudformation", "ListStacks", "2010-05-15", "StackName", "StackStatus"):
        if status != "DELETE_COMPLETE":
            yield name


_ECR = "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories"
_LISTINGS = (
    _Listing("dynamodb", "AWS::DynamoDB::Table", partial(_by_json, "dynamodb", "DynamoDB_20120810.ListTables", "1.0", "TableNames", "")),  # noqa: E501
    _Listing("sqs", "AWS::SQS::Queue", partial(_by_json, "sqs", "AmazonSQS.ListQueues", "1.0", "QueueUrls", "")),
    _Listing("s3", "AWS::S3::Bucket", _buckets),
    _Listing("sns", "AWS::SNS::Topic", partial(_by_query, "sns", "ListTopics", "2010-03-31", "TopicArn")),
    _Listing("lambda", "AWS::Lambda::Function", partial(_by_rest, "lambda", "/2015-03-31/functions/", "Functions", "FunctionName")),  # noqa: E501
    _Listing("apigateway", "AWS::ApiGateway::RestApi", partial(_by_rest, "apigateway", "/restapis", "item", "name")),
    _Listing("apigatewayv2", "AWS::ApiGatewayV2::Api", partial(_by_rest, "apigateway", "/v2/apis", "items", "name")),
    _Listing("cognito-idp", "AWS::Cognito::UserPool", _pools),
    _Listing("secretsmanager", "AWS::SecretsManager::Secret", partial(_by_json, "secretsmanager", "secretsmanager.ListSecrets", "1.1", "SecretList", "Name")),  # noqa: E501
    _Listing("ssm", "AWS::SSM::Parameter", partial(_by_json, "ssm", "AmazonSSM.DescribeParameters", "1.1", "Parameters", "Name")),  # noqa: E501
    _Listing("kinesis", "AWS::Kinesis::Stream", partial(_by_json, "kinesis", "Kinesis_20131202.ListStreams", "1.1", "StreamNames", "")),  # noqa: E501
    _Listing("stepfunctions", "AWS::StepFunctions::StateMachine", partial(_by_json, "states", "AWSStepFunctions.ListStateMachines", "1.0", "stateMachines", "name")),  # noqa: E501
    _Listing("events", "AWS::Events::Rule", partial(_by_json, "events", "AWSEvents.ListRules", "1.1", "Rules", "Name")),
    _Listing("ecr", "AWS::ECR::Repository", partial(_by_json, "ecr", _ECR, "1.1", "repositories", "repositoryName")),
    _Listing("kms", "AWS::KMS::Key", _keys),
    _Listing("iam", "AWS::IAM::User", partial(_by_query, "iam", "ListUsers", "2010-05-08", "UserName")),
    _Listing("iam", "AWS::IAM::Role", partial(_by_query, "iam", "ListRoles", "2010-05-08", "RoleName")),
    _Listing("cloudformation", "AWS::CloudFormation::Stack", _stacks),
)  # fmt: skip


def listed_services() -> frozenset[str]:
    """The services whose resources can be listed, by botocore's names."""
    return frozenset(listing.service for listing in _LISTINGS)


def list_resources(client: SignedClient, services: Iterable[str], *, related: bool = True) -> Iterator[Leftover]:
    """Every resource of the types above, in one region.

    Args:
        client: calls as root.
        services: those that the run has called, by botocore's names.
        related: whether stack calls, which can make anything, list every service.

    A listing that fails raises: "could not list" is not "nothing there".
    """
    called = frozenset(services)
    everything = related and not called.isdisjoint(_MAKES_ANYTHING)
    for listing in _LISTINGS:
        if everything or listing.service in called:
            yield from (Leftover(type=listing.type, name=name) for name in listing.names(client))
