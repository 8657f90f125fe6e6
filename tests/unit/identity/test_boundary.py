"""Bounds: whoever tests make is never more than the tests, and no configuration frees the tests themselves."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandgate.config.model import Config
from sandgate.errors import ConfigError
from sandgate.guard.policy import LIMITS, size_of
from sandgate.iam.compile import compile_document
from sandgate.iam.document import Document, Statement
from sandgate.iam.evaluate import evaluate
from sandgate.iam.parse import parse_document
from sandgate.iam.request import AccessRequest
from sandgate.iam.verdict import Policies
from sandgate.identity.boundary import bounded
from sandgate.identity.documents import Documents, documents

ACCOUNT = "111122223333"
IAM = f"arn:aws:iam::{ACCOUNT}"
Configure = Callable[[str], Config]


def allowed(document: Document, limit: Document | None, action: str, resource: str, **context: str) -> bool:
    policies = Policies(
        identity=(compile_document(document),), boundary=compile_document(limit) if limit is not None else None
    )
    asked = AccessRequest(action=action, resource=resource, context={key: (value,) for key, value in context.items()})
    return evaluate(asked, policies).allowed


@pytest.mark.parametrize("text", ["", 'services = ["dynamodb", "s3"]', 'prefix = ["testing", "it"]'])
def test_each_statement_is_a_part_of_one_of_the_policys(configure: Configure, text: str) -> None:
    found = documents(configure(text), account=ACCOUNT)
    policy = [statement for document in found.role.values() for statement in document.statements]
    for one in found.boundary.statements[1:]:
        assert any(
            (one.effect, one.resources, one.conditions) == (other.effect, other.resources, other.conditions)
            and set(one.actions) <= set(other.actions)
            for other in policy
        ), one
    assert found.boundary.statements[0].effect == "Deny"
    assert "iam:*" in found.boundary.statements[0].actions
    assert size_of(found.boundary) <= LIMITS["managed policy"]


def test_what_finds_no_room_is_named(configure: Configure) -> None:
    assert "rds" in documents(configure(""), account=ACCOUNT).left_out
    assert documents(configure('services = ["rds", "dynamodb"]'), account=ACCOUNT).left_out == ()


def test_what_is_denied_stays_denied() -> None:
    document = parse_document(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Sid": "All", "Effect": "Allow", "Action": ["s3:*", "iam:*"], "Resource": "*"},
                {"Sid": "No", "Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"},
            ],
        }
    )
    bound = bounded(document).document
    assert allowed(document, bound, "s3:PutObject", "arn:aws:s3:::a/b")
    assert not allowed(document, bound, "s3:DeleteBucket", "arn:aws:s3:::a")
    assert not allowed(document, bound, "iam:CreateUser", f"{IAM}:user/a")
    denied = Statement(effect="Deny", actions=("s3:*",), resources=tuple(f"arn:aws:s3:::b{n}" for n in range(600)))
    with pytest.raises(ConfigError, match="denies is larger"):
        bounded(Document(statements=(denied,)))


FREE = """
services = "dynamodb"
[[allow]]
actions = ["iam:*", "cloudformation:*", "sts:*"]
resources = "*"
"""
BOUNDARY = f"{IAM}:policy/unit-tester-boundary"
MAKING = ("CreateRole", "PutRolePolicy", "AttachRolePolicy", "PutRolePermissionsBoundary")


@pytest.fixture
def free(configure: Configure) -> Documents:
    """Of a configuration that allows all of IAM."""
    return documents(configure(FREE), account=ACCOUNT)


def _may(found: Documents, action: str, resource: str, **context: str) -> bool:
    whole = Document(
        statements=(*found.role_inline.statements, *(s for d in found.role.values() for s in d.statements))
    )
    within = allowed(whole, found.limit, action, resource, **context)
    # Either of both is enough: the policy's own denials, and the limit of the role.
    assert within == allowed(whole, None, action, resource, **context)
    everything = Document(statements=(Statement(effect="Allow", actions=("*",), resources=("*",)),))
    assert within == allowed(everything, found.limit, action, resource, **context)
    return within


@pytest.mark.parametrize("operation", MAKING)
def test_only_bounded_principals_are_made(free: Documents, operation: str) -> None:
    role = f"{IAM}:role/test-x"
    assert _may(free, f"iam:{operation}", role, **{"iam:permissionsboundary": BOUNDARY})
    assert not _may(free, f"iam:{operation}", role)
    assert not _may(free, f"iam:{operation}", role, **{"iam:permissionsboundary": f"{IAM}:policy/test-mine"})


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("iam:DeleteRolePermissionsBoundary", f"{IAM}:role/test-x"),
        ("iam:CreateAccessKey", f"{IAM}:user/unit-tester"),
        ("iam:UpdateAssumeRolePolicy", f"{IAM}:role/unit-tester"),
        ("iam:PassRole", f"{IAM}:role/unit-tester-deployer"),
        ("iam:CreatePolicyVersion", BOUNDARY),
        ("iam:SetDefaultPolicyVersion", f"{IAM}:policy/unit-tester-limit"),
        ("cloudformation:UpdateStack", f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/sandgate-unit-tester/1"),
    ],
)
def test_the_identity_is_out_of_its_own_reach(free: Documents, action: str, resource: str) -> None:
    assert not _may(free, action, resource, **{"iam:permissionsboundary": BOUNDARY})
    other = resource.replace("unit-tester", "test-y")
    if "Boundary" not in action:
        assert _may(free, action, other)


def test_no_service_is_added_by_what_is_attached_later(configure: Configure) -> None:
    found = documents(configure('services = "dynamodb"'), account=ACCOUNT)
    everything = Document(statements=(Statement(effect="Allow", actions=("*",), resources=("*",)),))
    assert allowed(everything, found.limit, "dynamodb:PutItem", "*")
    assert not allowed(everything, found.limit, "kinesis:PutRecord", "*")
    assert not allowed(everything, found.limit, "organizations:LeaveOrganization", "*")
    assert allowed(everything, found.limit, "iam:ListAccountAliases", "*")
    assert not allowed(everything, found.limit, "iam:ListUsers", "*")
