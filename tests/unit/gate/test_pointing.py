"""Calls that name a client in place of its pool: which pool that is, and who of those that sign up is written down."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, cast

import pytest

from sandgate.core.call import Call, Principal
from sandgate.gate.asking import Asking
from sandgate.gate.ledgering import Ledgering
from sandgate.gate.pointing import Pointing
from sandgate.gate.probing import Presence, Prober
from sandgate.gate.seen import Seen
from sandgate.ledger.book import Book
from sandgate.resources._model import Probe

REGION = "eu-west-1"
POOLS = {"p1": ("c1",), "p2": ("c2", "c3")}


class Cognito:
    """Pools and their clients, as the gate's own reads show them."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.pool: object = {}

    async def listed(self, *_about: object) -> list[str]:
        self.asked.append("list")
        await asyncio.sleep(0)
        return list(POOLS)

    async def exists(self, _service: str, _probe: Probe, key: Mapping[str, str], _region: str) -> Presence:
        self.asked.append(f"{key['UserPoolId']} {key['ClientId']}")
        await asyncio.sleep(0)
        return key["ClientId"] in POOLS[key["UserPoolId"]]

    async def survey(self, *_about: object) -> object:
        return self.pool


@pytest.fixture
def cognito() -> Cognito:
    """What upstream would say."""
    return Cognito()


@pytest.fixture
def seen() -> Seen:
    """What signed calls have said."""
    return Seen(everything=False)


@pytest.fixture
def pointing(book: Book, seen: Seen, cognito: Cognito) -> Pointing:
    """The finder."""
    return Pointing(book.state, seen, cast("Prober", cognito), REGION)


@pytest.fixture
def ledger(book: Book, pointing: Pointing, cognito: Cognito) -> Ledgering:
    """The ledger's keeper."""
    return Ledgering(book, cast("Asking", None), cast("Prober", cognito), pointing, "n1")


def sign_up(client: str = "c2", username: str = "we") -> Call:
    given = {"ClientId": client, "Username": username, "Password": "secret"}
    return Call(
        id=f"c-{username}", service="cognito-idp", operation="SignUp", parameters=given,
        principal=Principal(kind="anonymous", name="anonymous"),
    )  # fmt: skip


def answer(ledger: Ledgering, call: Call, *, status: int = 200, code: str = "", body: object = None) -> None:
    async def go() -> None:
        assert await ledger.before(await ledger.placed(call))
        ledger.after(call, status, code, (json.dumps(body or {}).encode(), ()), ())

    asyncio.run(go())


def users(book: Book) -> list[tuple[Mapping[str, Any], str, str]]:
    found = book.state.alive.values()
    return [(one.key, one.claim, one.region) for one in found if one.type == "cognito-idp-user"]


def test_what_signed_calls_said_is_not_asked_again(seen: Seen, pointing: Pointing, cognito: Cognito) -> None:
    said = {"UserPoolClient": {"UserPoolId": "eu-north-1_a", "ClientId": "c2"}}
    seen.learn("cognito-idp", {}, json.dumps(said).encode(), region="eu-north-1")
    seen.learn("cognito-idp", {"UserPoolId": "p9", "ClientId": "c9"}, region=REGION)
    placed = asyncio.run(pointing.placed(sign_up()))
    assert (placed.parameters["UserPoolId"], placed.region) == ("eu-north-1_a", "eu-north-1")
    assert asyncio.run(pointing.placed(sign_up("c9"))).parameters["UserPoolId"] == "p9"
    assert cognito.asked == []


def test_what_the_ledger_knows_is_asked_first_and_each_client_once(
    book: Book, pointing: Pointing, cognito: Cognito
) -> None:
    line = {"id": "1", "at": 1.0, "type": "cognito-idp-user-pool", "region": "eu-north-1", "key": {"UserPoolId": "p2"}}
    book.write("intent", **line)

    async def both() -> list[Call]:
        return list(await asyncio.gather(*(pointing.placed(sign_up(username=name)) for name in ("a", "b"))))

    assert [(call.parameters["UserPoolId"], call.region) for call in asyncio.run(both())] == [("p2", "eu-north-1")] * 2
    assert cognito.asked == ["p2 c2"]


def test_every_pool_is_asked_where_nothing_is_known(pointing: Pointing, cognito: Cognito) -> None:
    placed = asyncio.run(pointing.placed(sign_up()))
    assert (placed.parameters["UserPoolId"], placed.region) == ("p2", REGION)
    assert cognito.asked == ["list", "p1 c2", "p2 c2"]


def test_a_client_of_no_pool(book: Book, ledger: Ledgering) -> None:
    """Whoever signed up there stays for certain; a failure made nobody."""
    answer(ledger, sign_up("c8"), status=400, code="ResourceNotFoundException")
    assert book.state.findings == []
    answer(ledger, sign_up("c9", "b"))
    assert [(one.what, one.type, one.name) for one in book.state.findings] == [
        ("unnamed", "cognito-idp-user-pool", "c9")
    ]
    assert users(book) == []


@pytest.mark.parametrize(
    ("pool", "name"), [({}, "we@x"), ({"UsernameAttributes": ["email"]}, "u-1")], ids=["name", "address"]
)
def test_who_signed_up_is_known_by_the_name_that_listings_have(
    book: Book, ledger: Ledgering, cognito: Cognito, pool: object, name: str
) -> None:
    cognito.pool = pool
    answer(ledger, sign_up(username="we@x"), body={"UserSub": "u-1"})
    assert users(book) == [({"UserPoolId": "p2", "Username": name}, "made", REGION)]


def test_who_was_there_is_not_the_runs(book: Book, ledger: Ledgering) -> None:
    answer(ledger, sign_up(), status=400, code="UsernameExistsException")
    assert users(book) == []


def test_a_message_that_nobody_could_send_leaves_the_user_there(book: Book, ledger: Ledgering) -> None:
    answer(ledger, sign_up(), status=400, code="CodeDeliveryFailureException")
    assert users(book) == [({"UserPoolId": "p2", "Username": "we"}, "unknown", REGION)]
