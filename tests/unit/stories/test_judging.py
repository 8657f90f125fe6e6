from __future__ import annotations

from typing import Any

import pytest

from sandgate.ledger.state import fold
from sandgate.stories.judging import captured, complaints, effects, own_entries, succeeded
from sandgate.stories.model import Expect
from sandgate.stories.running import Outcome


def outcome(**changed: Any) -> Outcome:
    return Outcome(**{"status": 0, "output": "one\ntwo\n", "errors": "", "seconds": 0.1, **changed})


@pytest.mark.parametrize(
    ("expect", "did", "said"),
    [
        (Expect(), {}, []),
        (Expect(exit=3), {"status": 3}, []),
        (Expect(), {"status": 3}, ["expected exit status 0, and it was 3"]),
        (Expect(output=("^two$",), lines=2), {}, []),
        (Expect(output=("three",)), {}, ["expected 'three' in its output"]),
        (Expect(errors=("oh",)), {"output": "oh"}, ["expected 'oh' in its errors"]),
        (Expect(lines=1), {}, ["expected 1 lines of output, and there were 2"]),
        (Expect(exit=143), {"status": 143, "timed_out": True}, ["was ended: it took longer than 7 s"]),
    ],
)
def test_a_step_is_held_against_what_was_expected(expect: Expect, did: dict[str, Any], said: list[str]) -> None:
    assert list(complaints(expect, outcome(**did), 7.0)) == said


def lines(*names: str) -> list[dict[str, Any]]:
    return [
        {"ledger": kind, "id": name, "type": "s3-bucket", "key": {"Bucket": name}, "region": "us-east-1", "at": 1.0}
        for name in names
        for kind in ("intent", "made")
    ]


def test_what_is_there_is_what_the_ledger_says_without_what_was_provided() -> None:
    state = fold(lines("a", "b"))
    provided = next(iter(state.alive))
    entries = own_entries(state, [provided])
    assert [entry.name for entry in entries] == ["b"]
    assert list(effects(Expect(resources={"s3-bucket": 1}), entries, {})) == []
    assert list(effects(Expect(resources={"s3-bucket": 0}), entries, {})) == [
        "expected 0 s3-bucket, and the ledger has 1: b"
    ]
    assert list(effects(Expect(resources={"sqs-queue": 1}), entries, {})) == [
        "expected 1 sqs-queue, and the ledger has 0"
    ]
    assert list(effects(Expect(none_left=True), entries, {})) == ["expected nothing left, and there is s3-bucket b"]
    assert list(effects(Expect(none_left=True), (), {})) == []


def test_calls_count_once_they_succeeded() -> None:
    events: list[dict[str, Any]] = [
        *({"event": "call", "id": n, "service": "lambda", "operation": "Invoke"} for n in "abc"),
        {"event": "done", "id": "a", "status": 202, "reached": True},
        {"event": "done", "id": "b", "status": 404, "reached": True},
        {"event": "done", "id": "c", "status": 200, "reached": False},
    ]
    calls = succeeded(events)
    assert calls == {"lambda:Invoke": 1}
    assert list(effects(Expect(calls={"lambda:Invoke": 1}), (), calls)) == []
    assert list(effects(Expect(calls={"lambda:Invoke": 2}), (), calls)) == ["expected 2 lambda:Invoke, and 1 succeeded"]
    assert list(effects(Expect(calls={"lambda:Invoke": 0}), (), calls)) == [
        "expected no lambda:Invoke, and 1 succeeded"
    ]


def test_a_capture_takes_the_group_or_is_missing() -> None:
    values, missing = captured({"SID": r"^session (\S+)", "NONE": "(x+)"}, outcome(output="a\nsession 42 b\n"))
    assert (values, missing) == ({"SID": "42"}, ["NONE"])
