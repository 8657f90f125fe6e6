"""`sandgate policy`: what it prints, and its exit status."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sandgate.cli.main import run
from sandgate.iam.parse import parse_document


class Done(NamedTuple):
    status: int
    out: str
    err: str


Policy = Callable[..., Done]


@pytest.fixture
def policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Policy:
    """Runs `sandgate policy …` in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SANDGATE_NAMESPACE", raising=False)
    (tmp_path / "sandgate.toml").write_text('region = "eu-west-1"\n')

    def go(*arguments: str) -> Done:
        said = io.StringIO()
        status = run(["policy", *arguments], stderr=said)
        captured = capsys.readouterr()
        return Done(status, captured.out, captured.err + said.getvalue())

    return go


def sids(text: str) -> list[str]:
    return [statement.sid for statement in parse_document(text).statements]


def test_the_document_is_printed_alone_and_its_size_beside(policy: Policy) -> None:
    done = policy("show", "--services", "dynamodb")
    assert (done.status, sids(done.out)) == (0, ["DynamodbInside", "DynamodbUnscoped", "WhoAmI"])
    assert "arn:aws:dynamodb:eu-west-1:000000000000:table/test_*" in done.out
    assert done.err.endswith("characters\n")


def test_a_large_one_says_where_it_does_not_fit(policy: Policy) -> None:
    done = policy("show")
    assert "too large for managed policy (6,144), role inline (10,240)" in done.err


def test_one_for_programs(policy: Policy) -> None:
    done = policy("show", "--services", "sqs,sns", "--for", "deployer", "--json", "--account", "111122223333")
    found = json.loads(done.out)
    assert found["for"] == "deployer"
    assert found["fits"]["role inline"]
    assert "DeployerArtifacts" in sids(json.dumps(found["document"]))
    assert "eu-west-1:111122223333:test-*" in done.out
    assert found["characters"] == len(json.dumps(found["document"], separators=(",", ":")))


def test_a_tier_is_told_its_own(policy: Policy) -> None:
    done = policy("show", "--services", "sqs", "--for", "emulated")
    assert done.status == 0
    found = {one["Sid"]: one["Resource"] for one in json.loads(done.out)["Statement"]}
    assert found["SqsInsideUnseen"] == "?"
    assert found["SqsInside"] == [f"arn:aws:sqs:eu-west-1:000000000000:test{mark}*" for mark in "-_"]


def test_a_tier_that_judges_nothing_is_told_nothing(policy: Policy) -> None:
    done = policy("show", "--for", "endpoints")
    assert done.status != 0
    assert "identity, deployer, emulated" in done.err


def test_a_run_around_gives_its_namespace(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "table/test-*" in policy("show", "--services", "dynamodb").out
    monkeypatch.setenv("SANDGATE_NAMESPACE", "k3x9q2")
    assert "table/test-k3x9q2*" in policy("show", "--services", "dynamodb").out
    assert "table/test-aaaaaa*" in policy("show", "--services", "dynamodb", "--namespace", "aaaaaa").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "--services", "dynamdb"), "command line, --services"),
        (("show", "--for", "identify"), "did you mean 'identity'?"),
        (("show", "--account", "1"), "12 digits"),
        (("show", "--for", "x"), "one of identity, deployer"),
        (("explain", "PutItem"), "is no call"),
        (("explain", "dynamdb:PutItem"), "did you mean 'dynamodb'?"),
        (("explain", "dynamodb:PutIem"), "did you mean 'PutItem'?"),
        (("explain", "dynamodb:PutItem", "TableNam=orders"), "did you mean 'TableName'?"),
        (("explain", "dynamodb:PutItem", "orders"), "NAME=VALUE"),
        (("explain", "dynamodb:PutItem", "--params", "["), "is not JSON"),
        (("explain", "dynamodb:PutItem", "--params", "[" * 50000), "is nested too deep"),
        (("explain", "dynamodb:PutItem", "--params", f'{{"Item": {"9" * 5000}}}'), "a number too long to read"),
        (("explain", "dynamodb:PutItem", f'Item={{"a": {"9" * 5000}}}'), "a number too long to read"),
        (("explain", "dynamodb:PutItem", "--params", "[]"), "must be a JSON object"),
        (("explain", "dynamodb:PutItem", "--for", "nobody"), "identity or deployer"),
    ],
)
def test_what_is_wrong_is_said(arguments: tuple[str, ...], said: str, policy: Policy) -> None:
    done = policy(*arguments)
    assert done.status in {2, 3}
    assert said in done.err


