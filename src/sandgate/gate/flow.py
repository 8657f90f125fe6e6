"""What is known of one call on its way through the gate; every step reads it and adds to it."""

from __future__ import annotations

from dataclasses import dataclass

from sandgate.core.call import Call
from sandgate.gate.exchange import Exchange
from sandgate.keys.registry_tokens import RegistryToken
from sandgate.keys.run_keys import KeyEntry
from sandgate.routes._model import Route, RouteMatch
from sandgate.tiers._model import Aim
from sandgate.wire.http import Request
from sandgate.wire.identify import Match
from sandgate.wire.signing.credential import Credential
from sandgate.wire.signing.presented import Presented

__all__ = ["Flow"]


@dataclass(slots=True, kw_only=True)
class Flow:
    """One exchange, and what the steps so far found out."""

    exchange: Exchange
    claim: Presented | None = None
    """The signature that the request carries."""
    entry: KeyEntry | None = None
    """The key that it names; set whenever `claim` is."""
    match: Match | None = None
    route: tuple[Route, RouteMatch] | None = None
    token: RegistryToken | None = None
    """What the caller of a registry proves to be somebody with."""
    protocol: str = ""
    service: str = ""
    operation: str = ""
    call: Call | None = None
    aim: Aim | None = None
    """What decides where the call goes; there whenever it has been admitted."""
    fault: str = ""
    """What went wrong on purpose, in words."""
    begun: bool = False
    """Whether the call's event is on disk."""

    @property
    def request(self) -> Request:
        """The head of the request."""
        return self.exchange.request

    @property
    def region(self) -> str:
        """Region of the client's scope, or of the registry that it names; empty for other unsigned calls."""
        if self.claim is not None:
            return self.claim.region
        named = self.route[1].region if self.route else ""
        return named or (self.token.region if self.token else "")

    @property
    def credential(self) -> Credential | None:
        """What the client signed with."""
        return self.entry.credential if self.entry else None

    @property
    def verbatim(self) -> bool:
        """Whether the upstream verifies the client's own signature, or nobody does."""
        return self.entry is not None and self.entry.forward_verbatim

    @property
    def by_token(self) -> bool:
        """Whether the caller speaks the protocol of registries, and proves who it is as they want it."""
        return self.route is not None and self.route[0].by_token
