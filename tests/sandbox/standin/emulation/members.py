"""Stacks make their members with the rights of whoever asks, or of the role that the call passes; not as root.

Source: CloudFormation User Guide, "Control CloudFormation access with AWS Identity and Access Management". Creations of
the commoner types are judged; what a handler does besides (tags, reads) is not.
"""

from __future__ import annotations

import contextvars
import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from ministack.core import iam_actions, iam_evaluator  # type: ignore[import-not-found, unused-ignore]
from ministack.core.responses import get_account_id, get_region  # type: ignore[import-not-found, unused-ignore]
from ministack.core.router import extract_access_key_id  # type: ignore[import-not-found, unused-ignore]
from ministack.services import iam  # type: ignore[import-not-found, unused-ignore]
from ministack.services.cloudformation import provisioners  # type: ignore[import-not-found, unused-ignore]

__all__ = ["add"]

Needed = tuple[str, str, dict[str, Any]]
"""Action, ARN and condition keys."""

_key: contextvars.ContextVar[str] = contextvars.ContextVar("caller_of_the_stack", default="")
_role: contextvars.ContextVar[str] = contextvars.ContextVar("role_of_the_stack", default="")
_roles: dict[str, str] = {}
"""Of stacks, by name: a change set is executed, and a stack deleted, as the role that it was made with."""

_MAKES = {
    "AWS::ApiGateway::RestApi": "apigateway:POST",
    "AWS::ApiGatewayV2::Api": "apigateway:POST",
    "AWS::CloudWatch::Alarm": "cloudwatch:PutMetricAlarm",
    "AWS::Cognito::UserPool": "cognito-idp:CreateUserPool",
    "AWS::DynamoDB::Table": "dynamodb:CreateTable",
    "AWS::ECR::Repository": "ecr:CreateRepository",
    "AWS::Events::Rule": "events:PutRule",
    "AWS::IAM::ManagedPolicy": "iam:CreatePolicy",
    "AWS::IAM::Role": "iam:CreateRole",
    "AWS::IAM::User": "iam:CreateUser",
    "AWS::KMS::Key": "kms:CreateKey",
    "AWS::Kinesis::Stream": "kinesis:CreateStream",
    "AWS::Lambda::Function": "lambda:CreateFunction",
    "AWS::Logs::LogGroup": "logs:CreateLogGroup",
    "AWS::S3::Bucket": "s3:CreateBucket",
    "AWS::SNS::Topic": "sns:CreateTopic",
    "AWS::SQS::Queue": "sqs:CreateQueue",
    "AWS::SSM::Parameter": "ssm:PutParameter",
    "AWS::SecretsManager::Secret": "secretsmanager:CreateSecret",
    "AWS::StepFunctions::StateMachine": "states:CreateStateMachine",
}
_WITHOUT_NAME = {
    "AWS::ApiGateway::RestApi": "arn:aws:apigateway:{region}::/restapis",
    "AWS::ApiGatewayV2::Api": "arn:aws:apigateway:{region}::/apis",
    "AWS::Cognito::UserPool": "*",
    "AWS::KMS::Key": "*",
}
"""Types whose creation names none."""


def add() -> None:
    """Let the stacks of this process do so."""
    _remember_who_asks()
    handlers = provisioners._RESOURCE_HANDLERS
    for kind in _MAKES:
        handlers[kind]["create"] = _judged(kind, handlers[kind]["create"], handlers[kind]["delete"])


def _remember_who_asks() -> None:
    pin, tags = iam_evaluator.pin_request_caller, iam_actions.request_tag_context

    def pin_and_remember(headers: dict[str, Any], query_params: dict[str, Any] | None = None) -> None:
        _key.set(extract_access_key_id(headers or {}, query_params or {}) or "")
        pin(headers, query_params)

    def context(service: str, action: str, body: bytes, params: dict[str, Any]) -> Any:
        if service == "cloudformation":
            _role.set(_role_for(dict(parse_qsl(body.decode("latin-1")))))
        return tags(service, action, body, params)

    iam_evaluator.pin_request_caller, iam_actions.request_tag_context = pin_and_remember, context


def _role_for(form: Mapping[str, str]) -> str:
    """The role that a call passes, else the one that was passed for this stack before."""
    name = form.get("StackName", "")
    name = name.split("/")[1] if name.startswith("arn:") else name
    new = form.get("Action") == "CreateStack" or form.get("ChangeSetType") == "CREATE"
    if new or form.get("RoleARN"):
        _roles[name] = form.get("RoleARN", "")
    return _roles.get(name, "")


def _judged(kind: str, create: Callable[..., Any], delete: Callable[..., Any]) -> Callable[..., Any]:
    """Creates, looks at what that took, and takes it back: only then is the ARN known."""

    @functools.wraps(create)
    def create_and_judge(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        made = create(logical_id, properties, stack)
        arn = _WITHOUT_NAME.get(kind, "").format(region=get_region()) or _arn(kind, *made)
        for action, resource, context in _needed(kind, arn, properties):
            if said := _denied(action, resource, context):
                delete(made[0], properties)
                raise ValueError(said)
        return made

    return create_and_judge


def _arn(kind: str, physical_id: str, attributes: dict[str, Any]) -> str:
    if physical_id.startswith("arn:"):
        return physical_id
    if kind == "AWS::SSM::Parameter":
        return f"arn:aws:ssm:{get_region()}:{get_account_id()}:parameter/{physical_id.lstrip('/')}"
    return str(attributes.get("Arn") or "*").removesuffix(":*")


def _needed(kind: str, arn: str, properties: dict[str, Any]) -> Iterator[Needed]:
    boundary = properties.get("PermissionsBoundary")
    bounded = {"iam:permissionsboundary": boundary} if boundary else {}
    yield _MAKES[kind], arn, bounded
    if kind in ("AWS::IAM::Role", "AWS::IAM::User"):
        what = kind.rpartition(":")[2]
        for _ in properties.get("Policies") or ():
            yield f"iam:Put{what}Policy", arn, bounded
        for policy in properties.get("ManagedPolicyArns") or ():
            yield f"iam:Attach{what}Policy", arn, {**bounded, "iam:policyarn": policy}
    passed = properties.get("Role") or properties.get("RoleArn")
    if isinstance(passed, str) and ":role/" in passed:
        yield "iam:PassRole", passed, {}


def _principal() -> Any:
    account = get_account_id()
    if not _role.get():
        return iam_evaluator.resolve_principal(_key.get(), account)
    name = _role.get().rpartition("/")[2]
    return iam_evaluator.PrincipalInfo(
        arn=f"arn:aws:sts::{account}:assumed-role/{name}/AWSCloudFormation",
        type="AssumedRole",
        account=account,
        policies=iam_evaluator._gather_role_policies(name, account),
        limits=iam_evaluator._permissions_boundary(iam._roles, name, account),
    )


def _denied(action: str, resource: str, context: dict[str, Any]) -> str:
    """Why the action would be refused; empty where it would not."""
    who = _principal()
    if isinstance(who, iam_evaluator.AuthError):
        return str(who.message)
    if who.policies is None:
        return ""
    asked = iam_evaluator.EvalContext(
        principal_arn=who.arn, principal_type=who.type, principal_account=who.account, action=action,
        resource_arn=resource, region=get_region(), principal_keys=who.keys,
        service_context={**context, "aws:calledvia": ["cloudformation.amazonaws.com"], "aws:tagkeys": None},
    )  # fmt: skip
    if iam_evaluator.evaluate(asked, who.policies, *who.limits).decision == "Allow":
        return ""
    return f"User: {who.arn} is not authorized to perform: {action} on resource: {resource}"
