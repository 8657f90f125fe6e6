"""Aliases of keys."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

_ALIAS = {"AliasName": "AliasName"}

RESOURCE = ResourceType(
    name="kms-alias",
    type="AWS::KMS::Alias",
    service="kms",
    creates=(Create(operation="CreateAlias", names=_ALIAS),),
    removal=Removal(operation="DeleteAlias", parameters=_ALIAS, absent=("NotFoundException",)),
    listing=Listing(
        operation="ListAliases", entries="Aliases", key=_ALIAS, name="tail(AliasName)", created="CreationDate"
    ),
    remark="A key that waits for its deletion keeps its aliases, so they are removed by themselves.",
)
