"""Policies by which services may write logs into the account; an account has room for ten."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Probe, Removal, ResourceType

__all__ = ["RESOURCE"]

_NAME = {"policyName": "policyName"}

RESOURCE = ResourceType(
    name="logs-resource-policy",
    type="AWS::Logs::ResourcePolicy",
    service="logs",
    creates=(
        Create(
            operation="PutResourcePolicy",
            names=_NAME,
            probe=Probe(
                operation="DescribeResourcePolicies",
                parameters={},
                absent=(),
                shows="resourcePolicies.policyName",
                equals="{policyName}",
            ),
            when=("resourceArn", ("",)),  # one with an ARN is part of that log group
        ),
    ),
    removal=Removal(operation="DeleteResourcePolicy", parameters=_NAME, absent=("ResourceNotFoundException",)),
    listing=Listing(
        operation="DescribeResourcePolicies", entries="resourcePolicies", key=_NAME, created="lastUpdatedTime"
    ),
    remark="The guard refuses these unless the project's `allow` names `logs:PutResourcePolicy`.",
)
