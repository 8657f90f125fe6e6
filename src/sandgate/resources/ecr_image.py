"""Tags of images in repositories that the run did not make; the image goes with its last tag."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Probe, Removal, ResourceType

__all__ = ["RESOURCE"]

_TAG = {"repositoryName": "repositoryName", "imageTag": "imageTag"}

RESOURCE = ResourceType(
    name="ecr-image",
    type="AWS::ECR::Image",
    service="ecr",
    creates=(
        Create(
            operation="PutImage",
            names=_TAG,
            when=("imageTag", ()),
            # A tag moves to the new image where tags are mutable.
            probe=Probe(
                operation="DescribeImages",
                parameters={"repositoryName": "{repositoryName}", "imageIds.0.imageTag": "{imageTag}"},
                absent=("ImageNotFoundException", "RepositoryNotFoundException"),
                shows="imageDetails.imageDigest",
            ),
        ),
    ),
    removal=Removal(
        operation="BatchDeleteImage",
        parameters={"repositoryName": "repositoryName", "imageIds.0.imageTag": "imageTag"},
        key={"repositoryName": "repositoryName", "imageTag": "imageIds.imageTag"},
        partly={"BatchDeleteImage": "failures"},
        absent=("ImageNotFoundException", "RepositoryNotFoundException"),
    ),
    listing=Listing(
        operation="ListImages",
        entries="imageIds",
        key=_TAG,
        parameters={"filter": {"tagStatus": "TAGGED"}},
        within={"repositoryName": "repositoryName"},
        name="imageTag",
    ),
    within="ecr-repository",
    container={"repositoryName": "repositoryName"},
)
