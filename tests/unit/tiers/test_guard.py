"""Only a tier that says so may be used without the guard."""

from __future__ import annotations

import dataclasses

import pytest

from sandgate.core.registry import discover
from sandgate.errors import UsageError
from sandgate.tiers._model import Tier

TIERS = discover("sandgate.tiers", "TIER", Tier)


def test_only_tiers_without_a_real_account_do_without_it() -> None:
    assert {name for name, tier in TIERS.items() if tier.guard_optional} == {"emulated", "endpoints"}
    for tier in TIERS.values():
        tier.check_guard(guard=True)


def test_a_tier_that_says_nothing_is_never_used_without_it() -> None:
    given = {f.name: getattr(TIERS["emulated"], f.name) for f in dataclasses.fields(Tier)}
    silent = Tier(**{name: value for name, value in given.items() if name != "guard_optional"})
    silent.check_guard(guard=True)
    with pytest.raises(UsageError, match="'emulated' is never used without the guard") as caught:
        silent.check_guard(guard=False)
    assert "--unsafe-no-guard" in caught.value.where
