"""Platform applications for mobile push, with their endpoints."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Probe, Removal, ResourceType

__all__ = ["RESOURCE"]

_ARN = {"PlatformApplicationArn": "PlatformApplicationArn"}

RESOURCE = ResourceType(
    name="sns-platform-application",
    type="AWS::SNS::PlatformApplication",
    service="sns",
    creates=(
        Create(
            operation="CreatePlatformApplication",
            ids=_ARN,
            told={"tail(PlatformApplicationArn)": "Name", "second(PlatformApplicationArn)": "Platform"},
            arn="PlatformApplicationArn",
            probe=Probe(
                operation="GetPlatformApplicationAttributes",
                parameters={
                    "PlatformApplicationArn": "arn:aws:sns:{region}:{account}"
                    ":app/{second(PlatformApplicationArn)}/{tail(PlatformApplicationArn)}"
                },
                absent=("NotFound",),
            ),
        ),
    ),
    removal=Removal(operation="DeletePlatformApplication", parameters=_ARN, absent=("NotFound",)),
    listing=Listing(
        operation="ListPlatformApplications",
        entries="PlatformApplications",
        key=_ARN,
        name="tail(PlatformApplicationArn)",
    ),
)
