"""A deployed stack's outputs, two fresh accounts and an empty table, by boto3 alone.

Nothing here knows of sandgate: the stack is named by `ENV_STACK_NAME`, and where the calls end is the environment's
business. Accounts have fixed names and the table is emptied, so one stack serves one run at a time.
"""

from __future__ import annotations

import os
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

_ACCOUNTS = {"regularUser": "regularUser@example.com", "adminUser": "adminUser@example.com"}

# Characters that shells, JSON and URLs would need quoted.
_AWKWARD = "\"'`[]{}():;,$/\\<>|=&"


def pytest_sessionstart() -> None:
    """Say what is missing once, before any test runs."""
    if not os.environ.get("ENV_STACK_NAME"):
        raise pytest.UsageError(
            "ENV_STACK_NAME is not set: name the stack to test, as in\n"
            "  ENV_STACK_NAME=test-users python -m pytest tests/integration -v"
        )


@pytest.fixture(scope="session")
def global_config() -> dict[str, str]:
    """Outputs of the stack, and name, password, sub and tokens of a regular user and an administrator."""
    outputs = _stack_outputs(os.environ["ENV_STACK_NAME"])
    config = outputs | _account("regularUser", outputs) | _account("adminUser", outputs)
    _empty(outputs["UsersTable"])
    return config


def _stack_outputs(name: str) -> dict[str, str]:
    try:
        answer = boto3.client("cloudformation").describe_stacks(StackName=name)
    except ClientError as error:
        pytest.exit(f"cannot read the stack that ENV_STACK_NAME names: {error}", returncode=pytest.ExitCode.USAGE_ERROR)
    return {output["OutputKey"]: output["OutputValue"] for output in answer["Stacks"][0].get("Outputs", [])}


def _account(role: str, outputs: dict[str, str]) -> dict[str, str]:
    """Make an account anew and sign it in; the keys of what comes back begin with its role."""
    cognito = boto3.client("cognito-idp")
    pool, client, name = outputs["UserPool"], outputs["UserPoolClient"], _ACCOUNTS[role]
    password = boto3.client("secretsmanager").get_random_password(
        ExcludeCharacters=_AWKWARD, RequireEachIncludedType=True
    )["RandomPassword"]

    _forget(cognito, pool, name)
    sub = cognito.sign_up(
        ClientId=client, Username=name, Password=password, UserAttributes=[{"Name": "name", "Value": name}]
    )["UserSub"]
    cognito.admin_confirm_sign_up(UserPoolId=pool, Username=name)
    if role == "adminUser":
        group = outputs["UserPoolAdminGroupName"]
        cognito.admin_add_user_to_group(UserPoolId=pool, Username=name, GroupName=group)

    tokens = cognito.initiate_auth(
        ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": name, "PASSWORD": password}
    )["AuthenticationResult"]
    found = {"Name": name, "Password": password, "Sub": sub}
    found |= {kind: tokens[kind] for kind in ("IdToken", "AccessToken", "RefreshToken")}
    return {role + key: value for key, value in found.items()}


def _forget(cognito: Any, pool: str, name: str) -> None:
    """Delete the account that an earlier run left, if one did."""
    try:
        cognito.admin_delete_user(UserPoolId=pool, Username=name)
    except cognito.exceptions.UserNotFoundException:
        return


def _empty(table: str) -> None:
    dynamodb = boto3.client("dynamodb")
    for item in dynamodb.scan(TableName=table, AttributesToGet=["userid"])["Items"]:
        dynamodb.delete_item(TableName=table, Key={"userid": {"S": item["userid"]["S"]}})
