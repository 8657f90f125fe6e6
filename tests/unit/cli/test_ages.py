"""Lengths of time, as typed and as shown."""

from __future__ import annotations

import pytest

from sandgate.cli._ages import age_text, parse_age
from sandgate.errors import UsageError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30m", 1800), ("2h", 7200), ("7d", 604_800), ("1.5h", 5400), (" 2h ", 7200), ("0s", 0)],
)
def test_what_is_typed(text: str, seconds: float) -> None:
    assert parse_age(text) == seconds


@pytest.mark.parametrize("text", ["", "2", "h", "-2h", "2 h", "2H", "2w", "1e3s", "2h30m", "٢h", "9999999d", "inf"])
def test_what_is_no_length_of_time(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_age(text)
    assert (caught.value.where, caught.value.hint) == ("command line, --older-than", "such as 90s, 30m, 2h or 7d")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "0 s"), (0.4, "0 s"), (119, "119 s"), (120, "2 m"), (7199, "119 m"), (7200, "2 h"), (172_800, "2 d")],
)
def test_what_is_shown(seconds: float, text: str) -> None:
    assert age_text(seconds) == text
