"""Ids: unique, sortable, and short enough for the names that AWS allows."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from sandgate.core.ids import call_ids, new_namespace, new_run_id, worker_namespace


def test_run_ids_sort_by_time() -> None:
    early, late = (new_run_id(datetime(2026, 1, day, tzinfo=UTC)) for day in (9, 10))
    assert early < late
    assert re.fullmatch(r"20260109-000000-[a-z0-9]{6}", early)


def test_run_ids_of_one_second_differ_and_sort_by_time() -> None:
    made = [new_run_id(datetime(2026, 1, 1, microsecond=step * 1000, tzinfo=UTC)) for step in range(1000)]
    assert made == sorted(set(made))


def test_run_ids_of_one_moment_differ() -> None:
    assert len({new_run_id(datetime(2026, 1, 1, microsecond=999_999, tzinfo=UTC)) for _ in range(5)}) == 5


def test_namespaces_are_legal_everywhere() -> None:
    found = {new_namespace() for _ in range(500)}
    assert len(found) > 490
    assert all(re.fullmatch(r"[a-z][a-z0-9]{5}", namespace) for namespace in found)


def test_call_ids_count_from_a_start_of_their_own() -> None:
    first, second = call_ids(), call_ids()
    ids = [first(), first(), second()]
    assert len(set(ids)) == 3
    assert ids[0].rpartition("-")[0] == ids[1].rpartition("-")[0]


def test_each_worker_has_a_namespace_of_its_own() -> None:
    found = {worker_namespace("abc123", f"gw{number}") for number in range(200)}
    assert len(found) == 200
    assert worker_namespace("abc123", "main") == "abc123"
    assert "abc123" not in found


@pytest.mark.parametrize("worker", ["main", "gw0", "gw99", "elsewhere"])
def test_with_its_prefix_a_namespace_stays_under_fourteen(worker: str) -> None:
    assert len(f"test-{worker_namespace(new_namespace(), worker)}") <= 14
