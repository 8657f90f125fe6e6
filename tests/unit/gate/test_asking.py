"""What the gate asks upstream by itself: what it makes of the answers, and of none."""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast
from urllib.parse import parse_qsl, quote

import pytest

from sandgate.gate.asking import Asking
from sandgate.gate.parts import Parts

ROLE = "arn:aws:iam::111122223333:role/deploys/test-r"
POLICY = "arn:aws:iam::111122223333:policy/test-b"
DOCUMENT = {"Version": "2012-10-17", "Statement": []}
ANSWERS = {
    "GetRole": f"<R><Role><Arn>{ROLE}</Arn><PermissionsBoundary><PermissionsBoundaryArn>{POLICY}"
    "</PermissionsBoundaryArn></PermissionsBoundary></Role></R>",
    "GetPolicy": "<R><Policy><DefaultVersionId>v7</DefaultVersionId></Policy></R>",
    "GetPolicyVersion": f"<R><PolicyVersion><Document>{quote(json.dumps(DOCUMENT))}</Document></PolicyVersion></R>",
    "DescribeChangeSet": "<R><ChangeSetName>c</ChangeSetName><StackName>test-s</StackName></R>",
}


class Answering(Asking):
    """Asks nobody: answers come from a table, by action or by stack."""

    def __init__(self, **answers: str) -> None:
        super().__init__(cast("Parts", None), "eu-west-1")
        self.answers = {**ANSWERS, **answers}
        self.asked: list[dict[str, str]] = []

    async def ask(
        self, service: str, method: str, path: str, *, body: bytes = b"", **_more: object
    ) -> tuple[int, bytes]:
        asked: dict[str, Any] = {**dict(parse_qsl(body.decode())), "service": service}
        self.asked.append(asked if body else {"service": service, "path": f"{method} {path}"})
        found = self.answers.get(asked.get("StackName", ""), self.answers.get(asked.get("Action", "")))
        return (200, found.encode()) if found else (404, b"<Error/>")


def test_the_boundary_of_a_role_is_the_default_version_of_its_policy() -> None:
    asking = Answering()
    assert asyncio.run(asking.boundary(ROLE)) == DOCUMENT
    assert [(one["service"], one["Version"]) for one in asking.asked] == [("iam", "2010-05-08")] * 3
    assert asking.asked[0]["RoleName"] == "test-r"
    assert (asking.asked[2]["PolicyArn"], asking.asked[2]["VersionId"]) == (POLICY, "v7")


@pytest.mark.parametrize(
    "answers",
    [
        {"GetRole": ""},
        {"GetRole": f"<R><Role><Arn>{ROLE}</Arn></Role></R>"},
        {"GetRole": ANSWERS["GetRole"].replace("/deploys/", "/")},
        {"GetRole": "no XML"},
        {"GetPolicy": ""},
        {"GetPolicyVersion": ""},
        {"GetPolicyVersion": "<R><Document>%7B</Document></R>"},
        {"GetPolicyVersion": "<R><Document>%5B%5D</Document></R>"},
    ],
)
def test_a_boundary_that_cannot_be_read_is_none(answers: dict[str, str]) -> None:
    assert asyncio.run(Answering(**answers).boundary(ROLE)) is None


def test_the_stack_of_a_change_set() -> None:
    asking = Answering()
    assert asyncio.run(asking.change_set("", "arn:c", "eu-west-1")) == "test-s"
    assert "StackName" not in asking.asked[0]
    assert asyncio.run(Answering(DescribeChangeSet="").change_set("s", "c", "eu-west-1")) is None


def listed(*members: tuple[str, str]) -> str:
    rows = "".join(
        f"<member><ResourceType>{kind}</ResourceType><PhysicalResourceId>{name}</PhysicalResourceId></member>"
        for kind, name in members
    )
    return f"<R><StackResourceSummaries>{rows}</StackResourceSummaries></R>"


def test_members_of_nested_stacks_are_members() -> None:
    nested = "AWS::CloudFormation::Stack"
    asking = Answering(
        top=listed(("AWS::SQS::Queue", "q"), (nested, "inner"), (nested, "gone")),
        inner=listed((nested, "inmost"), ("AWS::KMS::Key", "k")),
        inmost=listed(("AWS::ApiGateway::RestApi", "a"), (nested, "inmost")),
    )
    found = asyncio.run(asking.members("top", "eu-west-1"))
    assert found is not None
    assert {"q", "k", "a"} <= {member.physical_id for member in found}
    assert asyncio.run(asking.members("gone", "eu-west-1")) is None


STACK = "AWS::CloudFormation::Stack"
INNER = "arn:aws:cloudformation:eu-west-1:111122223333:stack/inner/1"


@pytest.mark.parametrize(
    ("type_", "physical", "status", "there"),
    [
        ("AWS::SQS::Queue", "q", "CREATE_COMPLETE", True),
        ("AWS::SQS::Queue", "q", "CREATE_IN_PROGRESS", True),
        ("AWS::SQS::Queue", "q", "UPDATE_FAILED", True),
        ("AWS::SQS::Queue", "q", "DELETE_FAILED", True),
        ("AWS::SQS::Queue", "q", "DELETE_SKIPPED", True),
        ("AWS::SQS::Queue", "q", "IMPORT_COMPLETE", True),
        ("AWS::SQS::Queue", "theirs", "CREATE_FAILED", False),
        ("AWS::SQS::Queue", "theirs", "IMPORT_FAILED", False),
        ("AWS::SQS::Queue", "theirs", "IMPORT_ROLLBACK_COMPLETE", False),
        ("AWS::SQS::Queue", "gone", "DELETE_COMPLETE", False),
        ("AWS::SQS::Queue", "theirs", "CREATE_SKIPPED", False),
        (STACK, INNER, "CREATE_FAILED", True),
        (STACK, "theirs", "CREATE_FAILED", False),
        (STACK, INNER, "IMPORT_FAILED", False),
    ],
)
def test_what_a_stack_failed_to_make_is_no_member(type_: str, physical: str, status: str, *, there: bool) -> None:
    answer = listed((type_, physical), ("AWS::KMS::Key", "k"))
    answer = answer.replace("</member>", f"<ResourceStatus>{status}</ResourceStatus></member>", 1)
    found = asyncio.run(Answering(top=answer).members("top", "eu-west-1"))
    assert found is not None
    assert [member.physical_id for member in found] == ([physical] if there else []) + ["k"]


@pytest.mark.parametrize(("bucket", "key"), [("b", "a/../c"), ("b", ".."), ("..", "a"), ("b", "./a")])
def test_an_object_whose_path_climbs_is_not_asked_for(bucket: str, key: str) -> None:
    asking = Answering()
    assert asyncio.run(asking.stored(bucket, key, "", "eu-west-1")) is None
    assert asking.asked == []
