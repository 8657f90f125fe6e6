"""Runs of other machines: listed from a table, told from one's own, brought here, and closed when they own nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.ledger.fake_table import FakeTable

from sandgate.config.load import load
from sandgate.config.model import Config
from sandgate.errors import RunError
from sandgate.ledger.book import NAME, Book, read_state
from sandgate.ledger.lease import LEASE, MARGIN
from sandgate.ledger.pages import Page, text_of
from sandgate.ledger.shared import SharedRun, leases, lines_of
from sandgate.past import past_runs
from sandgate.sharing import bring, close_empty, merged, own_ids, shared_runs

RUN, NEXT = "20260131-120000-abcdef", "20260131-130000-abcdef"
OPEN = {"ledger": "open", "schema": 1, "at": 1.0, "tier": "sandbox", "account": "111122223333", "namespace": "abcdef"}
INTENT = {
    "ledger": "intent", "id": "a", "at": 2.0, "type": "dynamodb-table", "region": "eu-west-1",
    "key": {"TableName": "test-abcdef-t"},
}  # fmt: skip


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "sandgate.toml").write_text(f'cache_dir = "{tmp_path / "cache"}"\n')
    return load(cwd=tmp_path, environ={}, overrides={})


@pytest.fixture
def table() -> FakeTable:
    return FakeTable()


def left(table: FakeTable, run: str, *lines: dict[str, object]) -> None:
    """Have a run that was killed, and wrote these lines."""
    shared = SharedRun(table, run, "word", "elsewhere")
    shared.take(sweeping=False)
    if lines:
        shared.append(Page(run=run, first=0, lines=tuple(map(text_of, lines)), by="word"))


def test_a_run_is_what_its_lease_and_lines_say(table: FakeTable, tmp_path: Path) -> None:
    left(table, RUN, OPEN, INTENT)
    left(table, NEXT, OPEN, {"ledger": "intent", "id": 1})
    live, damaged = shared_runs(table, tmp_path)
    assert (live.id, live.machine, live.live, live.ended, live.tier, len(live.alive)) == (
        RUN, "elsewhere", True, False, "sandbox", 1,
    )  # fmt: skip
    assert "damaged" in damaged.failure
    table.time += LEASE + MARGIN
    assert [(past.live, past.ended) for past in shared_runs(table, tmp_path)] == [(False, False)] * 2
    assert [past.id for past in shared_runs(table, tmp_path, but=(RUN,))] == [NEXT]
    mine = SharedRun(table, RUN, "mine", "here")
    mine.take(sweeping=True)
    assert [past.being_swept for past in shared_runs(table, tmp_path)] == [True, False]
    mine.end()
    assert [past.id for past in shared_runs(table, tmp_path)] == [NEXT]


def test_a_run_that_is_brought_here_is_as_it_was_there(table: FakeTable, config: Config) -> None:
    left(table, RUN, OPEN, INTENT)
    (past,) = shared_runs(table, config.root)
    for _ in range(2):
        here = bring(past, config)
    assert (here.directory / NAME).read_text().splitlines() == list(past.lines)
    assert read_state(here.directory / NAME).alive == past.state.alive
    assert (here.directory / "namespace").read_text() == "abcdef"
    # The table knows best of it while nobody sweeps it here.
    assert own_ids(past_runs(config.root)) == ()
    assert merged(past_runs(config.root), [past]) == (past,)
    book = Book(here.directory / NAME)
    assert own_ids(past_runs(config.root)) == (RUN,)
    book.close()


@pytest.mark.parametrize("namespace", [None, 7, "../up", "abc\n"])
def test_a_run_without_a_namespace_cannot_be_swept(table: FakeTable, config: Config, namespace: object) -> None:
    left(table, RUN, {**OPEN, "namespace": namespace}, INTENT)
    (past,) = shared_runs(table, config.root)
    with pytest.raises(RunError, match="namespace"):
        bring(past, config)


def test_what_owns_nothing_and_does_not_live_is_closed(table: FakeTable, config: Config) -> None:
    def close() -> list[str]:
        return list(close_empty(table, shared_runs(table, config.root), config))

    left(table, RUN, OPEN)
    left(table, NEXT, OPEN, INTENT)
    assert close() == []
    table.time += LEASE + MARGIN
    before = shared_runs(table, config.root)
    assert close() == [RUN]
    assert [(lease.run, lease.ended) for lease in leases(table)] == [(RUN, True), (NEXT, False)]
    assert len(lines_of(table, NEXT)) == 2
    # Between the look and the lease it may have got something.
    SharedRun(table, RUN, "other", "other").take(sweeping=True)
    assert list(close_empty(table, before, config)) == []


def test_a_run_of_this_machine_that_ended_unheard_is_closed_by_its_own_ledger(table: FakeTable, config: Config) -> None:
    left(table, RUN, OPEN, INTENT)
    left(table, NEXT, OPEN, INTENT)
    failed: list[dict[str, object]] = [{"ledger": "failed", "id": "a", "code": ""}]
    for run, more in ((RUN, failed), (NEXT, [])):
        folder = config.root / ".sandgate" / "runs" / run
        folder.mkdir(parents=True)
        lines = [OPEN, INTENT, *more]
        (folder / NAME).write_text("".join(f"{text_of(line)}\n" for line in lines))

    def close() -> list[str]:
        return list(close_empty(table, past_runs(config.root), config))

    assert close() == []
    table.time += LEASE + MARGIN
    assert close() == [RUN]
    assert [(lease.run, lease.ended) for lease in leases(table)] == [(RUN, True), (NEXT, False)]
    assert close() == []
