"""The shared ledger: leases judged by a given clock, lines as items, and what goes out when."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from tests.unit.ledger.fake_table import FakeTable

from sandgate.core.table import TableError
from sandgate.errors import EnvironmentFault, RunError, SandgateError
from sandgate.ledger.book import NAME, Book
from sandgate.ledger.lease import LEASE, LEASES, MARGIN, RETENTION, Lease, lease_of, standing
from sandgate.ledger.mirror import Mirror
from sandgate.ledger.pages import LARGEST, Page, item_of, missing, page_of, paged, text_of
from sandgate.ledger.shared import LostLeaseError, SharedRun, explained, leases, lines_of

RUN = "20260131-120000-abcdef"
HEADER = {"run": RUN, "tier": "sandbox", "account": "111122223333", "namespace": "abcdef", "ends_with_gate": False}
INTENT = {"id": "a-1", "at": 1.0, "type": "dynamodb-table", "region": "eu-west-1", "key": {"TableName": "t"}}
THROTTLED = TableError("ThrottlingException", "Rate exceeded")
HELD = Lease(run=RUN, owner="word", label="here", until=1000.0)
Answer = TypeVar("Answer")


def run(work: Coroutine[Any, Any, Answer]) -> Answer:
    return asyncio.run(work)


@pytest.fixture
def table() -> FakeTable:
    return FakeTable()


@pytest.fixture(autouse=True)
def nobody_else_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only who waits for it has a line written: else the lease's keeper meets the failure that a test has arranged."""
    monkeypatch.setattr("sandgate.ledger.mirror._SOON", 3600.0)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    made = Book(tmp_path / NAME)
    yield made
    made.close()


def shared(table: FakeTable, owner: str = "one") -> SharedRun:
    return SharedRun(table, RUN, owner, f"machine of {owner}")


def there(table: FakeTable) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines_of(table, RUN)]


@pytest.mark.parametrize(
    ("lease", "now", "said"),
    [
        (HELD, 999.0, "live"),
        (HELD, 1000.0 + MARGIN - 0.1, "live"),
        (HELD, 1000.0 + MARGIN, "abandoned"),
        (replace(HELD, until=0.0), 999.0, "abandoned"),
        (replace(HELD, ended=True, until=0.0), 999.0, "ended"),
    ],
)
def test_a_lease_is_over_after_its_end_and_a_margin(lease: Lease, now: float, said: str) -> None:
    assert standing(lease, now) == said


def test_lines_are_items_and_back() -> None:
    lines = [text_of({"ledger": "intent", "key": {"b": "ü", "a": 1}}), text_of({"a": "x" * LARGEST}), "{}", "[]"]
    pages = list(paged(RUN, 7, lines, "word"))
    assert [(page.first, len(page.lines)) for page in pages] == [(7, 1), (8, 1), (9, 2)]
    assert [page_of(item_of(page)) for page in pages] == pages
    assert lines[0] == '{"key":{"a":1,"b":"\\u00fc"},"ledger":"intent"}'
    assert [item_of(page)["line"]["S"] for page in pages] == [f"{number:012d}" for number in (7, 8, 9)]


def test_what_one_side_lacks_is_counted_line_by_line() -> None:
    assert missing(["a", "b", "a", "c"], ["a", "d", "c"]) == ["b", "a"]
    assert missing([], ["a"]) == []


def test_a_live_lease_is_not_taken_and_one_that_is_over_is(table: FakeTable) -> None:
    shared(table).take(sweeping=False)
    for later in (0.0, LEASE, MARGIN - 1.0):
        table.time += later
        with pytest.raises(RunError, match=f"the run {RUN} lives on machine of one"):
            shared(table, "two").take(sweeping=True)
    table.time += 1.0
    shared(table, "two").take(sweeping=True)
    with pytest.raises(RunError, match="is being swept on machine of two"):
        shared(table, "three").take(sweeping=True)
    with pytest.raises(LostLeaseError):
        shared(table).renew()
    with pytest.raises(LostLeaseError):
        shared(table).append(Page(run=RUN, first=0, lines=("{}",), by="one"))
    shared(table, "two").release()
    shared(table, "three").take(sweeping=True)


@pytest.mark.parametrize("before", [False, True], ids=["new", "over"])
def test_of_two_who_saw_a_lease_that_is_over_one_gets_it(table: FakeTable, before: bool) -> None:
    if before:
        shared(table, "dead").take(sweeping=False)
        table.time += LEASE + MARGIN
    plain, looks = table.call, iter([True])

    def overtaken(operation: str, parameters: Any, /) -> Any:
        answer = plain(operation, parameters)
        if next(looks, False):
            shared(table, "quick").take(sweeping=True)
        return answer

    table.call = overtaken  # type: ignore[method-assign]
    with pytest.raises(RunError, match="is being swept on machine of quick"):
        shared(table, "late").take(sweeping=True)
    assert [lease.owner for lease in leases(table)] == ["quick"]


