"""Repositories of container images, with the images."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

_REPOSITORY = {"repositoryName": "repositoryName"}

RESOURCE = ResourceType(
    name="ecr-repository",
    type="AWS::ECR::Repository",
    service="ecr",
    creates=(Create(operation="CreateRepository", names=_REPOSITORY, arn="repository.repositoryArn"),),
    removal=Removal(
        operation="DeleteRepository",
        parameters=_REPOSITORY,
        fixed={"force": True},
        absent=("RepositoryNotFoundException",),
    ),
    listing=Listing(
        operation="DescribeRepositories",
        entries="repositories",
        key=_REPOSITORY,
        parameters={"maxResults": 1000},  # the emulator cuts a longer list off
        created="createdAt",
    ),
)
