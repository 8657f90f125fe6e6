"""Archives of events."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

_NAME = {"ArchiveName": "ArchiveName"}

RESOURCE = ResourceType(
    name="events-archive",
    type="AWS::Events::Archive",
    service="events",
    creates=(Create(operation="CreateArchive", names=_NAME, arn="ArchiveArn"),),
    removal=Removal(operation="DeleteArchive", parameters=_NAME, absent=("ResourceNotFoundException",)),
    listing=Listing(operation="ListArchives", entries="Archives", key=_NAME, created="CreationTime"),
)
