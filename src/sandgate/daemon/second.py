"""The second account of a run: whether there can be one, and its part of the gate."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sandgate.config.also_options import DEFAULT
from sandgate.config.model import Config
from sandgate.errors import ConfigError, UsageError
from sandgate.tiers._model import Tier, TierContext, Upstream

if TYPE_CHECKING:
    from sandgate.gate.also import Also

__all__ = ["check_second", "open_second"]

_KEY = frozenset({"run_key", "run_secret"})


def check_second(config: Config, tier: Tier) -> None:
    """See whether the run may have what it asks for.

    Args:
        config: the run's.
        tier: the run's.

    Raises:
        UsageError: nothing on this tier is another account.
        ConfigError: tests would have no key of the run's own.
    """
    where = f"also_profile, {config.sources.get('also_profile', '')}"
    if config.also_profile and tier.second is None:
        raise UsageError(f"on the tier {tier.name!r} there is no second account", where=where)
    if config.also_profile == DEFAULT and not set(config.variables.values()) >= _KEY:
        raise ConfigError(
            "the default profile is the second account's, and no variables hold the run's own key",
            where=where,
            hint='variables = { PROJECT_KEY_ID = "run_key", PROJECT_SECRET = "run_secret" }, by your own names',
        )


async def open_second(context: TierContext, tier: Tier, upstream: Upstream) -> Also | None:
    """The second account, if the run has one.

    Args:
        context: of the run.
        tier: that has been checked.
        upstream: it, started.

    Raises:
        SandgateError: it cannot be used.
    """
    if not context.config.also_profile or tier.second is None:
        return None
    from sandgate.gate.also import Also  # noqa: PLC0415 - by now it is loaded; before the emulator started it was not

    return Also(await asyncio.to_thread(tier.second, context, upstream), context.config.also_allow)
