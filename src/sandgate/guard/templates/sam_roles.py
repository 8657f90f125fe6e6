"""The role that SAM makes for a function, a state machine or a schedule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["SAM_POLICIES", "execution_role"]

SAM_POLICIES = "SamPolicies"
"""Property of a made role that holds SAM's `Policies` as written: documents, ARNs, names, and policy templates."""


def execution_role(given: Mapping[str, Any], service: str) -> dict[str, Any]:
    """The role of a resource that names none.

    Args:
        given: the resource's properties.
        service: who assumes the role, `lambda.amazonaws.com`.
    """
    trust = {
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}],
        "Version": "2012-10-17",
    }
    properties = {
        "AssumeRolePolicyDocument": given.get("AssumeRolePolicyDocument", trust),
        SAM_POLICIES: given.get("Policies", []),
    }
    for key, target in (("PermissionsBoundary", "PermissionsBoundary"), ("RolePath", "Path")):
        if key in given:
            properties[target] = given[key]
    return {"Type": "AWS::IAM::Role", "Properties": properties}
