"""Progress of a deployment, on a terminal and in a pipe."""

from __future__ import annotations

import io
from typing import Any

import pytest

from sandgate.cli._stack_progress import ResourceList, stack_progress
from sandgate.stacks.model import StackEvent


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def event(name: str, status: str, reason: str = "") -> StackEvent:
    return StackEvent(logical_id=name, type="AWS::SQS::Queue", status=status, reason=reason)


def drawn(shown: ResourceList) -> str:
    from rich.console import Console  # noqa: PLC0415 - as slow as the program finds it

    console = Console(file=io.StringIO(), width=120)
    console.print(shown)
    stream: Any = console.file
    return str(stream.getvalue())


def test_plain_lines_in_a_pipe() -> None:
    out = io.StringIO()
    with stack_progress(out) as (progress, notice):
        notice("uploading x")
        progress(event("Queue", "CREATE_IN_PROGRESS", "User Initiated"))
        progress(event("Queue", "CREATE_FAILED", "limit exceeded"))
    assert out.getvalue().splitlines() == [
        "uploading x",
        "CREATE_IN_PROGRESS Queue (AWS::SQS::Queue)",
        "CREATE_FAILED Queue (AWS::SQS::Queue): limit exceeded",
    ]


def test_one_line_per_resource_with_its_last_state_and_time() -> None:
    # Asked twice per event: when the resource was first seen, and now.
    times = iter([10.0, 10.0, 10.0, 10.0, 12.5, 12.5])
    shown = ResourceList(now=lambda: next(times))
    shown.notice = "packing Fn"
    assert "packing Fn" in drawn(shown)
    for item in (event("A", "CREATE_IN_PROGRESS"), event("B", "CREATE_FAILED", "taken"), event("A", "CREATE_COMPLETE")):
        shown.add(item)
    first, second = drawn(shown).splitlines()
    assert first.split() == ["✓", "A", "AWS::SQS::Queue", "create", "complete", "2.5", "s"]
    assert second.split() == ["✗", "B", "AWS::SQS::Queue", "taken", "0.0", "s"]


def test_markup_in_a_reason_is_text() -> None:
    shown = ResourceList()
    shown.add(event("A", "CREATE_FAILED", "[bold]x[/nope]"))
    assert "[bold]x[/nope]" in drawn(shown)


def test_a_terminal_gets_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    out = Terminal()
    with stack_progress(out) as (progress, notice):
        notice("leaving out .env: secrets are never packaged")
        progress(event("Queue", "CREATE_IN_PROGRESS"))
        progress(event("Queue", "CREATE_COMPLETE"))
    assert "leaving out .env" in out.getvalue()
    assert "create complete" in out.getvalue()
