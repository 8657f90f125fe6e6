"""One stand-in for AWS for all tests of this folder, per pytest worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.sandbox.standin.account import StandIn


@pytest.fixture(scope="session")
def _standin() -> Iterator[StandIn]:
    made = StandIn()
    yield made
    made.stop()


@pytest.fixture
def standin(_standin: StandIn) -> Iterator[StandIn]:
    """The stand-in, with no faults and nothing seen yet; tests make things of names of their own."""
    _standin.front.heal()
    _standin.front.seen.clear()
    _standin.front.strangers.clear()
    _standin.escapes.unlink(missing_ok=True)
    yield _standin
    _standin.front.heal()
    assert _standin.front.strangers == []
    assert not _standin.escapes.exists(), _standin.escapes.read_text(encoding="utf-8")
