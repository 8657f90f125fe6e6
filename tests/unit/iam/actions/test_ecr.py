"""ECR: repositories of whatever registry, and the OCI protocol."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandgate.iam.actions import Unmapped, Unresolvable
from sandgate.iam.request import AccessRequest

Needs = Callable[..., list[str]]
Asked = Callable[..., tuple[AccessRequest, ...]]
FOREIGN = "arn:aws:ecr:eu-west-1:000000000000:repository/prod/app"


@pytest.mark.parametrize("operation", ["BatchGetImage", "PutImage", "SetRepositoryPolicy", "DeleteRepository"])
def test_a_repository_of_this_and_of_another_registry(needs: Needs, operation: str) -> None:
    assert needs(f"ecr.{operation}", repositoryName="test/app") == [
        f"ecr:{operation} arn:aws:ecr:::repository/test/app"
    ]
    assert needs(f"ecr.{operation}", repositoryName="prod/app", registryId="000000000000") == [
        f"ecr:{operation} {FOREIGN}"
    ]


@pytest.mark.parametrize("name", ["", "*", "test*", "Test", "a//", "/a", "a/../", "a:b", "a b", None])
def test_what_is_no_repository_is_refused(needs: Needs, name: object) -> None:
    for operation in ("BatchGetImage", "CreateRepository", "ListImageReferrers"):
        with pytest.raises(Unresolvable):
            needs(f"ecr.{operation}", repositoryName=name)
    with pytest.raises(Unresolvable):
        needs("ecr.DescribeRepositories", repositoryNames=["test/a", name or ""])


@pytest.mark.parametrize("registry", ["", "*", "1111", "11112222333a", 111122223333])
def test_what_is_no_registry_is_refused(needs: Needs, registry: object) -> None:
    with pytest.raises(Unresolvable):
        needs("ecr.BatchGetImage", repositoryName="test/app", registryId=registry)
    with pytest.raises(Unresolvable):
        needs("ecr.DescribePullThroughCacheRules", registryId=registry)


def test_lists_of_repositories(needs: Needs) -> None:
    assert needs("ecr.DescribeRepositories", repositoryNames=["test/a", "prod/b"], registryId="000000000000") == [
        "ecr:DescribeRepositories arn:aws:ecr:eu-west-1:000000000000:repository/test/a",
        "ecr:DescribeRepositories arn:aws:ecr:eu-west-1:000000000000:repository/prod/b",
    ]
    assert needs("ecr.DescribeRepositories") == ["ecr:DescribeRepositories arn:aws:ecr:::repository/*"]
    assert needs("ecr.BatchGetRepositoryScanningConfiguration", repositoryNames=["a", "b"]) == [
        "ecr:BatchGetRepositoryScanningConfiguration arn:aws:ecr:::repository/a",
        "ecr:BatchGetRepositoryScanningConfiguration arn:aws:ecr:::repository/b",
    ]


def test_referrers_are_images(needs: Needs) -> None:
    assert needs("ecr.ListImageReferrers", repositoryName="test/a") == [
        "ecr:BatchGetImage arn:aws:ecr:::repository/test/a"
    ]


def test_rules_of_a_registry(asked: Asked) -> None:
    role = "arn:aws:iam::000000000000:role/pull"
    found = asked(
        "ecr.CreatePullThroughCacheRule", ecrRepositoryPrefix="p", registryId="000000000000", customRoleArn=role
    )
    assert [(request.action, request.resource) for request in found] == [
        ("ecr:CreatePullThroughCacheRule", "arn:aws:ecr:eu-west-1:000000000000:repository/*"),
        ("iam:PassRole", role),
    ]
    assert found[1].context["iam:passedtoservice"] == ("pullthroughcache.ecr.amazonaws.com",)
    (request,) = asked("ecr.CreatePullThroughCacheRule", ecrRepositoryPrefix="p")
    assert request.resource == "*"
    passed = asked("ecr.CreateRepositoryCreationTemplate", prefix="p", customRoleArn=role)[1]
    assert passed.context["iam:passedtoservice"] == ("ecr.amazonaws.com",)


def test_a_new_repository_with_everything(asked: Asked) -> None:
    key = "arn:aws:kms:eu-west-1:000000000000:key/k-1"
    found = asked(
        "ecr.CreateRepository",
        repositoryName="test/a",
        tags=[{"Key": "team", "Value": "a"}],
        encryptionConfiguration={"encryptionType": "KMS", "kmsKey": key},
    )
    assert [(request.action, request.resource.rpartition(":")[2]) for request in found] == [
        ("ecr:CreateRepository", "repository/test/a"),
        ("ecr:TagResource", "repository/test/a"),
        ("kms:CreateGrant", "key/k-1"),
        ("kms:DescribeKey", "key/k-1"),
        ("kms:RetireGrant", "key/k-1"),
    ]
    assert found[1].context["aws:requesttag/team"] == ("a",)


@pytest.mark.parametrize("operation", ["TagResource", "UntagResource", "ListTagsForResource"])
def test_tags_are_of_an_arn(needs: Needs, operation: str) -> None:
    assert needs(f"ecr.{operation}", resourceArn=FOREIGN) == [f"ecr:{operation} {FOREIGN}"]
    for wrong in ("", "test/a", "*", f"{FOREIGN}/*", "arn:aws:s3:::b"):
        with pytest.raises(Unresolvable):
            needs(f"ecr.{operation}", resourceArn=wrong)


def test_the_registry_protocol(needs: Needs) -> None:
    """Its requests are operations of the API; only `/v2/` itself is none."""
    assert needs("ecr.Registry", registryId="111122223333") == ["ecr:GetAuthorizationToken *"]
    with pytest.raises(Unmapped):
        needs("ecr.Unsupported", repositoryName="test/a")
