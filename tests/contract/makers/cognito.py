"""Amazon Cognito."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.contract.makers._model import Maker, World

__all__ = ["MAKERS"]


def _new_pool(world: World, name: str) -> str:
    cognito = world.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName=name, DeletionProtection="ACTIVE")
    found: str = pool["UserPool"]["Id"]
    return found


def _pool(world: World, name: str) -> None:
    _new_pool(world, name)


def _id_of(world: World, name: str) -> str:
    pools = world.client("cognito-idp").list_user_pools(MaxResults=60)["UserPools"]
    return next(str(pool["Id"]) for pool in pools if pool["Name"] == name)


def _inside_pool(world: World, name: str) -> None:
    cognito, pool = world.client("cognito-idp"), _id_of(world, name)
    cognito.create_user_pool_domain(UserPoolId=pool, Domain=name)
    cognito.admin_create_user(UserPoolId=pool, Username="one")


def _pool_around(world: World, name: str) -> Mapping[str, Any]:
    pool = _new_pool(world, name)
    cognito = world.client("cognito-idp")
    cognito.update_user_pool(UserPoolId=pool, DeletionProtection="INACTIVE")
    world.cleanup.append(lambda: cognito.delete_user_pool(UserPoolId=pool))
    return {"UserPoolId": pool}


def _user(world: World, name: str) -> None:
    world.client("cognito-idp").admin_create_user(UserPoolId=_id_of(world, name), Username=name)


def _group(world: World, name: str) -> None:
    world.client("cognito-idp").create_group(UserPoolId=_id_of(world, name), GroupName=name)


def _client(world: World, name: str) -> None:
    world.client("cognito-idp").create_user_pool_client(UserPoolId=_id_of(world, name), ClientName=name)


def _server(world: World, name: str) -> None:
    pool = _id_of(world, name)
    world.client("cognito-idp").create_resource_server(UserPoolId=pool, Identifier=f"https://{name}", Name=name)


def _provider(world: World, name: str) -> None:
    world.client("cognito-idp").create_identity_provider(
        UserPoolId=_id_of(world, name),
        ProviderName=name,
        ProviderType="OIDC",
        ProviderDetails={
            "client_id": "x",
            "attributes_request_method": "GET",
            "oidc_issuer": "https://issuer.example",
            "authorize_scopes": "openid",
        },
    )


def _domain(world: World, name: str) -> None:
    world.client("cognito-idp").create_user_pool_domain(UserPoolId=_id_of(world, name), Domain=name)


def _identity_pool(world: World, name: str) -> None:
    world.client("cognito-identity").create_identity_pool(IdentityPoolName=name, AllowUnauthenticatedIdentities=False)


MAKERS = {
    "cognito-idp-user-pool": Maker(make=_pool, fill=_inside_pool),
    "cognito-idp-user": Maker(make=_user, container=_pool_around),
    "cognito-idp-group": Maker(make=_group, container=_pool_around),
    "cognito-idp-user-pool-client": Maker(make=_client, container=_pool_around),
    "cognito-idp-resource-server": Maker(make=_server, container=_pool_around),
    "cognito-idp-identity-provider": Maker(make=_provider, container=_pool_around),
    "cognito-idp-user-pool-domain": Maker(make=_domain, container=_pool_around),
    "cognito-identity-pool": Maker(make=_identity_pool),
}
