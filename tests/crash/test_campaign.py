"""Whoever is killed, whenever: after the sweep nothing of the run is alive, and nothing of anybody else is touched.

`SANDGATE_EFFORT=40` plays a thousand rounds; in CI the same ones each time, as far as a machine does so. A failure
names its seed; `CRASH_SEED` plays that round alone.
"""

from __future__ import annotations

import os
import random
from typing import Any

import pytest
from tests.crash.campaign import places, rounds
from tests.crash.campaign.recipes import RECIPES

from sandgate.ledger.book import read_state

_PARTS = 5
_ROUNDS = 5
"""In each part."""


@pytest.mark.slow
@pytest.mark.parametrize("part", range(_PARTS))
def test_nothing_is_alive(stage: Any, part: int, effort: int) -> None:
    only = os.environ.get("CRASH_SEED")
    count = _ROUNDS * effort
    chance = random.Random(part) if os.environ.get("HYPOTHESIS_PROFILE") == "ci" else random.SystemRandom()
    seeds = [int(only)] if only else [chance.randrange(10, 10**9) for _ in range(count)]
    made: list[str] = []
    for seed in seeds:
        run, story = rounds.play(stage.root, seed)
        assert places.differences(stage.before, stage.upstream.look()) == [], story
        assert not read_state(run.ledger).alive, story
        made += rounds.made_by(run.directory)
        print(f"{story}: {len(made)} made")
    print(f"{part}: {len(seeds)} rounds, {len(made)} resources of {len(set(made))} types")
    assert made, RECIPES
