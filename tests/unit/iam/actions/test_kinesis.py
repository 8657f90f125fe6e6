"""Kinesis: streams by name and ARN, consumers, iterators and channels."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandgate.iam.actions import Unresolvable
from sandgate.iam.request import AccessRequest

Needs = Callable[..., list[str]]
Asked = Callable[..., tuple[AccessRequest, ...]]

STREAM = "arn:aws:kinesis:us-east-1:000000000000:stream/prod"
CONSUMER = f"{STREAM}/consumer/c:1700000000"


@pytest.mark.parametrize("operation", ["PutRecord", "PutRecords", "GetShardIterator", "DeleteStream", "ListShards"])
def test_a_stream_has_a_name_or_an_arn(needs: Needs, operation: str) -> None:
    assert needs(f"kinesis.{operation}", StreamName="test_s") == [
        f"kinesis:{operation} arn:aws:kinesis:::stream/test_s"
    ]
    assert needs(f"kinesis.{operation}", StreamARN=STREAM) == [f"kinesis:{operation} {STREAM}"]
    with pytest.raises(Unresolvable):
        needs(f"kinesis.{operation}", StreamName="test_s", StreamARN=STREAM)
    with pytest.raises(Unresolvable):
        needs(f"kinesis.{operation}")
    for wrong in ("", "test_*", "a/b", STREAM.replace("prod", "*"), CONSUMER, "arn:aws:sqs:eu-west-1:111122223333:x"):
        with pytest.raises(Unresolvable):
            needs(f"kinesis.{operation}", StreamName=wrong)


def test_an_iterator_is_a_token_that_only_a_checked_call_gives(needs: Needs) -> None:
    assert needs("kinesis.GetRecords", ShardIterator="AAAA", StreamARN=STREAM) == [f"kinesis:GetRecords {STREAM}"]
    assert needs("kinesis.GetRecords", ShardIterator="AAAA") == []
    assert needs("kinesis.ListShards", NextToken="AAAA") == []
    with pytest.raises(Unresolvable):
        needs("kinesis.ListShards")
    with pytest.raises(Unresolvable):
        needs("kinesis.GetShardIterator", ShardId="1", ShardIteratorType="LATEST")


def test_consumers(needs: Needs) -> None:
    assert needs("kinesis.SubscribeToShard", ConsumerARN=CONSUMER) == [f"kinesis:SubscribeToShard {CONSUMER}"]
    assert needs("kinesis.DeregisterStreamConsumer", ConsumerARN=CONSUMER) == [
        f"kinesis:DeregisterStreamConsumer {CONSUMER}"
    ]
    assert needs("kinesis.DescribeStreamConsumer", StreamARN=STREAM, ConsumerName="c") == [
        f"kinesis:DescribeStreamConsumer {STREAM}/consumer/c:*"
    ]
    assert needs("kinesis.RegisterStreamConsumer", StreamARN=STREAM, ConsumerName="c") == [
        f"kinesis:RegisterStreamConsumer {STREAM}"
    ]
    for wrong in ("", "c", STREAM, CONSUMER.replace("/c:", "/*:"), CONSUMER.replace("1700000000", "*")):
        with pytest.raises(Unresolvable):
            needs("kinesis.SubscribeToShard", ConsumerARN=wrong)
    with pytest.raises(Unresolvable):
        needs("kinesis.DescribeStreamConsumer", StreamARN=STREAM, ConsumerName="*")


@pytest.mark.parametrize("operation", ["PutResourcePolicy", "TagResource", "ListTagsForResource"])
def test_streams_and_consumers_by_resource_arn(needs: Needs, operation: str) -> None:
    for arn in (STREAM, CONSUMER):
        assert needs(f"kinesis.{operation}", ResourceARN=arn) == [f"kinesis:{operation} {arn}"]
    for wrong in ("", "prod", STREAM.replace("prod", "*")):
        with pytest.raises(Unresolvable):
            needs(f"kinesis.{operation}", ResourceARN=wrong)


def test_a_channel_reads_streams_and_passes_a_role(asked: Asked) -> None:
    role = "arn:aws:iam::000000000000:role/admin"
    found = asked(
        "kinesis.CreateChannel",
        ChannelName="test_c",
        ServiceExecutionRoleARN=role,
        StreamConfigurationList=[{"StreamARN": STREAM}],
    )
    assert [(request.action, request.resource) for request in found] == [
        ("kinesis:CreateChannel", "arn:aws:kinesis:eu-west-1:111122223333:channel/*"),
        ("kinesis:AssociateStreamsWithChannel", STREAM),
        ("iam:PassRole", role),
    ]


def test_a_customer_key_is_seen(needs: Needs) -> None:
    key = "arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    call = "kinesis.StartStreamEncryption"
    assert needs(call, StreamName="test_s", KeyId=key)[1:] == [f"kms:DescribeKey {key}"]
    assert len(needs(call, StreamName="test_s", KeyId="alias/aws/kinesis")) == 1


def test_tags_of_a_new_stream(asked: Asked) -> None:
    found = asked("kinesis.CreateStream", StreamName="test_s", Tags={"a": "b"})
    assert [request.action for request in found] == ["kinesis:CreateStream", "kinesis:AddTagsToStream"]
    assert found[1].context["aws:requesttag/a"] == ("b",)
