"""What a run owns because a stack of its own holds it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from sandgate.core.call import Call, Principal
from sandgate.gate.asking import Asking, StackMember
from sandgate.gate.members import STACK, Members, key_of_member
from sandgate.ledger.book import Book
from sandgate.resources._model import resource_types

REGION = "eu-west-1"
TABLE = {"TableName": "test-t"}


class Stacks:
    """What stacks hold, and how often they were asked."""

    def __init__(self) -> None:
        self.held: tuple[StackMember, ...] = ()
        self.asked: list[tuple[str, str]] = []

    async def members(self, stack: str, region: str) -> tuple[StackMember, ...]:
        self.asked.append((stack, region))
        return self.held


@pytest.fixture
def stacks() -> Stacks:
    """What upstream would say."""
    return Stacks()


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    """A ledger with a stack."""
    made = Book(tmp_path / "ledger.jsonl")
    made.begin({}, durable=False)
    made.write("intent", id="s", at=1.0, type=STACK, region=REGION, key={"StackName": "test-s"})
    made.write("made", id="s")
    yield made
    made.close()


@pytest.fixture
def members(book: Book, stacks: Stacks) -> Members:
    """What knows."""
    return Members(book, cast("Asking", stacks), "ns1234")


def deploys(operation: str, name: str = "test-s") -> Call:
    return Call(
        id=operation, service="cloudformation", operation=operation, parameters={"StackName": name}, region=REGION,
        principal=Principal(kind="deployer", name="main"),
    )  # fmt: skip


def owns(members: Members, table: str = "test-t", region: str = REGION) -> bool:
    return asyncio.run(members.owns("dynamodb-table", {"TableName": table}, region))


def test_a_member_is_adopted_when_somebody_writes_into_it(members: Members, book: Book, stacks: Stacks) -> None:
    """The stack is asked once, whatever else is written afterwards."""
    stacks.held = (StackMember("AWS::DynamoDB::Table", "test-t"), StackMember("AWS::Nobody::Knows", "x"))
    assert [owns(members), owns(members)] == [True, True]
    assert stacks.asked == [("test-s", REGION)]
    entry = next(entry for entry in book.state.alive.values() if entry.type == "dynamodb-table")
    assert (entry.claim, entry.stack) == ("perhaps", "test-s")


def test_what_no_stack_holds_is_asked_about_until_there_is_another_deployment(members: Members, stacks: Stacks) -> None:
    assert [owns(members), owns(members)] == [False, False]
    assert len(stacks.asked) == 1
    stacks.held = (StackMember("AWS::DynamoDB::Table", "test-t"),)
    members.after(deploys("UpdateStack"))
    assert owns(members)
    assert len(stacks.asked) == 2


def test_stacks_of_another_region_hold_nothing_here(members: Members, stacks: Stacks) -> None:
    stacks.held = (StackMember("AWS::DynamoDB::Table", "test-t"),)
    assert not owns(members, region="eu-central-1")
    assert stacks.asked == []


@pytest.mark.parametrize("name", ["test-s", f"arn:aws:cloudformation:{REGION}:000000000000:stack/test-s/1"])
def test_members_are_taken_before_their_stack_lets_go(members: Members, book: Book, stacks: Stacks, name: str) -> None:
    stacks.held = (StackMember("AWS::DynamoDB::Table", "test-t"),)
    assert asyncio.run(members.before(deploys("DeleteStack", name)))
    assert book.state.holds("dynamodb-table", REGION, TABLE)
    assert not asyncio.run(members.before(deploys("DeleteStack", name)))


def test_another_runs_stack_gives_nothing(members: Members, stacks: Stacks) -> None:
    assert not asyncio.run(members.before(deploys("DeleteStack", "test-other")))
    assert stacks.asked == []


def test_keys_from_physical_ids() -> None:
    kinds = resource_types()
    assert key_of_member(kinds["sqs-queue"], "http://h/000000000000/test-q") == {"QueueName": "test-q"}
    assert key_of_member(kinds["dynamodb-table"], "") is None
    assert key_of_member(kinds["s3-object"], "x") is None
