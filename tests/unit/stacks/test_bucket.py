"""The artifact bucket where S3 answers what an emulator does not: somebody else's bucket, races, refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandgate.errors import StackError
from sandgate.stacks.bucket import ArtifactBucket
from sandgate.stacks.host import artifact_bucket, build_target


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "said so"}}, "Operation")


class S3:
    """Answers HeadBucket and CreateBucket as told; every object is missing."""

    class exceptions:  # noqa: N801 - botocore's spelling
        ClientError = ClientError

    def __init__(self, *, region: str = "eu-west-1", head: str = "404", create: str = "") -> None:
        self.meta = type("meta", (), {"region_name": region})
        self._head, self._create = head, create
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, service: str) -> S3:
        assert service == "s3"
        return self

    def names(self) -> list[str]:
        return [name for name, _ in self.calls]

    def _answer(self, name: str, code: str, request: dict[str, Any]) -> None:
        self.calls.append((name, request))
        if code:
            raise refusal(code)

    def head_bucket(self, **request: Any) -> None:
        self._answer("head_bucket", self._head, request)

    def create_bucket(self, **request: Any) -> None:
        self._answer("create_bucket", self._create, request)

    def head_object(self, **request: Any) -> None:
        self._answer("head_object", "404", request)

    def put_object(self, **request: Any) -> None:
        self._answer("put_object", "", request)

    def get_waiter(self, name: str) -> S3:
        assert name == "bucket_exists"
        return self

    def wait(self, **request: Any) -> None:
        self._answer("wait", "", request)

    def get_paginator(self, name: str) -> Any:
        assert name == "list_object_versions"
        raise refusal(self._head)


def test_it_is_made_where_the_client_is() -> None:
    for region, options in {
        "eu-west-1": {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}},
        "us-east-1": {},
    }.items():
        s3 = S3(region=region)
        assert ArtifactBucket(s3, "b")(b"x", "k") == ("b", "k")
        assert s3.names() == ["head_bucket", "create_bucket", "wait", "head_object", "put_object"]
        assert s3.calls[1][1] == {"Bucket": "b", **options}


def test_somebody_elses_bucket_is_not_filled() -> None:
    s3 = S3(head="403")
    with pytest.raises(StackError, match="not ours to use"):
        ArtifactBucket(s3, "b")(b"x", "k")
    assert s3.names() == ["head_bucket"]


def test_every_call_names_the_account_that_must_own_it() -> None:
    s3 = S3()
    ArtifactBucket(s3, "b", account="111122223333")(b"x", "k")
    owners = {name: request.get("ExpectedBucketOwner") for name, request in s3.calls}
    for name in ("head_bucket", "head_object", "put_object"):
        assert owners[name] == "111122223333"


def test_a_worker_that_was_quicker_is_fine() -> None:
    s3 = S3(create="BucketAlreadyOwnedByYou")
    ArtifactBucket(s3, "b")(b"x", "k")
    assert "put_object" in s3.names()


@pytest.mark.parametrize("s3", [S3(create="TooManyBuckets"), S3(head="500")])
def test_a_refusal_is_an_error_for_people(s3: S3) -> None:
    with pytest.raises(StackError, match=r"artifact bucket cannot be made: .*said so"):
        ArtifactBucket(s3, "b")(b"x", "k")


def test_removing_what_is_gone_is_fine_and_a_refusal_is_not() -> None:
    ArtifactBucket(S3(head="NoSuchBucket"), "b").remove()
    with pytest.raises(StackError, match="cannot be deleted"):
        ArtifactBucket(S3(head="AccessDenied"), "b").remove()


def test_a_runs_bucket_is_written_down_before_it_is_made(tmp_path: Path) -> None:
    s3 = S3(create="AccessDenied")
    host: Any = type(
        "Host", (), {
            "artifact_bucket": "test-abc-artifacts", "namespace": "abc", "directory": tmp_path,
            "deployer_clients": lambda _: s3,
        },
    )()  # fmt: skip
    with pytest.raises(StackError, match="AccessDenied"):
        artifact_bucket(host)(b"x", "k")
    assert (tmp_path / "artifacts").exists()


def test_functions_run_in_our_interpreter_only_in_the_embedded_emulator() -> None:
    assert build_target("emulated").python is not None
    assert build_target("sandbox").python is None
    assert build_target("endpoints").python is None
