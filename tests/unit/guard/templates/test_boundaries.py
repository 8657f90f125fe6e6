"""A permissions boundary takes rights and gives none, so it may lie outside the sandbox."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandgate.guard.templates.model import Problem

OURS = "arn:aws:iam::111122223333:policy/unit-tester-boundary"
ROLE = "{Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: 'sts:AssumeRole'}]}"


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("AWS::IAM::Role", f"AssumeRolePolicyDocument: {ROLE}"),
        ("AWS::IAM::User", "UserName: test-x-u"),
        ("AWS::Serverless::Function", "Runtime: python3.11\n      Handler: a.b\n      InlineCode: x"),
    ],
)
def test_who_is_made_may_be_bounded(problems: Callable[..., tuple[Problem, ...]], kind: str, properties: str) -> None:
    head = "Transform: AWS::Serverless-2016-10-31\n" if "Serverless" in kind else ""
    inner = f"      PermissionsBoundary: {OURS}\n      {properties}\n"
    text = f"{head}Resources:\n  R:\n    Type: {kind}\n    Properties:\n{inner}"
    assert problems(text) == ()
    if kind == "AWS::IAM::Role":
        managed = text.replace(f"PermissionsBoundary: {OURS}", f"ManagedPolicyArns: [{OURS}]")
        assert [problem.code for problem in problems(managed)] == ["outside"], "which would give rights"
