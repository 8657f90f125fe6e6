"""What every tier must keep, whatever it is."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from sandgate.config.load import load
from sandgate.core.registry import discover
from sandgate.tiers._model import Tier, TierContext

TIERS = discover("sandgate.tiers", "TIER", Tier)


@pytest.fixture(params=TIERS)
def tier(request: pytest.FixtureRequest) -> Tier:
    return TIERS[request.param]


def test_the_promised_ones_are_there() -> None:
    assert {"emulated", "endpoints"} <= set(TIERS)


def test_it_says_what_it_is(tier: Tier) -> None:
    assert tier.summary
    assert not tier.summary.endswith(".")
    assert tier.capabilities
    assert tier.limits
    for line in (*tier.capabilities, *tier.limits):
        assert not line.endswith(".")


def test_it_starts_asynchronously_from_a_context(tier: Tier) -> None:
    assert inspect.iscoroutinefunction(tier.start)
    (parameter,) = inspect.signature(tier.start, eval_str=True).parameters.values()
    assert parameter.annotation is TierContext


def test_it_can_be_asked_for(tier: Tier, tmp_path: Path) -> None:
    assert load(cwd=tmp_path, environ={}, overrides={"tier": tier.name}).tier == tier.name


def test_a_context_shows_nothing_of_the_environment(tmp_path: Path) -> None:
    context = TierContext(
        config=load(cwd=tmp_path, environ={}, overrides={}),
        run_dir=tmp_path,
        work_dir=tmp_path,
        cache_dir=tmp_path,
        gate_host="127.0.0.1",
        gate_port=1,
        progress=lambda _text: None,
        environ={"KEY": "the-secret"},
    )
    assert "the-secret" not in repr(context)
