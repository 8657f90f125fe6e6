"""The second account's key at the gate: it says who it is, and little else."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from sandgate.config.also_options import ALSO_ALLOWED, WHO_AM_I
from sandgate.core.call import ALLOWED, Call, Decision
from sandgate.errors import SandgateError
from sandgate.gate.flow import Flow
from sandgate.gate.receiving import UpstreamFaultError
from sandgate.tiers._model import Second

__all__ = ["Also"]

_REFUSED = Decision(
    allowed=False,
    rule="second-account",
    source="the key of the option also_profile is for saying who it is",
    remedy="the run's own key, which is for everything in the sandbox",
)


class Also:
    """Decides the second account's calls, and lends them its credentials.

    Args:
        second: the account.
        more: `service:Operation` of what the configuration allows beside GetCallerIdentity.
    """

    def __init__(self, second: Second, more: tuple[str, ...]) -> None:
        self.second = second
        self._allowed = frozenset({WHO_AM_I, *more})

    def decide(self, call: Call) -> Decision:
        """Allow what is listed, and refuse everything else.

        Args:
            call: signed with the second account's key.
        """
        asked = f"{call.service}:{call.operation}"
        if asked in self._allowed:
            return ALLOWED
        remedy = f'also_allow = ["{asked}"]' if asked in ALSO_ALLOWED else _REFUSED.remedy
        return replace(_REFUSED, value=asked, remedy=remedy)

    async def lend(self, flow: Flow) -> None:
        """Have a call signed with the second account's credentials.

        Args:
            flow: of a call that was allowed.

        Raises:
            UpstreamFaultError: there are no credentials any more.
        """
        assert flow.entry is not None
        try:
            real = await asyncio.to_thread(self.second.fetch)
        except SandgateError as error:
            raise UpstreamFaultError(f"the second account's credentials cannot be had: {error.message}") from error
        flow.entry = replace(flow.entry, upstream=real)
