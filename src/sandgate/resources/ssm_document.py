"""Documents, with their associations, and no longer shared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandgate.resources._model import Create, Key, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

_NAME = {"Name": "Name"}


def _release(client: Any, key: Key, _entry: Mapping[str, Any]) -> None:
    """Remove what AWS wants gone before a document: associations, and accounts that it is shared with."""
    name = key["Name"]
    of_it = [{"key": "Name", "value": name}]
    for page in client.get_paginator("list_associations").paginate(AssociationFilterList=of_it):
        for association in page["Associations"]:
            client.delete_association(AssociationId=association["AssociationId"])
    shared = client.describe_document_permission(Name=name, PermissionType="Share").get("AccountIds", ())
    if shared:
        client.modify_document_permission(Name=name, PermissionType="Share", AccountIdsToRemove=list(shared))


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
        full=("AssociatedInstances", "InvalidDocumentOperation"),
        busy=("TooManyUpdates",),
    ),
    listing=Listing(
        operation="ListDocuments",
        entries="DocumentIdentifiers",
        key=_NAME,
        parameters={"Filters": [{"Key": "Owner", "Values": ["Self"]}]},
        created="CreatedDate",
    ),
    empty=_release,
    actions=(
        "ssm:DeleteAssociation",
        "ssm:DescribeDocumentPermission",
        "ssm:ListAssociations",
        "ssm:ModifyDocumentPermission",
    ),
    proven="model",
)
