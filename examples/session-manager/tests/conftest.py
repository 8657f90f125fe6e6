"""Who the tests are, and a role of their own that they may take.

`aws`, `namespace`, `sandgate`, `eventually` and `expect_denied` come from sandgate's pytest plugin.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from session_manager import SessionManager


def trust(principal: str, *conditions: dict[str, Any]) -> str:
    """A trust policy."""
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    for condition in conditions:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture(scope="session")
def manager(aws: Any) -> SessionManager:
    """The identity of the tests: an IAM user of the embedded AWS, a session of the test role on a real account."""
    return SessionManager(aws)


@pytest.fixture(scope="session")
def greeting(manager: SessionManager, namespace: Any) -> Iterator[str]:
    """Name of a parameter that says hello."""
    ssm, name = manager.client("ssm"), namespace.parameter("greeting")
    ssm.put_parameter(Name=name, Value="hello", Type="String")
    yield name
    ssm.delete_parameter(Name=name)


@pytest.fixture(scope="session")
def role(manager: SessionManager, namespace: Any, greeting: str) -> Iterator[str]:
    """ARN of a role that may read this parameter, and nothing else."""
    iam, name = manager.client("iam"), namespace.role("reader")
    principal = f"arn:aws:iam::{manager.account}:root"
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(principal))["Role"]
    parameter = f"arn:aws:ssm:{manager.region}:{manager.account}:parameter{greeting}"
    statement = {"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": parameter}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=name, PolicyName="read", PolicyDocument=document)
    yield made["Arn"]
    iam.delete_role_policy(RoleName=name, PolicyName="read")
    iam.delete_role(RoleName=name)


@pytest.fixture(scope="session")
def assumed(manager: SessionManager, role: str, eventually: Any) -> SessionManager:
    """A session of that role; AWS takes some seconds until it knows a new one."""
    found: SessionManager = eventually(lambda: manager.assume_role(role), ignoring=ClientError)
    return found
