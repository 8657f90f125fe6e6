"""Security groups, without the rules by which they hold on to each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sandgate.resources._model import Create, Key, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]


def _revoke(client: Any, key: Key, _entry: Mapping[str, Any]) -> Iterator[int]:
    """Take its rules away: two groups that name each other can only go without."""
    group = key["GroupId"]
    wanted = [{"Name": "group-id", "Values": [group]}]
    pages = client.get_paginator("describe_security_group_rules").paginate(Filters=wanted)
    rules = [rule for page in pages for rule in page["SecurityGroupRules"]]
    for outgoing, revoke in (
        (False, client.revoke_security_group_ingress),
        (True, client.revoke_security_group_egress),
    ):
        ids = [rule["SecurityGroupRuleId"] for rule in rules if rule["IsEgress"] == outgoing]
        if ids:
            revoke(GroupId=group, SecurityGroupRuleIds=ids)
    yield len(rules)


RESOURCE = ResourceType(
    name="ec2-security-group",
    type="AWS::EC2::SecurityGroup",
    service="ec2",
    creates=(
        Create(
            operation="CreateSecurityGroup",
            ids={"GroupId": "groupId"},
            told={"GroupName": "GroupName", "VpcId": "VpcId"},
        ),
    ),
    removal=Removal(
        operation="DeleteSecurityGroup",
        parameters={"GroupId": "GroupId"},
        absent=("InvalidGroup.NotFound",),
        full=("DependencyViolation",),
    ),
    listing=Listing(
        operation="DescribeSecurityGroups", entries="SecurityGroups", key={"GroupId": "GroupId"}, name="GroupName"
    ),
    empty=_revoke,
    after=(
        "cloudformation-stack",
        "elasticache-cluster",
        "elasticache-replication-group",
        "elasticache-serverless-cache",
        "lambda-function",
        "rds-db-cluster",
        "rds-db-instance",
    ),
    patience=300.0,
    actions=(
        "ec2:DescribeSecurityGroupRules",
        "ec2:RevokeSecurityGroupEgress",
        "ec2:RevokeSecurityGroupIngress",
    ),
    remark="A network interface of AWS's may hold on to a group for some minutes after what it served has gone.",
)
