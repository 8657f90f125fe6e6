"""Only before emulators is the timing of AWS simulated."""

from __future__ import annotations

import pytest

from sandgate.core.registry import discover
from sandgate.errors import UsageError
from sandgate.tiers._model import Tier

TIERS = discover("sandgate.tiers", "TIER", Tier)


def test_emulators_are_those_that_have_none_of_their_own() -> None:
    assert {name for name, tier in TIERS.items() if tier.emulates} == {"emulated", "endpoints"}
    for name in ("emulated", "endpoints"):
        TIERS[name].check_timing(timing="aws")


def test_a_real_account_has_its_own_timing() -> None:
    TIERS["sandbox"].check_timing(timing="")
    with pytest.raises(UsageError, match="'sandbox' has its own timing"):
        TIERS["sandbox"].check_timing(timing="aws")
