"""Signing scopes against those of botocore's own clients."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import Session

from sandgate.tiers._rules import SigningRules

REGIONS = ("us-east-1", "eu-west-1", "ap-southeast-2", "cn-north-1", "us-gov-west-1", "us-iso-east-1")
CALLS = {
    "account": "list_regions",
    "billing": "list_billing_views",
    "budgets": "describe_budgets",
    "chime": "list_accounts",
    "cloudfront": "list_distributions",
    "cognito-idp": "list_user_pools",
    "dynamodb": "list_tables",
    "ec2": "describe_regions",
    "health": "describe_events",
    "iam": "list_users",
    "importexport": "list_jobs",
    "lambda": "list_functions",
    "networkmanager": "list_core_networks",
    "organizations": "list_accounts",
    "pricing-plan-manager": "list_subscriptions",
    "route53": "list_hosted_zones",
    "route53-recovery-control-config": "list_clusters",
    "s3": "list_buckets",
    "savingsplans": "describe_savings_plans",
    "shield": "list_protections",
    "sqs": "list_queues",
    "sts": "get_caller_identity",
    "support": "describe_services",
    "taxsettings": "get_tax_inheritance",
    "waf": "list_web_acls",
}


@pytest.fixture(scope="session")
def rules() -> SigningRules:
    return SigningRules.load(None)


@pytest.fixture(scope="session")
def botocore_session() -> Session:
    session = Session()
    session.set_credentials("AKIDEXAMPLE", "secret")
    return session


class Nothing:
    """A body without a byte."""

    def stream(self, **_: object) -> Iterator[bytes]:
        return iter(())


def scope_of_client(session: Session, service: str, region: str) -> tuple[str, str]:
    """Signing name and region in what a client sends."""
    config = Config(
        parameter_validation=False,
        retries={"total_max_attempts": 1},
        inject_host_prefix=False,
    )
    client: Any = session.create_client(service, region_name=region, config=config)
    sent: list[str] = []

    def grab(request: Any, **_: object) -> AWSResponse:
        value = request.headers["Authorization"]
        sent.append(value.decode() if isinstance(value, bytes) else value)
        return AWSResponse(request.url, 500, HTTPHeaders(), Nothing())

    client.meta.events.register("before-send", grab)
    with pytest.raises(ClientError):
        getattr(client, CALLS[service])()
    found = re.search(r"Credential=[^/]+/\d{8}/([^/]+)/([^/]+)/aws4_request", sent[0])
    assert found is not None
    return found[2], found[1]


@pytest.mark.parametrize("service", CALLS)
def test_scope_is_what_a_client_of_botocore_signs_for(
    service: str, rules: SigningRules, botocore_session: Session
) -> None:
    # The usual name is what the service signs with where no rule says another one.
    usual = scope_of_client(botocore_session, service, "us-iso-east-1")[0]
    for region in REGIONS:
        expected = scope_of_client(botocore_session, service, region)
        assert rules.scope(service, usual, region) == expected, region


@pytest.mark.parametrize(
    ("service", "region", "signed_for"),
    [
        ("iam", "eu-west-1", "us-east-1"),
        ("iam", "cn-northwest-1", "cn-north-1"),
        ("iam", "us-gov-east-1", "us-gov-west-1"),
        ("route53", "eu-west-1", "us-east-1"),
        ("networkmanager", "us-east-1", "us-west-2"),
        ("dynamodb", "eu-west-1", "eu-west-1"),
        ("sts", "eu-west-1", "eu-west-1"),
        # regions that botocore does not list are told by their pattern
        ("iam", "eu-nowhere-9", "us-east-1"),
        ("dynamodb", "eu-nowhere-9", "eu-nowhere-9"),
        ("iam", "moon-base-1", "moon-base-1"),
        ("execute-api", "eu-west-1", "eu-west-1"),
    ],
)
def test_known_scopes(service: str, region: str, signed_for: str, rules: SigningRules) -> None:
    assert rules.scope(service, service, region) == (service, signed_for)


def test_the_file_is_read_again_and_a_damaged_one_is_made_anew(
    tmp_path: Path, rules: SigningRules, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "new" / "cache"
    assert SigningRules.load(cache) == rules
    (file,) = cache.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert SigningRules.load(cache) == rules
    assert file.read_bytes() == whole
    monkeypatch.setitem(sys.modules, "sandgate.tiers._rules_build", None)
    assert SigningRules.load(cache) == rules


def test_a_cache_that_cannot_be_written_is_no_fault(tmp_path: Path, rules: SigningRules) -> None:
    (tmp_path / "file").touch()
    assert SigningRules.load(tmp_path / "file") == rules
