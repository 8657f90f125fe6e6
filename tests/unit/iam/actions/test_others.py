"""SQS, SNS, STS, KMS and the data plane of API Gateway."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import pytest

from sandgate.iam.actions import Unresolvable
from sandgate.iam.request import AccessRequest

Needs = Callable[..., list[str]]
Asked = Callable[..., tuple[AccessRequest, ...]]
KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
Q = "arn:aws:sqs:eu-west-1:111122223333:test_q"
TOPIC = "arn:aws:sns:us-east-1:000000000000:prod"


@pytest.mark.parametrize(
    ("url", "arn"),
    [
        ("http://127.0.0.1:4566/111122223333/test_q", Q),
        ("http://localhost:4566/000000000000/test_q", "arn:aws:sqs:eu-west-1:000000000000:test_q"),
        ("http://[::1]:4566/111122223333/test_q", Q),
        ("https://sqs.eu-west-1.amazonaws.com/111122223333/test_q.fifo", f"{Q}.fifo"),
        ("https://sqs.us-east-1.amazonaws.com/111122223333/test_q", "arn:aws:sqs:us-east-1:111122223333:test_q"),
        ("https://us-east-1.queue.amazonaws.com/000000000000/q", "arn:aws:sqs:us-east-1:000000000000:q"),
        ("https://sqs.us-east-1.api.aws/000000000000/q", "arn:aws:sqs:us-east-1:000000000000:q"),
        ("test_q", Q),
    ],
)
def test_a_queue_url_names_account_and_region(asked: Asked, url: str, arn: str) -> None:
    assert [request.resource for request in asked("sqs.SendMessage", QueueUrl=url)] == [arn]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://localhost/111122223333/test_q/../prod",
        "http://localhost/111122223333/test_q?x=y",
        "http://localhost/111122223333/test_*",
        "http://localhost/1234/test_q",
        "http://localhost/test_q",
        "http://user@localhost/111122223333/test_q",
        "http://localhost/queue/111122223333/test_q",
        "/111122223333/test_q",
        "//localhost/111122223333/test_q",
        "http://localhost/111122223333/test%5Fq",
        "http://localhost/111122223333/test_q\n",
    ],
)
def test_a_queue_url_of_another_form_is_refused(needs: Needs, url: str) -> None:
    with pytest.raises(Unresolvable):
        needs("sqs.SendMessage", QueueUrl=url)


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("SendMessageBatch", "SendMessage"),
        ("DeleteMessageBatch", "DeleteMessage"),
        ("ChangeMessageVisibilityBatch", "ChangeMessageVisibility"),
    ],
)
def test_batches_of_messages_have_the_action_of_one(asked: Asked, operation: str, action: str) -> None:
    (request,) = asked(f"sqs.{operation}", QueueUrl="http://x/111122223333/test_q", Entries=[])
    assert (request.action, request.resource) == (f"sqs:{action}", Q)


def test_the_owner_of_a_queue_is_seen(asked: Asked) -> None:
    (request,) = asked("sqs.GetQueueUrl", QueueName="test_q", QueueOwnerAWSAccountId="000000000000")
    assert request.resource == "arn:aws:sqs:eu-west-1:000000000000:test_q"


def test_a_queue_with_tags(needs: Needs) -> None:
    assert needs("sqs.CreateQueue", QueueName="test_q", tags={"a": "b"}) == [
        "sqs:CreateQueue arn:aws:sqs:::test_q",
        "sqs:TagQueue arn:aws:sqs:::test_q",
    ]


def test_moving_messages_touches_both_queues(asked: Asked) -> None:
    other = "arn:aws:sqs:eu-west-1:000000000000:prod"
    found = asked("sqs.StartMessageMoveTask", SourceArn=Q, DestinationArn=other)
    assert (found[-1].action, found[-1].resource) == ("sqs:SendMessage", other)
    assert {request.resource for request in found[:-1]} == {Q}
    handle = base64.b64encode(json.dumps({"taskId": "1", "sourceArn": other}).encode()).decode()
    (cancel,) = asked("sqs.CancelMessageMoveTask", TaskHandle=handle)
    assert cancel.resource == other
    for wrong in ("", "x", base64.b64encode(b'{"sourceArn": 1}').decode()):
        with pytest.raises(Unresolvable):
            asked("sqs.CancelMessageMoveTask", TaskHandle=wrong)


def test_topics(needs: Needs) -> None:
    assert needs("sns.Publish", TopicArn=TOPIC, Message="x") == [f"sns:Publish {TOPIC}"]
    assert needs("sns.Publish", TargetArn=TOPIC, Message="x") == [f"sns:Publish {TOPIC}"]
    assert needs("sns.PublishBatch", TopicArn=TOPIC) == [f"sns:Publish {TOPIC}"]
    assert needs("sns.Publish", PhoneNumber="+1", Message="x") == ["sns:Publish *"]
    assert needs("sns.Unsubscribe", SubscriptionArn=f"{TOPIC}:{KEY}") == [f"sns:Unsubscribe {TOPIC}"]
    assert needs("sns.CreateTopic", Name="test_t", Tags=[{"Key": "a", "Value": "b"}]) == [
        "sns:CreateTopic arn:aws:sns:::test_t",
        "sns:TagResource arn:aws:sns:::test_t",
    ]
    for arn in ("test_t", "*", f"{TOPIC}*", "arn:aws:sqs:eu-west-1:111122223333:test_q", ""):
        with pytest.raises(Unresolvable):
            needs("sns.Publish", TopicArn=arn, Message="x")
    with pytest.raises(Unresolvable):
        needs("sns.Publish", TopicArn=TOPIC, TargetArn=f"{TOPIC}2", Message="x")


def test_a_phone_number_beside_a_topic_does_not_hide_the_topic(needs: Needs) -> None:
    assert f"sns:Publish {TOPIC}" in needs("sns.Publish", TopicArn=TOPIC, PhoneNumber="+1", Message="x")


def test_a_subscription_says_where_it_sends(asked: Asked) -> None:
    (request,) = asked("sns.Subscribe", TopicArn=TOPIC, Protocol="https", Endpoint="https://x.example")
    assert request.context["sns:protocol"] == ("https",)
    assert request.context["sns:endpoint"] == ("https://x.example",)


def test_roles_that_are_assumed(asked: Asked) -> None:
    role = "arn:aws:iam::000000000000:role/path/admin"
    found = asked("sts.AssumeRole", RoleArn=role, RoleSessionName="s", ExternalId="e", SourceIdentity="i")
    assert [(request.action, request.resource) for request in found] == [
        ("sts:AssumeRole", role),
        ("sts:SetSourceIdentity", role),
    ]
    assert found[0].context["sts:externalid"] == ("e",)
    for wrong in ("admin", "arn:aws:iam::000000000000:role/*", "arn:aws:sts::000000000000:assumed-role/a/b"):
        with pytest.raises(Unresolvable):
            asked("sts.AssumeRole", RoleArn=wrong, RoleSessionName="s")


def test_root_of_an_account(needs: Needs) -> None:
    for target in ("000000000000", "arn:aws:iam::000000000000:root"):
        assert needs("sts.AssumeRoot", TargetPrincipal=target) == ["sts:AssumeRoot arn:aws:iam::000000000000:root"]
    for wrong in ("", "*", "root", "0000"):
        with pytest.raises(Unresolvable):
            needs("sts.AssumeRoot", TargetPrincipal=wrong)


def test_sessions_carry_tags(asked: Asked) -> None:
    role = "arn:aws:iam::111122223333:role/r"
    found = asked("sts.AssumeRole", RoleArn=role, RoleSessionName="s", Tags=[{"Key": "a", "Value": "b"}])
    assert [request.action for request in found] == ["sts:AssumeRole", "sts:TagSession"]
    assert found[1].context["aws:requesttag/a"] == ("b",)


@pytest.mark.parametrize(
    ("key", "resource"),
    [
        (KEY, f"arn:aws:kms:::key/{KEY}"),
        (f"arn:aws:kms:us-east-1:000000000000:key/{KEY}", f"arn:aws:kms:us-east-1:000000000000:key/{KEY}"),
        ("alias/test_k", "arn:aws:kms:::alias/test_k"),
        ("arn:aws:kms:us-east-1:000000000000:alias/prod", "arn:aws:kms:us-east-1:000000000000:alias/prod"),
    ],
)
def test_a_key_is_named_in_four_ways(needs: Needs, key: str, resource: str) -> None:
    assert needs("kms.Encrypt", KeyId=key, Plaintext=b"x") == [f"kms:Encrypt {resource}"]


@pytest.mark.parametrize("key", ["", "*", "key/x", "alias/", "alias/*", "alias/a:b", "arn:aws:kms:eu-west-1:x:key/a"])
def test_what_is_no_key_is_refused(needs: Needs, key: str) -> None:
    with pytest.raises(Unresolvable):
        needs("kms.Encrypt", KeyId=key, Plaintext=b"x")


def test_an_alias_says_its_name(asked: Asked) -> None:
    for key in ("alias/test_k", "arn:aws:kms:eu-west-1:111122223333:alias/test_k"):
        (request,) = asked("kms.Encrypt", KeyId=key, Plaintext=b"x", EncryptionContext={"a": "b"})
        assert request.context["kms:requestalias"] == ("alias/test_k",)
        assert request.context["kms:encryptioncontextkeys"] == ("a",)
        assert request.context["kms:encryptioncontext:a"] == ("b",)


def test_a_ciphertext_that_does_not_say_its_key_needs_the_key(needs: Needs) -> None:
    assert needs("kms.Decrypt", CiphertextBlob=KEY.encode() + b"\0" * 64) == [f"kms:Decrypt arn:aws:kms:::key/{KEY}"]
    assert needs("kms.Decrypt", CiphertextBlob=b"\1\2\2", KeyId="alias/test_k") == [
        "kms:Decrypt arn:aws:kms:::alias/test_k"
    ]
    # The emulator goes by the blob where the key that is named does not exist.
    assert len(needs("kms.Decrypt", CiphertextBlob=KEY.encode(), KeyId="alias/test_k")) == 2
    for blob in (b"", b"\1\2\2", "text"):
        with pytest.raises(Unresolvable):
            needs("kms.Decrypt", CiphertextBlob=blob)


def test_encrypting_anew_needs_both_keys(needs: Needs) -> None:
    assert needs("kms.ReEncrypt", CiphertextBlob=b"\1", SourceKeyId="alias/a", DestinationKeyId="alias/b") == [
        "kms:ReEncryptFrom arn:aws:kms:::alias/a",
        "kms:ReEncryptTo arn:aws:kms:::alias/b",
    ]
    with pytest.raises(Unresolvable):
        needs("kms.ReEncrypt", CiphertextBlob=b"\1", DestinationKeyId="alias/b")


def test_an_alias_is_made_for_a_key(needs: Needs) -> None:
    for operation in ("CreateAlias", "UpdateAlias"):
        assert needs(f"kms.{operation}", AliasName="alias/test_a", TargetKeyId=KEY) == [
            f"kms:{operation} arn:aws:kms:::alias/test_a",
            f"kms:{operation} arn:aws:kms:::key/{KEY}",
        ]
    assert needs("kms.DeleteAlias", AliasName="alias/test_a") == ["kms:DeleteAlias arn:aws:kms:::alias/test_a"]
    with pytest.raises(Unresolvable):
        needs("kms.DeleteAlias", AliasName="test_a")


def test_an_api_is_invoked_by_method_and_path(needs: Needs) -> None:
    call = {"api": "a1b2c3", "stage": "$default", "method": "GET", "path": "/users/1"}
    assert needs("execute-api.Invoke", **call) == [
        "execute-api:Invoke arn:aws:execute-api:::a1b2c3/$default/GET/users/1"
    ]
    assert needs("execute-api.Invoke", "anonymous", **call) == []
    for member, value in (("path", "/a b"), ("path", "users"), ("api", "a/b"), ("api", "*"), ("method", "*")):
        with pytest.raises(Unresolvable):
            needs("execute-api.Invoke", **{**call, member: value})


def test_only_open_apis_are_free_without_a_signature(needs: Needs) -> None:
    assert needs("s3.GetObject", "anonymous", Bucket="prod", Key="k") == ["s3:GetObject arn:aws:s3:::prod/k"]