def test_an_answer_that_was_lost_is_no_other_owner(table: FakeTable) -> None:
    mine = shared(table)
    mine.take(sweeping=False)
    page = Page(run=RUN, first=0, lines=('{"a":1}',), by="one")
    table.unheard = 1
    with pytest.raises(TableError):
        mine.append(page)
    mine.append(page)
    assert there(table) == [{"a": 1}]
    with pytest.raises(LostLeaseError):
        mine.append(replace(page, lines=('{"a":2}',)))


def test_a_run_that_left_nothing_is_kept_for_a_while_and_one_that_did_for_ever(table: FakeTable) -> None:
    mine = shared(table)
    mine.take(sweeping=False)
    for number in range(5):
        mine.append(Page(run=RUN, first=number, lines=("{}",), by="one"))
    mine.release()
    assert not any("expires" in item for item in table.items.values())
    mine.take(sweeping=True)
    mine.end()
    assert {item["expires"]["N"] for item in table.items.values()} == {str(int(table.time + RETENTION))}
    assert [lease.ended for lease in leases(table)] == [True]
    shared(table, "two").take(sweeping=True)
    assert not any("expires" in item for item in table.items.values())
    assert len(there(table)) == 5


@pytest.mark.parametrize("wrong", [-3600.0, 3600.0])
@pytest.mark.parametrize("writes", [False, True])
def test_a_clock_that_was_set_meanwhile_ends_no_lease(table: FakeTable, wrong: float, writes: bool) -> None:
    mine = shared(table)
    mine.take(sweeping=False)
    table.wrong = wrong
    if writes:
        mine.append(Page(run=RUN, first=0, lines=("{}",), by="one"))
    else:
        mine.renew()
    assert [lease.until for lease in leases(table)] == [table.time + LEASE]


@pytest.mark.parametrize(
    ("item", "value"),
    [("line", {"S": "../../x"}), ("label", {"S": "\x1b[31m"}), ("until", {"N": "soon"}), ("owner", None)],
)
def test_a_lease_that_nobody_here_wrote_is_told(table: FakeTable, item: str, value: object) -> None:
    shared(table).take(sweeping=False)
    lease = table.items.pop((LEASES, RUN))
    table.items[LEASES, "x"] = {**lease, item: value} if value else {k: v for k, v in lease.items() if k != item}
    with pytest.raises(EnvironmentFault, match="holds what no sandgate has written"):
        leases(table)
    assert lease_of(lease).run == RUN


@pytest.mark.parametrize(
    ("code", "said", "hint"),
    [
        ("ResourceNotFoundException", "there is no table 'team-ledger'", "sandgate up"),
        ("AccessDeniedException", "may not be used", "sandgate up"),
        ("ValidationException", "is not one for a shared ledger", "keys `run` (HASH) and `line` (RANGE)"),
        ("Unreachable", "cannot be reached", ""),
    ],
)
def test_each_error_says_what_helps(table: FakeTable, code: str, said: str, hint: str) -> None:
    for ask in (lambda: shared(table).take(sweeping=False), lambda: leases(table), lambda: lines_of(table, RUN)):
        table.failures = [TableError(code, "AWS's words")]
        with pytest.raises(SandgateError) as caught:
            ask()
        assert said in caught.value.message
        assert hint in caught.value.hint
        assert "account 111122223333" in caught.value.where
    assert isinstance(explained(TableError(code, ""), table), EnvironmentFault)


# -- the gate's side --------------------------------------------------------------------------------------------------


async def opened(book: Book, table: FakeTable, owner: str = "one") -> Mirror:
    mirror = Mirror(shared(table, owner))
    await book.share(mirror)
    book.begin(HEADER, durable=False)
    return mirror


def test_a_line_is_in_the_table_before_it_counts_as_written(book: Book, table: FakeTable) -> None:
    async def scene() -> None:
        await opened(book, table)
        book.write("intent", **INTENT)
        assert there(table) == []
        assert await book.sync()
        assert [line["ledger"] for line in there(table)] == ["open", "intent"]
        before = len(table.calls)
        assert await book.sync()
        assert len(table.calls) == before  # nothing new, so nobody is asked

        table.failures = [THROTTLED]
        book.write("intent", **{**INTENT, "id": "a-2"})
        assert not await book.sync()
        assert "ThrottlingException" in book.unshared
        book.write("failed", id="a-2", code="")
        assert await book.sync()
        assert book.unshared == ""
        assert [line.get("id") for line in there(table)] == [None, "a-1", "a-2", "a-2"]
        await book.unshare()

    run(scene())


