"""What the pipeline is given: the parts of one gate, wired by the composition root."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from sandgate.core.call import Call, Decision
from sandgate.faults.active import Active
from sandgate.gate.recorder import Recorder
from sandgate.gate.seen import Seen
from sandgate.gate.upstream import Pool
from sandgate.guard.owned import Owned
from sandgate.keys.registry_tokens import RegistryTokens
from sandgate.keys.run_keys import RunKeys
from sandgate.keys.surrogates import Surrogates
from sandgate.ledger.book import Book
from sandgate.rewrite.rewriter import Rewriter
from sandgate.routes._model import Route
from sandgate.tiers._model import Second, Upstream
from sandgate.wire.http import Headers
from sandgate.wire.models import Models

__all__ = ["Decider", "KeepsLedger", "Lends", "Parts"]

Decider = Callable[[Call], Decision | Awaitable[Decision]]
"""Decides at once where it can; what must be asked upstream first comes later."""


class KeepsLedger(Protocol):
    """Writes down what calls make and remove; `Ledgering`."""

    @property
    def book(self) -> Book:
        """The ledger itself."""

    def notice(self, *, anyway: bool = False) -> None:
        """Write down which emulators there are, where others may be there than before."""

    def concerns(self, call: Call) -> bool:
        """Whether a call makes or removes something."""

    def reads(self, call: Call) -> bool:
        """Whether the answer says what the new resource is called."""

    async def placed(self, call: Call) -> Call:
        """A call with the container that it means, where it names only something in it."""

    async def before(self, call: Call) -> bool:
        """Write down what a call would make; when this is false it must not go out."""

    def over(self, call: Call) -> None:
        """Forget a call that has ended, however it did."""

    def after(self, call: Call, status: int, code: str, answer: tuple[bytes, Headers], owned: tuple[str, ...]) -> None:
        """Write down what became of it."""


class Lends(Protocol):
    """The second account; `Also`."""

    @property
    def second(self) -> Second:
        """The account."""

    def decide(self, call: Call) -> Decision:
        """Allow or refuse one of its calls."""

    async def lend(self, flow: Any) -> None:
        """Have such a call signed with its credentials."""


@dataclass(kw_only=True)
class Parts:
    """The collaborators of `Pipeline`; the only mutable members are what front ends tell the gate."""

    models: Models
    keys: RunKeys
    surrogates: Surrogates
    rewriter: Rewriter
    upstream: Upstream
    seen: Seen
    pool: Pool
    recorder: Recorder
    routes: Mapping[str, Route]
    decide: Decider
    tokens: RegistryTokens = field(default_factory=RegistryTokens)
    owned: Owned = field(default_factory=Owned)
    ledger: KeepsLedger | None = None
    """Wired once the upstream has started; no call is served before."""
    also: Lends | None = None
    """The second account; `None` where the run has none."""
    faults: Active | None = None
    """What goes wrong on purpose; `None` while nothing does."""
    body_limit: int
    """Bytes of a body that is held whole."""
    ports: set[int] = field(default_factory=set)
    """Ports this gate listens on; a Host naming another one is refused."""
    urls: Mapping[str, str] = field(default_factory=dict)
    """Worker to the URL of its port."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    """The time by the upstream's clock, for signatures."""
    tests: dict[str, str] = field(default_factory=dict)
    """Worker to the id of the test that it runs now."""
