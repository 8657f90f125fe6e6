"""AWS KMS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.contract.makers._model import Maker, World

__all__ = ["MAKERS"]


def _new(world: World, name: str) -> str:
    return str(world.client("kms").create_key(Description=name)["KeyMetadata"]["KeyId"])


def _key(world: World, name: str) -> None:
    _new(world, name)


def _key_around(world: World, name: str) -> Mapping[str, Any]:
    key = _new(world, name)
    kms = world.client("kms")
    kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=key)
    world.cleanup.append(lambda: kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7))
    world.cleanup.append(lambda: kms.delete_alias(AliasName=f"alias/{name}"))
    return {"KeyId": key}


def _alias(world: World, name: str) -> None:
    key, kms = _new(world, name), world.client("kms")
    kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=key)
    world.cleanup.append(lambda: kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7))


def _grant(world: World, name: str) -> None:
    kms = world.client("kms")
    kms.create_grant(
        KeyId=kms.describe_key(KeyId=f"alias/{name}")["KeyMetadata"]["KeyId"],
        GranteePrincipal=f"arn:aws:iam::{world.account}:role/{name}",
        Operations=["Encrypt"],
    )


MAKERS = {
    "kms-alias": Maker(make=_alias),
    "kms-grant": Maker(make=_grant, container=_key_around),
    "kms-key": Maker(make=_key, paged=False),
}
