"""Firehose: roles of every destination and source are passed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandgate.iam.actions import Unresolvable
from sandgate.iam.request import AccessRequest

Needs = Callable[..., list[str]]
Asked = Callable[..., tuple[AccessRequest, ...]]

ROLE = "arn:aws:iam::000000000000:role/admin"
PASSED = {"RoleARN": ROLE}
D = "arn:aws:firehose:::deliverystream/test_d"


@pytest.mark.parametrize(
    "member",
    [
        {"S3DestinationConfiguration": {"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::prod"}},
        {"ExtendedS3DestinationConfiguration": {"S3BackupConfiguration": {"RoleARN": ROLE}}},
        {
            "ExtendedS3DestinationConfiguration": {
                "DataFormatConversionConfiguration": {"SchemaConfiguration": {"RoleARN": ROLE}}
            }
        },
        {"KinesisStreamSourceConfiguration": {"RoleARN": ROLE, "KinesisStreamARN": "x"}},
        {"HttpEndpointDestinationConfiguration": {"S3Configuration": {"RoleARN": ROLE}}},
    ],
)
def test_a_role_is_passed_wherever_it_stands(asked: Asked, member: dict[str, object]) -> None:
    found = asked("firehose.CreateDeliveryStream", DeliveryStreamName="test_d", **member)
    assert [(request.action, request.resource) for request in found[1:]] == [("iam:PassRole", ROLE)]
    assert found[1].context["iam:passedtoservice"] == ("firehose.amazonaws.com",)


def test_a_role_of_snowflake_is_none_of_iam(needs: Needs) -> None:
    role = {"SnowflakeRoleConfiguration": {"SnowflakeRole": "ANALYST"}, "RoleARN": ROLE}
    found = needs("firehose.CreateDeliveryStream", DeliveryStreamName="test_d", SnowflakeDestinationConfiguration=role)
    assert found == [f"firehose:CreateDeliveryStream {D}", f"iam:PassRole {ROLE}"]


def test_an_update_passes_roles(needs: Needs) -> None:
    found = needs("firehose.UpdateDestination", DeliveryStreamName="test_d", S3DestinationUpdate={"RoleARN": ROLE})
    assert found == [f"firehose:UpdateDestination {D}", f"iam:PassRole {ROLE}"]


@pytest.mark.parametrize("name", ["", "*", "test_*", "a/b", "arn:aws:sqs:eu-west-1:111122223333:x", None])
def test_what_is_no_stream_is_refused(needs: Needs, name: object) -> None:
    with pytest.raises(Unresolvable):
        needs("firehose.PutRecord", DeliveryStreamName=name, Record={})


def test_tags_and_keys_on_create(needs: Needs) -> None:
    key = "arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    found = needs(
        "firehose.CreateDeliveryStream",
        DeliveryStreamName="test_d",
        Tags=[{"Key": "a", "Value": "b"}],
        DeliveryStreamEncryptionConfigurationInput={"KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": key},
    )
    assert found[1:] == [f"firehose:TagDeliveryStream {D}", f"kms:CreateGrant {key}"]


def test_an_arn_of_a_stream_keeps_its_account(needs: Needs) -> None:
    other = "arn:aws:firehose:us-east-1:000000000000:deliverystream/prod"
    assert needs("firehose.PutRecord", DeliveryStreamName=other, Record={}) == [f"firehose:PutRecord {other}"]
