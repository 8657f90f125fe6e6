"""The tagging API: its own action, and the tag action of each ARN's service."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandgate.iam.actions import Unresolvable
from sandgate.iam.request import AccessRequest

Needs = Callable[..., list[str]]
Asked = Callable[..., tuple[AccessRequest, ...]]

A = "us-east-1:000000000000"
TAG = "resourcegroupstaggingapi.TagResources"


@pytest.mark.parametrize(
    ("arn", "tag", "untag"),
    [
        (f"arn:aws:sqs:{A}:prod", "sqs:TagQueue", "sqs:UntagQueue"),
        ("arn:aws:s3:::prod", "s3:PutBucketTagging", "s3:PutBucketTagging"),
        (f"arn:aws:rds:{A}:db:prod", "rds:AddTagsToResource", "rds:RemoveTagsFromResource"),
        (f"arn:aws:ec2:{A}:instance/i-1234567890abcdef0", "ec2:CreateTags", "ec2:DeleteTags"),
        (f"arn:aws:lambda:{A}:function:prod", "lambda:TagResource", "lambda:UntagResource"),
        (f"arn:aws:kinesis:{A}:stream/prod", "kinesis:AddTagsToStream", "kinesis:RemoveTagsFromStream"),
        (f"arn:aws:logs:{A}:log-group:/aws/lambda/prod", "logs:TagResource", "logs:UntagResource"),
        (f"arn:aws:ssm:{A}:parameter/prod/x", "ssm:AddTagsToResource", "ssm:RemoveTagsFromResource"),
        (
            f"arn:aws:secretsmanager:{A}:secret:p-AbCdEf",
            "secretsmanager:TagResource",
            "secretsmanager:UntagResource",
        ),
        (f"arn:aws:states:{A}:stateMachine:prod", "states:TagResource", "states:UntagResource"),
    ],
)
def test_the_services_own_action_is_asked_on_each_arn(needs: Needs, arn: str, tag: str, untag: str) -> None:
    queue = "arn:aws:sqs:eu-west-1:111122223333:test_q"
    found = needs(TAG, ResourceARNList=[queue, arn], Tags={"a": "b"})
    assert found[0] == "tag:TagResources *"
    assert set(found[1:]) == {"sqs:TagQueue arn:aws:sqs:::test_q", f"{tag} {arn}"}
    found = needs("resourcegroupstaggingapi.UntagResources", ResourceARNList=[arn], TagKeys=["a"])
    assert found == ["tag:UntagResources *", f"{untag} {arn}"]


def test_the_tags_are_keys_of_the_services_action(asked: Asked) -> None:
    found = asked(TAG, ResourceARNList=[f"arn:aws:sns:{A}:prod"], Tags={"Team": "a"})
    assert found[1].context["aws:requesttag/team"] == ("a",)
    assert found[1].member == "ResourceARNList[0]"


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "prod",
        "*",
        f"arn:aws:sqs:{A}:*",
        f"arn:aws:sqs:{A}:prod\n",
        f"arn:aws:rds:{A}:db:*",
        f"arn:aws:kinesis:{A}:stream/prod/consumer/c:1",
        "arn:aws:apigateway:us-east-1::/restapis/abc",
        f"arn:aws:cloudformation:{A}:stack/prod/1",
        "arn:aws:iam::000000000000:role/prod",
        f"arn:aws:organizations::{A}",
        7,
    ],
)
def test_an_entry_that_nothing_is_known_of_is_refused(needs: Needs, arn: object) -> None:
    with pytest.raises(Unresolvable):
        needs(TAG, ResourceARNList=["arn:aws:sqs:eu-west-1:111122223333:test_q", arn], Tags={})
