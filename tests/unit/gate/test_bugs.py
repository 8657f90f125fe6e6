"""Our own mistakes are written down without what they quote."""

from __future__ import annotations

import asyncio

import pytest

from sandgate.gate.bugs import describe_bug, report_loop_bug


def _bug(text: str) -> ValueError:
    try:
        int(text)
    except ValueError as error:
        return error
    raise AssertionError


def test_kind_and_place_and_no_text() -> None:
    text = describe_bug(_bug("a secret"))
    assert text.startswith("ValueError at _bug:")
    assert "secret" not in text


@pytest.mark.parametrize("context", [{}, {"message": "x" * 500}, {"exception": _bug("a secret")}])
def test_what_the_loop_reports(context: dict[str, object], caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        report_loop_bug(asyncio.get_running_loop(), context)

    asyncio.run(fail())
    (record,) = caplog.records
    assert "secret" not in record.getMessage()
    assert len(record.getMessage()) < 300


def test_a_task_that_nobody_awaits_is_reported_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        int("a secret")

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(report_loop_bug)
        task = asyncio.get_running_loop().create_task(fail())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        del task

    asyncio.run(run())
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "secret" not in caplog.text
    assert "fail:" in caplog.text
