"""The role without a key: exactly these jobs of exactly this repository may take it, in both forms of the subject."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from sandgate.ci.choice import providers
from sandgate.ci.oidc import AUDIENCE, Trust, ci_stack, role_template, trust_policy
from sandgate.config.identity import identity_names
from sandgate.config.model import Config
from sandgate.errors import ConfigError
from sandgate.iam.compile import compile_document
from sandgate.iam.evaluate import evaluate
from sandgate.iam.parse import parse_document
from sandgate.iam.principal import Caller
from sandgate.iam.request import AccessRequest
from sandgate.iam.verdict import Policies

ACCOUNT = "111122223333"
ISSUER = "token.actions.githubusercontent.com"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/unit-tester-ci"
IDS = {
    "GITHUB_REPOSITORY": "octo-org/shop",
    "GITHUB_REPOSITORY_OWNER_ID": "583231",
    "GITHUB_REPOSITORY_ID": "1296269",
}
GOLDEN = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Description": "Lets the jobs of one repository take the role of the tests, without a key that lasts",
    "Resources": {
        "Provider": {
            "Type": "AWS::IAM::OIDCProvider",
            "Properties": {
                "Url": f"https://{ISSUER}",
                "ClientIdList": ["sts.amazonaws.com"],
                "Tags": [
                    {"Key": "team", "Value": "shop"},
                    {"Key": "sandgate:identity", "Value": "unit-tester"},
                ],
            },
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": "unit-tester-ci",
                "Description": "Taken by CI with a token that lasts minutes; it may take the role of the tests.",
                "MaxSessionDuration": 3600,
                "AssumeRolePolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Sid": "ExactJobs",
                            "Effect": "Allow",
                            "Principal": {"Federated": {"Ref": "Provider"}},
                            "Action": "sts:AssumeRoleWithWebIdentity",
                            "Condition": {
                                "StringEquals": {
                                    f"{ISSUER}:aud": "sts.amazonaws.com",
                                    f"{ISSUER}:sub": [
                                        "repo:octo-org/shop:ref:refs/heads/main",
                                        "repo:octo-org/shop:environment:sandbox",
                                        "repo:octo-org@583231/shop@1296269:ref:refs/heads/main",
                                        "repo:octo-org@583231/shop@1296269:environment:sandbox",
                                    ],
                                }
                            },
                        }
                    ],
                },
                "Policies": [
                    {
                        "PolicyName": "take-the-test-role",
                        "PolicyDocument": {
                            "Version": "2012-10-17",
                            "Statement": [
                                {
                                    "Sid": "TakeTheTestRole",
                                    "Effect": "Allow",
                                    "Action": "sts:AssumeRole",
                                    "Resource": {
                                        "Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/unit-tester"
                                    },
                                },
                                {
                                    "Sid": "KnowItself",
                                    "Effect": "Allow",
                                    "Action": [
                                        "iam:ListAccountAliases",
                                        "sts:GetAccessKeyInfo",
                                        "sts:GetCallerIdentity",
                                    ],
                                    "Resource": "*",
                                },
                            ],
                        },
                    }
                ],
                "Tags": [
                    {"Key": "team", "Value": "shop"},
                    {"Key": "sandgate:identity", "Value": "unit-tester"},
                ],
            },
        },
    },
    "Outputs": {"RoleArn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}},
}
Configure = Callable[..., Config]


@pytest.fixture
def config(configure: Configure) -> Config:
    return configure(repository="octo-org/shop", ci_subjects=["ref:refs/heads/main", "environment:sandbox"])


@pytest.fixture
def trust(config: Config) -> Trust:
    return providers()["github"].trust(config, IDS)


def test_the_template(trust: Trust, config: Config) -> None:
    made = role_template(trust, identity_names(config), tags={"team": "shop"}, makes_provider=True)
    assert made == GOLDEN


def test_an_account_has_one_provider(trust: Trust, config: Config) -> None:
    made: Any = role_template(trust, identity_names(config), tags={}, makes_provider=False)
    assert set(made["Resources"]) == {"Role"}
    statement = made["Resources"]["Role"]["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]
    assert statement["Principal"]["Federated"] == {
        "Fn::Sub": f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:oidc-provider/{ISSUER}"
    }


def test_names_lie_beside_those_of_the_identity(config: Config) -> None:
    names = identity_names(config)
    assert (names.ci_role, ci_stack(names)) == ("unit-tester-ci", "sandgate-unit-tester-ci")
    assert names.ci_role_arn(ACCOUNT) == ROLE


def may_take(trust: Trust, claims: Mapping[str, str], provider: str = PROVIDER) -> bool:
    """Whether a token is let in, as our own evaluation of the trust policy says."""
    document = parse_document(trust_policy(trust, PROVIDER), kind="trust")
    context = {f"{ISSUER}:{claim}": (value,) for claim, value in claims.items()}
    request = AccessRequest(
        action="sts:AssumeRoleWithWebIdentity", resource=ROLE, context={"aws:resourceaccount": (ACCOUNT,), **context}
    )
    policies = Policies(resource=compile_document(document))
    return evaluate(request, policies, Caller(federated=provider)).allowed


OLD, NEW = "repo:octo-org/shop", "repo:octo-org@583231/shop@1296269"


@pytest.mark.parametrize("prefix", [OLD, NEW])
@pytest.mark.parametrize("job", ["ref:refs/heads/main", "environment:sandbox"])
def test_the_jobs_that_are_named_are_let_in(prefix: str, job: str, trust: Trust) -> None:
    assert may_take(trust, {"aud": AUDIENCE, "sub": f"{prefix}:{job}"})


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": AUDIENCE, "sub": "repo:eve/shop:ref:refs/heads/main"},  # a fork
        {"aud": AUDIENCE, "sub": "repo:octo-org@583231/shop@7:ref:refs/heads/main"},  # a new repository of that name
        {"aud": AUDIENCE, "sub": "repo:octo-org@7/shop@1296269:ref:refs/heads/main"},
        {"aud": AUDIENCE, "sub": f"{OLD}:ref:refs/heads/topic"},  # another branch
        {"aud": AUDIENCE, "sub": f"{NEW}:ref:refs/heads/main2"},
        {"aud": AUDIENCE, "sub": f"{OLD}:pull_request"},
        {"aud": AUDIENCE, "sub": f"{OLD}:environment:production"},
        {"aud": AUDIENCE, "sub": "repo:octo-org/shop2:ref:refs/heads/main"},
        {"aud": AUDIENCE, "sub": "repo:Octo-Org/shop:ref:refs/heads/main"},
        {"aud": "https://github.com/octo-org", "sub": f"{OLD}:ref:refs/heads/main"},  # another audience
        {"aud": "sts.amazonaws.com.evil.example", "sub": f"{OLD}:ref:refs/heads/main"},
        {"sub": f"{OLD}:ref:refs/heads/main"},  # no audience
        {"aud": AUDIENCE},  # no subject
    ],
)
def test_nobody_else_is(claims: dict[str, str], trust: Trust) -> None:
    assert not may_take(trust, claims)


def test_no_other_issuer_is(trust: Trust) -> None:
    other = f"arn:aws:iam::{ACCOUNT}:oidc-provider/gitlab.com"
    assert not may_take(trust, {"aud": AUDIENCE, "sub": f"{OLD}:ref:refs/heads/main"}, other)


@pytest.mark.parametrize(
    "subject",
    [
        "ref:refs/heads/*",
        "ref:refs/heads/mai?",
        "ref:*",
        "*",
        "environment:*",
        "environment:",
        "environment:a:b",
        "ref:refs/heads/${aws:username}",
        "ref:refs/heads/main\n",
        "ref:refs/pull/7/merge",
        "main",
        "job_workflow_ref:octo-org/shop/.github/workflows/x.yml@refs/heads/main",
        "",
    ],
)
@pytest.mark.parametrize("provider", ["github", "gitlab"])
def test_what_is_not_exactly_one_job_is_refused(subject: str, provider: str, configure: Configure) -> None:
    config = configure(repository="octo-org/shop", ci_subjects=["ref:refs/heads/main", subject])
    with pytest.raises(ConfigError, match="is not exactly one job's"):
        providers()[provider].trust(config, IDS)


@pytest.mark.parametrize(
    "repository", ["octo-org/*", "*/shop", "octo-org/sho?", "octo-org", "/shop", "a/b\n", "${x}/y"]
)
def test_a_repository_is_one_repository(repository: str, tmp_path: Any) -> None:
    from sandgate.config.load import load  # noqa: PLC0415

    (tmp_path / "sandgate.toml").write_text(f"repository = {repository!r}\n".replace("'", '"'))
    with pytest.raises(ConfigError, match="must be OWNER/NAME"):
        load(cwd=tmp_path, environ={}, overrides={})


def test_nobody_is_let_in_by_an_empty_list(configure: Configure) -> None:
    with pytest.raises(ConfigError, match="names no job"):
        providers()["github"].trust(configure(repository="octo-org/shop", ci_subjects=[]), IDS)


def test_a_group_within_a_group_is_not_githubs(configure: Configure) -> None:
    with pytest.raises(ConfigError, match="is no OWNER/NAME"):
        providers()["github"].trust(configure(repository="a/b/c"), IDS)


def test_an_enterprise_server_signs_for_itself(config: Config) -> None:
    trust = providers()["github"].trust(config, {"GITHUB_SERVER_URL": "https://ghe.example.com"})
    assert trust.issuer == "ghe.example.com/_services/token"
    assert trust.subjects == ("repo:octo-org/shop:ref:refs/heads/main", "repo:octo-org/shop:environment:sandbox")


def test_gitlabs_subjects(configure: Configure) -> None:
    config = configure(repository="group/sub/shop", ci_subjects=["ref:refs/heads/main", "ref:refs/tags/v1"])
    trust = providers()["gitlab"].trust(config, {})
    assert trust.issuer == "gitlab.com"
    assert trust.subjects == (
        "project_path:group/sub/shop:ref_type:branch:ref:main",
        "project_path:group/sub/shop:ref_type:tag:ref:v1",
    )


def test_gitlab_has_no_subject_for_an_environment(config: Config) -> None:
    with pytest.raises(ConfigError, match="GitLab's tokens do not name 'environment:sandbox'"):
        providers()["gitlab"].trust(config, {})
