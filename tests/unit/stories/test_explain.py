"""Each known failure, met and, where its context differs, not met."""

from __future__ import annotations

from typing import Any

import pytest

from sandgate.stories.explain import Explanation, explain, known_failures

ROLE = "arn:aws:iam::000000000000:role/test-a"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:test-f"
BUCKET = "arn:aws:s3:::test-b"
KMS = ("lambda:Invoke", FUNCTION, "KMSAccessDeniedException")
DENIED = ("lambda:GetLayerVersion", "arn:aws:lambda:us-east-1:111122223333:layer:x:4", "AccessDeniedException")
UNKNOWN_KEY = ("sts:GetCallerIdentity", "", "InvalidClientTokenId")
TOLD = f"User: x is not authorized to perform: lambda:GetLayerVersion on resource: {DENIED[1]} because"
Met = tuple[str, str, str]

CASES: list[tuple[str, list[Met], str]] = [
    ("role-recreated", [("iam:DeleteRole", ROLE, ""), ("iam:CreateRole", ROLE, ""), KMS], ""),
    ("role-recreated-earlier", [("iam:CreateRole", ROLE, ""), KMS], ""),
    ("key-not-propagated", [("iam:CreateAccessKey", ROLE, ""), UNKNOWN_KEY], ""),
    ("key-unknown", [UNKNOWN_KEY], ""),
    ("bucket-name-taken", [("s3:CreateBucket", BUCKET, "BucketAlreadyExists")], ""),
    ("region-mismatch", [("s3:CreateBucket", BUCKET, "IllegalLocationConstraintException")], ""),
    ("permission-missing-told", [DENIED], TOLD),
    ("permission-missing", [DENIED], ""),
    ("made-twice", [("s3:CreateBucket", BUCKET, ""), ("s3:CreateBucket", BUCKET, "BucketAlreadyOwnedByYou")], ""),
    ("leftover-instance", [("lambda:CreateFunction", FUNCTION, "ResourceConflictException")], ""),
]  # fmt: skip


def events(met: list[Met], *, apart: float = 1.0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number, (call, resource, code) in enumerate(met):
        service, operation = call.split(":")
        shown = [resource] if resource else []
        found.append(
            {"event": "call", "id": str(number), "time": number * apart, "service": service, "operation": operation,
             "region": "us-east-1", "resources": shown}
        )  # fmt: skip
        found.append({"event": "done", "id": str(number), "status": 400 if code else 200, "error": code})
    return found


def explained(met: list[Met], transcript: str = "", **kwargs: Any) -> tuple[Explanation, ...]:
    return explain(events(met, **kwargs), run="r1", transcript=transcript)


@pytest.mark.parametrize(("name", "met", "transcript"), CASES, ids=[name for name, *_ in CASES])
def test_a_known_failure_is_told(name: str, met: list[Met], transcript: str) -> None:
    (told,) = explained(met, transcript)
    assert told.name == name
    assert (told.call, told.code) == (met[-1][0], met[-1][2])
    assert told.cause
    assert "{" not in told.cause


def test_a_refusal_of_the_gate_brings_its_own_remedy() -> None:
    refusal = {"event": "refused", "id": "x", "time": 1.0, "service": "s3", "operation": "CreateBucket",
               "action": "s3:CreateBucket", "value": "prod", "remedy": "name it test-…"}  # fmt: skip
    (told,) = explain([refusal], run="r1")
    assert (told.name, told.remedy, told.resource) == ("permission-refused", "name it test-…", "prod")


def test_every_known_failure_has_a_test() -> None:
    assert {name for name, *_ in CASES} | {"permission-refused"} == {known.name for known in known_failures()}


def test_context_tells_alike_codes_apart() -> None:
    other = "arn:aws:iam::000000000000:role/test-other"
    recreated = [("iam:DeleteRole", ROLE, ""), ("iam:CreateRole", other, ""), KMS]
    assert [told.name for told in explained(recreated)] == ["role-recreated-earlier"]
    late = CASES[2][1]
    assert [told.name for told in explained(late, apart=61.0)] == ["key-unknown"]
    wrong_order = [("iam:CreateRole", ROLE, ""), ("iam:DeleteRole", ROLE, ""), KMS]
    assert [told.name for told in explained(wrong_order)] == ["role-recreated-earlier"]


def test_a_missing_permission_comes_with_its_statement() -> None:
    (told,) = explained([DENIED], TOLD)
    assert f'{{"Effect": "Allow", "Action": "lambda:GetLayerVersion", "Resource": "{DENIED[1]}"}}' in told.remedy


def test_alike_failures_are_told_once_and_counted() -> None:
    (told,) = explained([DENIED, DENIED])
    assert told.count == 2


def test_what_is_not_known_is_not_told() -> None:
    assert explained([("s3:HeadBucket", BUCKET, "404"), ("s3:GetObject", BUCKET, "NoSuchKey")]) == ()
