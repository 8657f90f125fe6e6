"""The engine: names, ARNs of whatever account, lists, members that disagree, and what is refused."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest

from sandgate.core.call import Call, Principal
from sandgate.iam.actions import Place, Unmapped, Unresolvable, requests_of
from sandgate.iam.request import AccessRequest

Needs = Callable[..., list[str]]
Asked = Callable[..., tuple[AccessRequest, ...]]
TABLE = "arn:aws:dynamodb:eu-west-1:111122223333:table/test_t"


def call(operation: str, region: str = "eu-west-1", **parameters: object) -> Call:
    principal = Principal(kind="identity", name="main")
    return Call(
        id="1", service="dynamodb", operation=operation, parameters=parameters, region=region, principal=principal
    )


def test_the_default_is_the_operation_on_the_type_of_the_catalogue(asked: Asked) -> None:
    (request,) = asked("dynamodb.PutItem", TableName="test_t", Item={})
    assert (request.action, request.resource) == ("dynamodb:PutItem", TABLE)
    assert request.context == {"aws:requestedregion": ("eu-west-1",)}
    assert (request.member, request.via) == ("", "")


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:dynamodb:eu-west-1:000000000000:table/test_t",
        "arn:aws:dynamodb:us-east-1:111122223333:table/test_t",
        "arn:aws-cn:dynamodb:cn-north-1:111122223333:table/test_t",
    ],
)
def test_an_arn_keeps_its_own_place(needs: Needs, arn: str) -> None:
    assert needs("dynamodb.PutItem", TableName=arn, Item={}) == [f"dynamodb:PutItem {arn}"]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "test_*",
        "test_?",
        "test_t\n",
        "test_t\x00",
        "test_t/../x",
        "test_t:x",
        "${aws:username}",
        "test t",
        "arn:aws:dynamodb:eu-west-1:111122223333:table/test_*",
        "arn:aws:dynamodb:eu-west-1:111122223333:table/",
        "arn:aws:dynamodb:eu-west-1:111122223333:table/test_t/index/i",
        "arn:aws:dynamodb:*:111122223333:table/test_t",
        "arn:aws:dynamodb::111122223333:table/test_t",
        "arn:aws:dynamodb:eu-west-1:*:table/test_t",
        "arn:aws:dynamodb:eu-west-1::table/test_t",
        "arn:aws:sqs:eu-west-1:111122223333:test_t",
        "arn:aws:dynamodb:eu-west-1:111122223333:global-table/test_t",
        "ARN:aws:dynamodb:eu-west-1:111122223333:table/test_t",
        ["test_t"],
        7,
    ],
)
def test_what_is_no_name_and_no_arn_of_the_type_is_refused(needs: Needs, name: object) -> None:
    with pytest.raises(Unresolvable, match=r"dynamodb\.PutItem"):
        needs("dynamodb.PutItem", TableName=name, Item={})


def test_a_missing_name_never_becomes_a_star(needs: Needs) -> None:
    with pytest.raises(Unresolvable, match="no member names the table"):
        needs("dynamodb.PutItem", Item={})


def test_a_call_that_asks_nothing_is_refused(needs: Needs) -> None:
    with pytest.raises(Unresolvable):
        needs("dynamodb.TransactWriteItems", TransactItems=[{}])
    with pytest.raises(Unresolvable):
        needs("dynamodb.BatchGetItem", RequestItems={})


def test_members_that_disagree_are_refused(needs: Needs) -> None:
    with pytest.raises(Unresolvable, match="TableName"):
        needs("dynamodb.ListExports", TableName="test_t", TableArn=TABLE.replace("test_t", "prod"))
    assert needs("dynamodb.ListExports", TableName="test_t", TableArn=TABLE) == [
        "dynamodb:ListExports arn:aws:dynamodb:::table/test_t"
    ]


def test_an_action_without_a_type_is_asked_on_a_star(needs: Needs) -> None:
    assert needs("dynamodb.ListTables") == ["dynamodb:ListTables *"]


def test_operations_that_need_nothing(needs: Needs) -> None:
    for name in ("sts.GetCallerIdentity", "sts.GetSessionToken"):
        assert needs(name) == []


def test_unknown_services_and_operations_are_unmapped(needs: Needs) -> None:
    for name in ("organizations.CreateAccount", "dynamodb.StartBulkPutItems", "dynamodb.Explode", "../s3.GetObject"):
        with pytest.raises(Unmapped) as caught:
            needs(name)
        assert not isinstance(caught.value, Unresolvable)
        assert caught.value.rule == "unmapped-operation"


def test_the_error_says_where_and_survives_pickling() -> None:
    with pytest.raises(Unresolvable) as caught:
        requests_of(call("GetItem", TableName="a*", Key={}), Place(account="111122223333"))
    error = pickle.loads(pickle.dumps(caught.value))
    assert (error.operation, error.member, error.value) == ("dynamodb.GetItem", "TableName", "a*")
    assert error.rule == "unresolvable-resource"
    assert type(error) is Unresolvable


@pytest.mark.parametrize(
    ("own", "places", "region"),
    [("us-east-1", "eu-west-1", "us-east-1"), ("", "eu-west-1", "eu-west-1"), ("us-east-1", "", "us-east-1")],
)
def test_the_calls_own_region_counts_first(own: str, places: str, region: str) -> None:
    (request,) = requests_of(
        call("GetItem", region=own, TableName="t_1", Key={}), Place(account="111122223333", region=places)
    )
    assert request.resource == f"arn:aws:dynamodb:{region}:111122223333:table/t_1"
    assert request.context["aws:requestedregion"] == (region,)


def test_no_region_is_refused_where_the_arn_has_one() -> None:
    with pytest.raises(Unresolvable, match="Region"):
        requests_of(call("GetItem", region="", TableName="t_1", Key={}), Place(account="111122223333"))


def test_partition_and_account_are_the_places() -> None:
    (request,) = requests_of(
        call("GetItem", region="cn-north-1", TableName="t_1", Key={}), Place(partition="aws-cn", account="000000000000")
    )
    assert request.resource == "arn:aws-cn:dynamodb:cn-north-1:000000000000:table/t_1"


def test_tags_are_an_action_and_keys(asked: Asked) -> None:
    found = asked("dynamodb.CreateTable", TableName="test_t", Tags=[{"Key": "Team", "Value": "a"}])
    assert [request.action for request in found] == ["dynamodb:CreateTable", "dynamodb:TagResource"]
    assert {request.resource for request in found} == {TABLE}
    assert found[1].context["aws:requesttag/team"] == ("a",)
    assert found[1].context["aws:tagkeys"] == ("Team",)
    assert [request.action for request in asked("dynamodb.CreateTable", TableName="test_t")] == ["dynamodb:CreateTable"]


def test_tag_keys_alone(asked: Asked) -> None:
    (request,) = asked("dynamodb.UntagResource", ResourceArn=TABLE, TagKeys=["a", "b"])
    assert request.context["aws:tagkeys"] == ("a", "b")


@pytest.mark.parametrize("role", ["arn:aws:iam::000000000000:role/path/admin", "admin"])
def test_a_role_that_is_passed_is_asked_for(asked: Asked, role: str) -> None:
    replication = {"Role": role, "Rules": []}
    found = asked("s3.PutBucketReplication", Bucket="test-b", ReplicationConfiguration=replication)
    assert found[1].action == "iam:PassRole"
    assert found[1].resource == (role if role.startswith("arn:") else "arn:aws:iam::111122223333:role/admin")
    assert found[1].context["iam:passedtoservice"] == ("s3.amazonaws.com",)
    assert found[1].member == "ReplicationConfiguration.Role"


@pytest.mark.parametrize("role", ["arn:aws:iam::111122223333:user/x", "arn:aws:iam::111122223333:role/*", "a b"])
def test_what_is_no_role_is_refused(needs: Needs, role: str) -> None:
    with pytest.raises(Unresolvable):
        needs("s3.PutBucketReplication", Bucket="test-b", ReplicationConfiguration={"Role": role, "Rules": []})


def test_a_customer_key_is_asked_for_through_the_service(asked: Asked) -> None:
    key = "arn:aws:kms:eu-west-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    found: Any = asked("s3.PutObject", Bucket="test-b", Key="k", SSEKMSKeyId=key)
    assert [(request.action, request.resource) for request in found[1:]] == [("kms:GenerateDataKey", key)]
    assert found[1].via == "s3.eu-west-1.amazonaws.com"
    assert found[1].context["kms:viaservice"] == ("s3.eu-west-1.amazonaws.com",)


def test_an_alias_is_asked_for_by_its_own_arn(asked: Asked) -> None:
    found = asked("s3.PutObject", Bucket="test-b", Key="k", SSEKMSKeyId="alias/test_k")
    assert found[1].resource == "arn:aws:kms:eu-west-1:111122223333:alias/test_k"
    assert found[1].context["kms:requestalias"] == ("alias/test_k",)


@pytest.mark.parametrize("key", ["alias/aws/s3", "arn:aws:kms:eu-west-1:111122223333:alias/aws/s3"])
def test_keys_that_aws_manages_need_nothing(needs: Needs, key: str) -> None:
    assert needs("s3.PutObject", Bucket="test-b", Key="k", SSEKMSKeyId=key) == ["s3:PutObject arn:aws:s3:::test-b/k"]


@pytest.mark.parametrize("key", ["alias/*", "arn:aws:kms:eu-west-1:111122223333:grant/x", "alias/aws/s3\n", "a key"])
def test_what_is_no_key_is_refused(needs: Needs, key: str) -> None:
    with pytest.raises(Unresolvable):
        needs("dynamodb.CreateTable", TableName="t_1", SSESpecification={"KMSMasterKeyId": key})
