"""Checks run at once, within their time, and what they found fits on a screen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from sandgate.cli._doctor import Result, as_json, examine, lines, must_be_mended
from sandgate.cli.checks._model import Check, Facts, Finding, State
from sandgate.config.load import load
from sandgate.core.registry import discover
from sandgate.errors import EnvironmentFault

Look = Callable[[Facts], Iterable[Finding]]


@pytest.fixture
def facts(tmp_path: Path) -> Facts:
    return facts_of(tmp_path)


def facts_of(folder: Path, tier: str = "emulated") -> Facts:
    config = load(cwd=folder, environ={}, overrides={"tier": tier})
    return Facts(config=config, environ={}, here=folder, now=0.0)


def check(name: str, look: Look, place: int = 1, *, only_real: bool = False, asks: str = "") -> Check:
    return Check(name=name, place=place, look=look, only_real=only_real, asks=asks)


def says(text: str, state: State = State.OK, remedy: str = "") -> Look:
    return lambda _facts: [Finding(state=state, text=text, remedy=remedy)]


def seen(results: Iterable[Result]) -> list[tuple[str, str]]:
    return [(found.state, found.text) for result in results for found in result.findings]


def silent(_text: str) -> None:
    pass


def test_they_stand_in_their_place_and_only_those_of_the_tier(tmp_path: Path) -> None:
    checks = [check("b", says("b"), 2), check("real", says("real"), 3, only_real=True), check("a", says("a"), 1)]
    assert [text for _, text in seen(examine(checks, facts_of(tmp_path), say=silent))] == ["a", "b"]
    assert [text for _, text in seen(examine(checks, facts_of(tmp_path, "integration"), say=silent))] == [
        "a",
        "b",
        "real",
    ]


def test_what_cannot_be_looked_at_is_told(facts: Facts) -> None:
    def fails(_facts: Facts) -> Iterable[Finding]:
        raise EnvironmentFault("nobody answers", hint="look there")

    (result,) = examine([check("a", fails)], facts, say=silent)
    assert result.findings == (Finding(state=State.UNKNOWN, text="nobody answers", remedy="look there"),)
    assert not must_be_mended([result])


def test_they_run_at_once(facts: Facts) -> None:
    both = threading.Barrier(2)

    def meets(_facts: Facts) -> Iterable[Finding]:
        both.wait(30)
        yield Finding(state=State.OK, text="met")

    assert seen(examine([check("a", meets), check("b", meets)], facts, say=silent)) == [("ok", "met")] * 2


def test_one_that_takes_too_long_is_a_finding_and_is_told_meanwhile(facts: Facts) -> None:
    go = threading.Event()
    told: list[str] = []

    def waits(_facts: Facts) -> Iterable[Finding]:
        go.wait(30)
        yield Finding(state=State.OK, text="late")

    results = examine([check("a", waits, asks="somebody"), check("b", says("b"))], facts, say=told.append, seconds=0.0)
    go.set()
    assert seen(results) == [("unknown", "no answer within 0 s"), ("ok", "b")]
    assert told == ["asking somebody"]


def test_what_several_need_is_asked_once(facts: Facts) -> None:
    asked = []

    def question(_facts: Facts) -> int:
        asked.append(1)
        raise EnvironmentFault("no")

    def asks(given: Facts) -> Iterable[Finding]:
        given.once(question)
        return ()

    results = examine([check(name, asks) for name in "abc"], facts, say=silent)
    assert seen(results) == [("unknown", "no")] * 3
    assert len(asked) == 1


def test_the_screen_has_80_columns_and_every_remedy(facts: Facts) -> None:
    long = "others on this machine can read the file and " * 4
    looks = [
        says("fine"),
        says(long, State.MEND, "chmod 600 .env.sandbox"),
        says("?", State.UNKNOWN),
        says("n", State.NOTE),
    ]
    checks = [check(f"check-{place}", look, place) for place, look in enumerate(looks)]
    results = examine(checks, facts, say=silent)
    shown = list(lines(results, colour=False))
    assert max(map(len, shown)) <= 80
    assert shown[0] == "ok    check-0       fine"
    assert shown[1].startswith("MEND  check-1       others on")
    assert "                    -> chmod 600 .env.sandbox" in shown
    assert shown[-1] == "1 to mend, 1 not looked at"
    assert must_be_mended(results)
    assert next(lines(results, colour=True)) == "\x1b[32mok  \x1b[0m  check-0       fine"
    assert list(lines(results[:1], colour=False))[-1] == "all is well"
    assert list(lines(results[2:], colour=False))[-1] == "nothing to mend, 1 not looked at"


def test_programs_get_the_same(facts: Facts) -> None:
    results = examine([check("a", says("x", State.MEND, "y"))], facts, say=silent)
    assert as_json(results, facts, 10) == {
        "schema": 1,
        "status": 10,
        "tier": "emulated",
        "asked": "emulated",
        "findings": [{"check": "a", "state": "mend", "text": "x", "remedy": "y"}],
    }


def test_no_two_checks_stand_in_one_place() -> None:
    places = [entry.place for entry in discover("sandgate.cli.checks", "CHECK", Check).values()]
    assert len(set(places)) == len(places)
