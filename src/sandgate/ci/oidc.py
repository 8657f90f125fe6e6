"""The role that CI takes without a key: its template, and whom it lets in.

Sources: IAM User Guide, "Create a role for OpenID Connect federation" and "Available keys for AWS OIDC federation";
GitHub Docs, "OpenID Connect reference", subject claims, and for the form with ids the changelog of 2026-04-23,
"Immutable subject claims for GitHub Actions OIDC tokens".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sandgate.config.identity import IDENTITY_READS, OWNER_TAG, IdentityNames

__all__ = ["AUDIENCE", "Trust", "ci_stack", "role_template", "trust_policy"]

AUDIENCE = "sts.amazonaws.com"
_READS = tuple(sorted(IDENTITY_READS))
_SESSION_SECONDS = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whose tokens are accepted."""

    issuer: str
    """Host, and path if there is one, of who signs the tokens; without `https://`."""
    subjects: tuple[str, ...]
    """Every `sub` claim that is let in, exactly as the tokens carry it."""
    audience: str = AUDIENCE


def ci_stack(names: IdentityNames) -> str:
    """The name of the stack that makes it."""
    return f"{names.stack}-ci"


def trust_policy(trust: Trust, provider: object) -> dict[str, object]:
    """Who may assume the role: exactly one audience, exactly the subjects.

    Args:
        trust: whose tokens.
        provider: ARN of the account's OIDC provider, or an intrinsic function that gives it.
    """
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "ExactJobs",
                "Effect": "Allow",
                "Principal": {"Federated": provider},
                "Action": "sts:AssumeRoleWithWebIdentity",
                # StringEquals: in StringLike a `*` in a name would let others in.
                "Condition": {
                    "StringEquals": {
                        f"{trust.issuer}:aud": trust.audience,
                        f"{trust.issuer}:sub": list(trust.subjects),
                    }
                },
            }
        ],
    }


def role_template(
    trust: Trust, names: IdentityNames, *, tags: Mapping[str, str], makes_provider: bool
) -> dict[str, object]:
    """A CloudFormation template with the role, and the account's OIDC provider where there is none yet.

    Args:
        trust: whom the role lets in.
        names: of the identity; the role may assume its test role, and nothing else.
        tags: of the project.
        makes_provider: an account has one provider for each issuer, so a second one cannot be made.
    """
    arn = {"Fn::Sub": f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:oidc-provider/{trust.issuer}"}
    test_role = {"Fn::Sub": f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{names.role}"}
    marks = [{"Key": key, "Value": value} for key, value in {**tags, OWNER_TAG: names.user}.items()]
    statements = [
        {"Sid": "TakeTheTestRole", "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": test_role},
        {"Sid": "KnowItself", "Effect": "Allow", "Action": list(_READS), "Resource": "*"},
    ]
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": names.ci_role,
            "Description": "Taken by CI with a token that lasts minutes; it may take the role of the tests.",
            "MaxSessionDuration": _SESSION_SECONDS,
            "AssumeRolePolicyDocument": trust_policy(trust, {"Ref": "Provider"} if makes_provider else arn),
            "Policies": [
                {
                    "PolicyName": "take-the-test-role",
                    "PolicyDocument": {"Version": "2012-10-17", "Statement": statements},
                }
            ],
            "Tags": marks,
        },
    }
    provider = {
        "Type": "AWS::IAM::OIDCProvider",
        "Properties": {"Url": f"https://{trust.issuer}", "ClientIdList": [trust.audience], "Tags": marks},
    }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Lets the jobs of one repository take the role of the tests, without a key that lasts",
        "Resources": {**({"Provider": provider} if makes_provider else {}), "Role": role},
        "Outputs": {"RoleArn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}},
    }
