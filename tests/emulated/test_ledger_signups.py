"""Who signs up in a pool of somebody else's goes again, though the call names a client only; who was there stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from sandgate import sweeping
from sandgate.ledger.book import NAME, read_state
from sandgate.run import Run

Clients = Callable[[str], Any]
WORD = "Secret-12345!"


@pytest.fixture(scope="module")
def theirs(world: Run) -> Any:
    """A client of those to whom it belongs."""
    return world.deployer_clients()("cognito-idp")


@pytest.fixture(scope="module")
def pools(theirs: Any) -> dict[str, tuple[str, str]]:
    """Their pools, each with a user, and a client of each: people have names in one, addresses in the other."""
    found = {}
    for sign_in, attributes in (("name", []), ("address", ["email"])):
        pool = theirs.create_user_pool(PoolName=f"their-{sign_in}", UsernameAttributes=attributes)["UserPool"]["Id"]
        theirs.admin_create_user(UserPoolId=pool, Username="they@x.example", MessageAction="SUPPRESS")
        client = theirs.create_user_pool_client(UserPoolId=pool, ClientName="app")["UserPoolClient"]["ClientId"]
        found[sign_in] = (pool, client)
    return found


@pytest.fixture(scope="module")
def ours(world: Run, pools: dict[str, tuple[str, str]], make_beside: Callable[..., Any]) -> Iterator[Run]:
    """The run, which has heard of the clients by signed calls."""
    adopted = [f"arn:aws:cognito-idp:us-east-1:000000000000:userpool/{pool}" for pool, _ in pools.values()]
    with make_beside(world, ["cognito-idp"], adopted) as run:
        for pool, client in pools.values():
            run.clients()("cognito-idp").describe_user_pool_client(UserPoolId=pool, ClientId=client)
        yield run


@pytest.fixture(scope="module")
def anybody(ours: Run) -> Any:
    """A client without keys, as an application's front end has it."""
    return boto3.client(
        "cognito-idp",
        region_name=ours.region,
        endpoint_url=ours.gate_url,
        config=Config(signature_version=UNSIGNED),
    )


def users(run: Run) -> list[dict[str, Any]]:
    """Keys of the users that the ledger has."""
    run.mark()
    return [dict(one.key) for one in read_state(run.directory / NAME).alive.values() if one.type == "cognito-idp-user"]


def names(theirs: Any, pool: str) -> list[str]:
    return sorted(user["Username"] for user in theirs.list_users(UserPoolId=pool)["Users"])


@pytest.mark.parametrize("sign_in", ["name", "address"])
def test_who_signs_up_goes_and_who_was_there_stays(
    theirs: Any, anybody: Any, ours: Run, pools: dict[str, tuple[str, str]], sign_in: str
) -> None:
    """Where people sign in by their address, the name is one that AWS chose."""
    pool, client = pools[sign_in]
    before = names(theirs, pool)
    sub = anybody.sign_up(ClientId=client, Username="we@x.example", Password=WORD)["UserSub"]
    (key,) = users(ours)
    assert key == {"UserPoolId": pool, "Username": "we@x.example" if sign_in == "name" else sub}
    assert names(theirs, pool) == sorted([*before, key["Username"]])
    for taken in ("we@x.example", "they@x.example"):
        with pytest.raises(anybody.exceptions.UsernameExistsException):
            anybody.sign_up(ClientId=client, Username=taken, Password=WORD)
    assert users(ours) == [key]
    done = sweeping.sweep(ours)
    assert (len(done.removed), done.left) == (1, ())
    assert names(theirs, pool) == before


def test_whoever_is_of_the_runs_own_pool_goes_with_it(ours: Run, anybody: Any) -> None:
    cognito = ours.clients()("cognito-idp")
    own = cognito.create_user_pool(PoolName="test-our-pool")["UserPool"]["Id"]
    client = cognito.create_user_pool_client(UserPoolId=own, ClientName="app")["UserPoolClient"]["ClientId"]
    anybody.sign_up(ClientId=client, Username="we", Password=WORD)
    assert users(ours) == []
    assert sweeping.sweep(ours).left == ()


def test_a_gate_whose_emulator_is_its_own_finds_the_pool_by_reads(
    world: Run, anybody: Any, ours: Run, pools: dict[str, tuple[str, str]]
) -> None:
    """It has read no answers for that, since everything in there may be called without a signature."""
    for name in ("one@x.example", "two@x.example"):
        anybody.sign_up(ClientId=pools["address"][1], Username=name, Password=WORD)
    assert users(world) == []
    assert read_state(world.directory / NAME).findings == []
    assert len(sweeping.sweep(ours).removed) == 2
