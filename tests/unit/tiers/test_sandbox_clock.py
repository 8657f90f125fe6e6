"""AWS's clock is followed once it is minutes off, and only for what says so."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from sandgate.tiers._aws_clock import AwsClock

HERE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def at(offset: timedelta) -> str:
    return format_datetime(HERE + offset, usegmt=True)


@pytest.mark.parametrize("code", ["RequestTimeTooSkewed", "SignatureDoesNotMatch", "InvalidSignatureException"])
@pytest.mark.parametrize("minutes", [-20, 5, 600])
def test_minutes_off_are_followed_once(code: str, minutes: int, caplog: pytest.LogCaptureFixture) -> None:
    clock = AwsClock(lambda: HERE)
    with caplog.at_level(logging.WARNING):
        assert clock.correct(code, at(timedelta(minutes=minutes)))
    assert clock.now() == HERE + timedelta(minutes=minutes)
    assert "set the clock" in caplog.text
    assert not clock.correct(code, at(timedelta(minutes=minutes)))


@pytest.mark.parametrize(
    ("code", "date"),
    [
        ("SignatureDoesNotMatch", at(timedelta(minutes=3))),
        ("AccessDenied", at(timedelta(minutes=30))),
        ("ExpiredToken", at(timedelta(minutes=30))),
        ("RequestTimeTooSkewed", ""),
        ("RequestTimeTooSkewed", "yesterday"),
        ("RequestTimeTooSkewed", "Fri, 02 Jan 2026 03:44:05 -0000"),
    ],
)
def test_anything_else_changes_nothing(code: str, date: str) -> None:
    clock = AwsClock(lambda: HERE)
    assert not clock.correct(code, date)
    assert clock.now() == HERE
