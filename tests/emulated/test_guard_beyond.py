"""What IAM does not ask about, at the real gate: targets of services and policies that let somebody in."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Clients = Callable[[str], Any]
THEIRS = "arn:aws:iam::111122223333:root"


def policy(principal: object) -> str:
    statement = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*", "Principal": principal}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture(scope="module")
def topic(clients: Clients) -> str:
    return str(clients("sns").create_topic(Name="test-beyond")["TopicArn"])


@pytest.fixture(scope="module")
def url(clients: Clients) -> str:
    return str(clients("sqs").create_queue(QueueName="test-beyond")["QueueUrl"])


@pytest.fixture(scope="module")
def queue(clients: Clients, url: str) -> str:
    found = clients("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    return str(found["QueueArn"])


@pytest.fixture(scope="module")
def orders(queue: str) -> str:
    return queue.replace("test-beyond", "orders")


def test_a_topic_delivers_to_queues_inside_only(clients: Clients, topic: str, queue: str, orders: str) -> None:
    sns = clients("sns")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    with pytest.raises(ClientError, match="reaches-outside") as refused:
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=orders)
    assert f'adopt = ["{orders}"]' in str(refused.value)
    found = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert [item["Endpoint"] for item in found] == [queue]


def test_a_queue_hands_on_to_queues_inside_only(clients: Clients, url: str, queue: str, orders: str) -> None:
    sqs = clients("sqs")
    sqs.create_queue(QueueName="test-beyond-dead")
    for target, passes in ((f"{queue}-dead", True), (orders, False)):
        attributes = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": "3"})}
        if passes:
            sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)
        else:
            with pytest.raises(ClientError, match="reaches-outside"):
                sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)


def test_a_bucket_notifies_inside_only(clients: Clients, url: str, queue: str, orders: str) -> None:
    s3 = clients("s3")
    from_s3 = {"Policy": policy({"Service": "s3.amazonaws.com"})}  # else the emulator itself says no
    clients("sqs").set_queue_attributes(QueueUrl=url, Attributes=from_s3)
    s3.create_bucket(Bucket="test-beyond")
    for target, passes in ((queue, True), (orders, False)):
        wanted = {"QueueConfigurations": [{"QueueArn": target, "Events": ["s3:ObjectCreated:*"]}]}
        if passes:
            s3.put_bucket_notification_configuration(Bucket="test-beyond", NotificationConfiguration=wanted)
        else:
            with pytest.raises(ClientError, match="reaches-outside"):
                s3.put_bucket_notification_configuration(Bucket="test-beyond", NotificationConfiguration=wanted)


@pytest.mark.parametrize("principal", ["*", {"AWS": THEIRS}])
def test_nobody_else_is_let_in(principal: object, clients: Clients, url: str) -> None:
    with pytest.raises(ClientError, match="opens-outside"):
        clients("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy(principal)})
    with pytest.raises(ClientError, match="opens-outside"):
        clients("iam").create_role(RoleName="test-beyond", AssumeRolePolicyDocument=policy(principal))


def test_the_account_and_services_are_let_in(clients: Clients, url: str) -> None:
    sqs = clients("sqs")
    for principal in ({"AWS": "000000000000"}, {"Service": "sns.amazonaws.com"}):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy(principal)})
    kept = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
    assert json.loads(kept)["Statement"][0]["Principal"] == {"Service": "sns.amazonaws.com"}