def test_why_a_call_is_refused(policy: Policy) -> None:
    done = policy("explain", "dynamodb:PutItem", "TableName=orders")
    lines = done.out.splitlines()
    assert (done.status, lines[0]) == (1, "refused by rule outside-sandbox")
    assert lines[1] == "  dynamodb:PutItem on arn:aws:dynamodb:eu-west-1:000000000000:table/orders: allowed by nothing"
    assert lines[2].startswith(
        "    DynamodbInside: Resource wants arn:aws:dynamodb:eu-west-1:000000000000:table/test-*"
    )
    assert lines[3].endswith("other statements do not name the action")
    assert lines[-1] == 'to allow it, in [tool.sandgate]: adopt = ["orders"]'


def test_why_a_call_is_allowed(policy: Policy) -> None:
    done = policy("explain", "dynamodb:PutItem", "TableName=test_orders")
    assert (done.status, done.out.splitlines()[0]) == (0, "allowed")
    assert "allowed by DynamodbInside" in done.out


def test_a_call_that_needs_nothing(policy: Policy) -> None:
    free = policy("explain", "cognito-idp:InitiateAuth", "AuthFlow=USER_AUTH", "ClientId=a")
    assert (free.status, free.out) == (0, "allowed\n  it needs no permission\n")


@pytest.mark.parametrize("services", ["sqs", "sts", "iam,sqs"])
@pytest.mark.parametrize(
    "call", [("sts:GetCallerIdentity",), ("sts:GetAccessKeyInfo", "AccessKeyId=AKIAX"), ("iam:ListAccountAliases",)]
)
def test_who_one_is_may_be_asked_whatever_the_services_are(
    policy: Policy, call: tuple[str, ...], services: str
) -> None:
    """The identity that `up` makes may, so the gate does not refuse it."""
    done = policy("explain", *call, "--services", services)
    assert (done.status, done.out.splitlines()[0]) == (0, "allowed")


def test_nothing_else_of_those_services_may_be_asked(policy: Policy) -> None:
    for call in (("sts:DecodeAuthorizationMessage", "EncodedMessage=x"), ("iam:ListUsers",)):
        assert "refused by rule service-not-allowed" in policy("explain", *call, "--services", "sqs").out


def test_every_request_is_shown_with_its_place(policy: Policy) -> None:
    members = {"Bucket": "test-a", "Key": "k", "CopySource": "prod/k"}
    done = policy("explain", "s3:CopyObject", "--params", json.dumps(members))
    assert "s3:GetObject on arn:aws:s3:::prod/k (CopySource): allowed by nothing" in done.out
    assert "s3:PutObject on arn:aws:s3:::test-a/k: allowed by S3Inside" in done.out


def test_members_may_be_json(policy: Policy) -> None:
    items: dict[str, list[object]] = {"test-a": [], "b": []}
    done = policy("explain", "dynamodb.BatchWriteItem", f"RequestItems={json.dumps(items)}", "--json")
    found: dict[str, Any] = json.loads(done.out)
    assert (done.status, found["rule"], found["remedy"]) == (1, "outside-sandbox", 'adopt = ["b"]')
    assert [item["allowed"] for item in found["requests"]] == [True, False]
    assert found["requests"][0]["statement"] == "DynamodbInside"
    others = found["requests"][1]["others"]
    assert any(item["statement"] == "DynamodbInside" and "Resource wants" in item["why"][0] for item in others)


def test_the_deployer_and_other_regions_can_be_asked_for(policy: Policy) -> None:
    call = ("explain", "cloudformation:DeleteStack", "StackName=test-a", "--services", "sqs")
    assert policy(*call).status == 1
    assert policy(*call, "--for", "deployer").status == 0
    away = policy("explain", "sqs:CreateQueue", "QueueName=test-q", "--call-region", "us-east-1")
    assert "refused by rule outside-region" in away.out


def test_iam_names_of_services_are_understood(policy: Policy) -> None:
    done = policy(
        "explain", "states:DeleteActivity", "activityArn=arn:aws:states:eu-west-1:000000000000:activity:test-a"
    )
    assert done.status == 0
