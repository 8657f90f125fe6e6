"""Grants on keys that the run did not make."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="kms-grant",
    type="AWS::KMS::Grant",
    service="kms",
    creates=(Create(operation="CreateGrant", names={"KeyId": "tail(KeyId)"}, ids={"GrantId": "GrantId"}),),
    removal=Removal(
        operation="RevokeGrant",
        parameters={"KeyId": "KeyId", "GrantId": "GrantId"},
        key={"KeyId": "tail(KeyId)", "GrantId": "GrantId"},
        absent=("NotFoundException", "InvalidGrantIdException"),
        also=("RetireGrant",),
    ),
    listing=Listing(
        operation="ListGrants",
        entries="Grants",
        key={"KeyId": "tail(KeyId)", "GrantId": "GrantId"},
        within={"KeyId": "KeyId"},
        name="Name",
        created="CreationDate",
    ),
    within="kms-key",
    container={"KeyId": "KeyId"},
)
