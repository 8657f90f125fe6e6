"""Images without a tag in repositories that the run did not make, such as those of a list of images."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

_DIGEST = {"repositoryName": "repositoryName", "imageDigest": "imageDigest"}

RESOURCE = ResourceType(
    name="ecr-untagged-image",
    type="AWS::ECR::UntaggedImage",
    service="ecr",
    creates=(
        Create(
            operation="PutImage",
            names={"repositoryName": "repositoryName"},
            ids={"imageDigest": "image.imageId.imageDigest"},
            when=("imageTag", ("",)),
        ),
    ),
    removal=Removal(
        operation="BatchDeleteImage",
        parameters={"repositoryName": "repositoryName", "imageIds.0.imageDigest": "imageDigest"},
        key={"repositoryName": "repositoryName", "imageDigest": "imageIds.imageDigest"},
        absent=("ImageNotFoundException", "RepositoryNotFoundException"),
    ),
    listing=Listing(
        operation="ListImages",
        entries="imageIds",
        key=_DIGEST,
        parameters={"filter": {"tagStatus": "UNTAGGED"}},
        within={"repositoryName": "repositoryName"},
        name="imageDigest",
    ),
    within="ecr-repository",
    container={"repositoryName": "repositoryName"},
)
