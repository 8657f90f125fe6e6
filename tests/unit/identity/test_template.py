"""From a configuration to the template of its identity."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cfnlint.api import lint  # type: ignore[import-untyped]

from sandgate.config.identity import identity_names
from sandgate.config.model import Config
from sandgate.errors import ConfigError
from sandgate.guard.policy import LIMITS
from sandgate.identity.documents import documents
from sandgate.identity.template import identity_template

ACCOUNT = "111122223333"
GOLDEN = Path(__file__).parent / "golden" / "dynamodb.json"
"""After a change that is meant: `sandgate up --dry-run --json`, read, and this file replaced by what the test shows."""

Configure = Callable[[str], Config]


def test_the_template_of_one_service(configure: Configure) -> None:
    made = identity_template(configure('services = "dynamodb"\ntags = {team = "blue"}'), account=ACCOUNT)
    assert made == json.loads(GOLDEN.read_text())


def test_every_document_fits_into_iam(configure: Configure) -> None:
    made = identity_template(configure('prefix = ["testing", "it"]\nregion = "ap-southeast-1"'), account=ACCOUNT)
    resources = made["Resources"]
    for resource in resources.values():
        if resource["Type"] == "AWS::IAM::ManagedPolicy":
            assert _size(resource["Properties"]["PolicyDocument"]) <= LIMITS["managed policy"]
    roles = [resource["Properties"] for resource in resources.values() if resource["Type"] == "AWS::IAM::Role"]
    for role in roles:
        assert len(role["ManagedPolicyArns"]) <= 10
        assert sum(_size(one["PolicyDocument"]) for one in role["Policies"]) <= LIMITS["role inline"]
        assert role["PermissionsBoundary"] == {"Ref": "Limit"}
    assert len(roles) == 2
    assert _size(resources["User"]["Properties"]["Policies"][0]["PolicyDocument"]) <= LIMITS["user inline"]
    assert len(json.dumps(made, separators=(",", ":"))) <= 51_200


def _size(document: object) -> int:
    return len(json.dumps(document, separators=(",", ":")))


def test_cloudformation_would_take_it(configure: Configure) -> None:
    text = json.dumps(identity_template(configure('services = ["sqs", "iam"]'), account=ACCOUNT))
    found = lint(text, regions=["eu-west-1"])
    assert [match for match in found if match.rule.severity == "error"] == []


def test_the_user_may_do_four_things(configure: Configure) -> None:
    allowed = documents(configure(""), account=ACCOUNT).user.statements
    assert [(statement.effect, statement.actions, statement.resources) for statement in allowed] == [
        ("Allow", ("sts:AssumeRole",), (f"arn:aws:iam::{ACCOUNT}:role/unit-tester",)),
        ("Allow", ("sts:GetCallerIdentity", "sts:GetAccessKeyInfo", "iam:ListAccountAliases"), ("*",)),
    ]


@pytest.mark.parametrize(
    ("text", "principals", "conditions"),
    [
        ("", ["root"], [{"aws:PrincipalArn": ["user/unit-tester"]}]),
        ("external_id = true", ["root"], [{"aws:PrincipalArn": ["user/unit-tester"], "sts:ExternalId": ["sandgate-"]}]),
        (f'trusted = "arn:aws:iam::{ACCOUNT}:user/me"', ["user/me"], [{}]),
        ('ci_credentials = "oidc"', ["root"], [{"aws:PrincipalArn": ["user/unit-tester", "role/unit-tester-ci"]}]),
        (
            f'ci_credentials = "oidc"\ntrusted = "arn:aws:iam::{ACCOUNT}:user/me"',
            ["user/me", "root"],
            [{}, {"aws:PrincipalArn": ["role/unit-tester-ci"]}],
        ),
    ],
)
def test_the_role_trusts_nobody_else(
    configure: Configure, text: str, principals: list[str], conditions: list[dict[str, list[str]]]
) -> None:
    found = documents(configure(text), account=ACCOUNT)
    iam = f"arn:aws:iam::{ACCOUNT}:"
    statements = found.trust.statements
    assert [statement.principal.aws for statement in statements if statement.principal] == [
        (f"{iam}{name}",) for name in principals
    ]
    assert [
        {item.key: [value.removeprefix(iam).removesuffix("unit-tester") if item.key.startswith("sts") else
                    value.removeprefix(iam) for value in item.values] for item in statement.conditions}
        for statement in statements
    ] == conditions  # fmt: skip
    assert {operator for statement in statements for operator in (item.operator for item in statement.conditions)} <= {
        "ArnEquals",
        "StringEquals",
    }
    assert found.admits_user is ("trusted" not in text)


def test_an_identity_of_one_service_has_only_that(configure: Configure) -> None:
    found = documents(configure(""), account=ACCOUNT, service="sqs")
    assert found.names.user == "unit-tester-sqs"
    (document,) = found.role.values()
    *sqs, reads = document.statements
    assert {action.partition(":")[0] for item in sqs for action in item.actions} == {"sqs"}
    assert {*reads.actions} == {"sts:GetCallerIdentity", "sts:GetAccessKeyInfo", "iam:ListAccountAliases"}
    assert identity_names(configure('identity = "unit-tester-sqs"'), "sqs").user == "unit-tester-sqs"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('identity = "test-er"', "carries the prefix 'test'"),
        (f'identity = "{"x" * 60}"', "IAM takes 64"),
        ('adopt = "unit-tester-boundary"', "belongs to the identity"),
        (f'adopt = "arn:aws:iam::{ACCOUNT}:role/unit-tester"', "belongs to the identity"),
    ],
)
def test_names_that_tests_could_touch_are_refused(configure: Configure, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        identity_names(configure(text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('trusted = "*"', "whole ARNs"),
        ('trusted = "arn:aws:iam::111122223333:role/*"', "whole ARNs"),
        ('tags = {"sandgate:identity" = "me"}', "no key that a tag may have"),
        ('key_variables = "ONE"', "two names"),
        ('key_variables = ["ONE", "a b"]', "not a name"),
        ('identity = "a_b"', "letters, digits and hyphens"),
    ],
)
def test_wrong_options_are_named(configure: Configure, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        configure(text)
