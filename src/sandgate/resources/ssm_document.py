"""Documents, with all versions, and no longer shared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sandgate.resources._model import Create, Key, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

_NAME = {"Name": "Name"}


def _unshare(client: Any, key: Key, _entry: Mapping[str, Any]) -> Iterator[int]:
    """Take a document back from the accounts that it is shared with, which AWS wants first."""
    name = key["Name"]
    shared = client.describe_document_permission(Name=name, PermissionType="Share").get("AccountIds", ())
    if shared:
        client.modify_document_permission(Name=name, PermissionType="Share", AccountIdsToRemove=list(shared))
    yield len(shared)


RESOURCE = ResourceType(
    name="ssm-document",
    type="AWS::SSM::Document",
    service="ssm",
    creates=(Create(operation="CreateDocument", names=_NAME),),
    removal=Removal(
        operation="DeleteDocument",
        parameters=_NAME,
        when=("DocumentVersion|VersionName", ("",)),  # with one, only a version goes
        absent=("InvalidDocument",),
        full=("InvalidDocumentOperation",),
        busy=("TooManyUpdates",),
    ),
    listing=Listing(
        operation="ListDocuments",
        entries="DocumentIdentifiers",
        key=_NAME,
        parameters={"Filters": [{"Key": "Owner", "Values": ["Self"]}]},
        created="CreatedDate",
    ),
    empty=_unshare,
    actions=("ssm:DescribeDocumentPermission", "ssm:ModifyDocumentPermission"),
    proven="model",
)