def test_those_who_wait_together_share_a_request(book: Book, table: FakeTable) -> None:
    async def one(number: int) -> bool:
        book.write("intent", **{**INTENT, "id": f"a-{number}"})
        return await book.sync()

    async def scene() -> None:
        await opened(book, table)
        table.calls.clear()
        assert all(await asyncio.gather(*(one(number) for number in range(50))))
        assert table.calls.count("TransactWriteItems") <= 2
        assert len(there(table)) == 51
        await book.unshare()

    run(scene())


def test_a_page_whose_answer_was_lost_goes_out_again_as_it_was(book: Book, table: FakeTable) -> None:
    async def scene() -> None:
        await opened(book, table)
        table.unheard = 1
        book.write("intent", **INTENT)
        assert not await book.sync()
        book.write("failed", id="a-1", code="")
        assert await book.sync()
        assert [line["ledger"] for line in there(table)] == ["open", "intent", "failed"]
        await book.unshare()

    run(scene())
    assert [lease.ended for lease in leases(table)] == [True]


def test_who_was_taken_over_makes_nothing_any_more(book: Book, table: FakeTable) -> None:
    async def scene() -> None:
        await opened(book, table)
        table.time += LEASE + MARGIN
        shared(table, "two").take(sweeping=True)
        book.write("intent", **INTENT)
        assert not await book.sync()
        assert "taken over by another machine" in book.unshared
        assert not await book.sync()
        await book.unshare()

    run(scene())
    assert [lease.owner for lease in leases(table)] == ["two"]
    assert there(table) == []


def test_a_run_that_owns_something_is_given_back_and_swept_elsewhere(book: Book, table: FakeTable) -> None:
    async def leave() -> None:
        await opened(book, table)
        book.write("intent", **INTENT)
        await book.sync()
        await book.unshare()

    run(leave())
    (lease,) = leases(table)
    assert (lease.until, lease.ended, standing(lease, table.time)) == (0.0, False, "abandoned")
    two = shared(table, "two")
    two.take(sweeping=True)
    gone = {"ledger": "gone", "type": INTENT["type"], "region": INTENT["region"], "key": INTENT["key"], "ids": ["a-1"]}
    two.append(Page(run=RUN, first=2, lines=(text_of(gone),), by="two"))
    two.release()
    book.write("made", id="a-1")  # this machine heard it, and never told

    async def again() -> None:
        assert book.state.alive
        await opened(book, table, "three")
        assert not book.state.alive
        await book.unshare()

    run(again())
    assert [line["ledger"] for line in there(table)] == ["open", "intent", "gone", "made"]


def test_a_line_that_no_item_holds_is_refused(book: Book, table: FakeTable) -> None:
    async def scene() -> None:
        await opened(book, table)
        book.write("intent", **{**INTENT, "key": {"TableName": "x" * (LARGEST + 1)}})
        assert not await book.sync() or not await book.sync()
        assert "an item 300,000" in book.unshared

    run(scene())


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not reached():  # noqa: ASYNC110 - what it waits for has no event
            await asyncio.sleep(0.001)


def test_outcomes_go_out_and_the_lease_is_renewed_while_nobody_waits(
    book: Book, table: FakeTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandgate.ledger.mirror.RENEW", 0.001)
    monkeypatch.setattr("sandgate.ledger.mirror._SOON", 0.0)

    async def scene() -> None:
        await opened(book, table)
        book.write("made", id="a-1")
        await until(lambda: "made" in [line["ledger"] for line in there(table)])
        table.time += LEASE
        await until(lambda: leases(table)[0].until == table.time + LEASE)
        await book.unshare()

    run(scene())


def test_what_was_written_renews_the_lease_and_nothing_else_is_sent(
    book: Book, table: FakeTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandgate.ledger.mirror._SOON", 0.03)

    async def scene() -> None:
        await opened(book, table)
        for number in range(5):
            book.write("intent", **{**INTENT, "id": f"a-{number}"})
            await asyncio.sleep(0.02)  # the keeper of the lease has woken for it
            book.write("intent", **{**INTENT, "id": f"b-{number}"})
            assert await book.sync()
            await asyncio.sleep(0.02)  # and once more, for what is there already
        assert table.calls.count("UpdateItem") == 1  # the lease is taken
        await book.unshare()

    run(scene())
