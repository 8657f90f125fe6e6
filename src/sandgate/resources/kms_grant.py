"""Grants on keys that the run did not make."""

from __future__ import annotations

from dataclasses import replace

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

_CREATE = Create(operation="CreateGrant", names={"KeyId": "tail(KeyId)"}, ids={"GrantId": "GrantId"})

RESOURCE = ResourceType(
    name="kms-grant",
    type="AWS::KMS::Grant",
    service="kms",
    creates=(
        replace(_CREATE, when=("Name", ("",))),
        # Where there is a grant with this name and all else alike, AWS answers with that one's id.
        replace(_CREATE, when=("Name", ()), told={"Name": "Name"}, repeats=True),
    ),
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
