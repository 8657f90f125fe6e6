"""What a tier is: where calls end, what it can do, and how it is started and stopped."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from sandgate.config.model import Config
from sandgate.core.call import Decision
from sandgate.core.rules import Rule
from sandgate.core.table import Table
from sandgate.errors import SandgateError, UsageError
from sandgate.iam.document import Document
from sandgate.wire.signing.credential import Credential

__all__ = [
    "AbsentError",
    "Aim",
    "AwsFacts",
    "Denial",
    "FunctionSession",
    "Leftover",
    "Second",
    "Target",
    "Tier",
    "TierContext",
    "Upstream",
]


class AbsentError(Exception):
    """There are no credentials at all, which a tier may be replaced for; wrong ones are another error.

    Args:
        error: what is told where it may not.
    """

    def __init__(self, error: SandgateError) -> None:
        super().__init__(error.message)
        self.error = error


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """A call, as far as it decides where it goes."""

    service: str
    """botocore's name, or that of a route."""
    signing_name: str
    """The usual one of the service."""
    region: str
    """That the client signs for; empty for an unsigned call."""
    operation: str = ""
    parameters: Mapping[str, object] = field(default_factory=dict, repr=False)
    host_prefix: str = ""
    """What the operation puts before the service's host, with its parameters in braces."""
    path: str = "/"
    """As the client has it; of S3 with the bucket in it, wherever the client had that."""
    data_plane: bool = False
    """Whether it takes a route outside the models."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where one call goes and how it is signed there."""

    host: str
    """Host header, which is also signed."""
    signing_name: str
    region: str
    unix: str = ""
    lent: str = ""
    """Path of the socket on which it takes sockets of clients, to answer there; empty where it takes none."""
    address: tuple[str, int] = ("", 0)
    tls: str = ""
    """Name that the server's certificate must prove; empty is plain TCP."""
    base_path: str = ""
    """Path of the endpoint URL, without a trailing slash."""
    path: str | None = None
    """Path behind it, where the host or the endpoint says what the client's path says; `None` is the client's."""
    scheme: str = "sigv4"
    """How it is signed there, by the names of botocore's endpoint rules."""
    names_all: bool = False
    """Whether this host alone says what is meant, so that no other that a client named is ever sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSession:
    """The credentials that a function inside the emulator carries, and whose they are."""

    credential: Credential
    function: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """A resource that is still there at the end of a run."""

    type: str
    name: str
    unknown: str = ""
    """Why a listing failed; then `name` is its service, and nothing is known of what that holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """An answer by which AWS has not taken a signature; the call was not carried out."""

    code: str
    message: str = field(repr=False)
    date: str
    """The server's clock: its Date header."""
    credential: Credential | None = field(repr=False)
    """What it was signed with; `None` where that is not the tier's to renew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Second:
    """A second account, whose identity tests have beside the run's own."""

    account: str
    caller: str
    """ARN as the upstream answered it."""
    fetch: Callable[[], Credential] = field(repr=False)
    """Its credentials as they are now; may block, and raise SandgateError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsFacts:
    """What there is to know only where calls end at AWS itself."""

    partition: str
    trust: ssl.SSLContext = field(repr=False)
    """Whose certificates are believed."""
    evidence: Mapping[str, str]
    """What else the receipt says of account and caller."""
    clock: Callable[[], datetime] = field(repr=False)
    """The time by AWS's clock, for signatures."""
    ledger: Table | None = field(default=None, repr=False)
    """Of the shared ledger, with the credentials that it has; `None` where none is configured."""

    @property
    def boundary(self) -> str:
        """ARN of the permissions boundary without which the tests' role can make no role or user.

        Empty where they call with other rights.
        """
        return self.evidence.get("boundary", "")


class Upstream(Protocol):
    """A started tier."""

    account: str
    """Account id as the upstream answered it."""
    caller: str
    """ARN of the tests' identity as the upstream answered it."""
    versions: Mapping[str, str]
    private: bool
    """Whether everything on it belongs to this run; else unsigned requests reach only what the run has seen."""
    acts_as_stack_role: bool
    """Whether CloudFormation has the rights of the role that a call passes, and no others, for members of the stack."""

    aws: AwsFacts | None
    """`None` on every emulator."""

    def admits(self, aim: Aim, /) -> Decision:
        """Whether this tier has a place where such a call can end."""

    def target(self, aim: Aim, /) -> Target:
        """Where a call goes, one that this tier admits."""

    def credential(self, kind: str, service: str, /) -> Credential:
        """Real credentials of the `identity` or the `deployer` for that service."""

    async def mend(self, denial: Denial, /) -> bool:
        """Whether a call that was denied so may succeed when it is signed anew, since something has been renewed."""

    async def function_session(self, access_key_id: str, region: str) -> FunctionSession | None:
        """The function that carries this key, if this tier runs functions that pass the gate."""

    def instances(self) -> Mapping[str, Mapping[str, str]]:
        """What stands behind each service now: `address`, and as `instance` a name that another start of it has not.

        Services of which nobody knows that are left out.
        """

    async def leftovers(self, called: frozenset[tuple[str, str, str]], /) -> tuple[Leftover, ...]:
        """What the run left; the tier's own resources are not counted.

        Args:
            called: service, region and operation of every call; nothing else can have been made. The operation is empty
                where the upstream did not answer with success.
        """

    def death(self) -> str:
        """Why the upstream is gone for good, with the tail of its log; empty while it lives."""

    async def stop(self) -> None:
        """Stop what was started; never raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TierContext:
    """What a tier gets to start with."""

    config: Config
    run_dir: Path
    work_dir: Path
    """A private 0700 directory of this run for sockets and temporary files; removed at the end."""
    cache_dir: Path
    gate_host: str
    gate_port: int
    progress: Callable[[str], None] = field(repr=False)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The user's environment where the tier says that it needs it, or commands of `endpoints` do; else empty."""
    functions: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Variables by which functions in an emulator reach hosts that are written into them: the gate as a proxy."""
    policy_for: Callable[[str], Mapping[str, Document]] | None = field(default=None, repr=False)
    """Account id to what `identity` and `deployer` may do there; `None` where the run has no guard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A case of the registry: one file in `tiers/` exports one as `TIER`."""

    name: str
    summary: str
    capabilities: tuple[str, ...]
    limits: tuple[str, ...]
    start: Callable[[TierContext], Awaitable[Upstream]]
    """May raise `AbsentError`."""
    second: Callable[[TierContext, Any], Second] | None = None
    """Opens a second account beside a started upstream, and may block; `None` where there cannot be one."""
    rules: tuple[Rule, ...] = ()
    """By which its upstream refuses services."""
    ends_with_run: bool = False
    """Whether everything on it is gone when its gate is."""
    guard_optional: bool = False
    """Whether a run may do without the guard, since nothing on this tier can belong to others."""
    emulates: bool = False
    """Whether calls end at emulators, so that faults and the timing of AWS can be simulated before them."""
    needs_environment: bool = False
    """Whether it must see the user's whole environment, credentials included."""
    translate: Callable[[Document], Document] | None = None
    """A document as this tier's own IAM has to be told it; `None` where it judges nothing or judges as IAM does."""

    def check_keep(self, *, keep: str) -> None:
        """See whether what a run made can be kept.

        Args:
            keep: the option that asks for it; empty when none does.

        Raises:
            UsageError: nothing on this tier outlives its run.
        """
        if keep and self.ends_with_run:
            raise UsageError(
                f"nothing on the tier {self.name!r} outlives its run, so there is nothing to keep",
                where=f"command line, {keep}",
                hint="`sandgate start` gives a gate that lives until `sandgate stop`: look at what is there in between",
            )

    def check_timing(self, *, timing: str) -> None:
        """See whether the timing of AWS can be simulated.

        Args:
            timing: the option; empty simulates nothing.

        Raises:
            UsageError: this tier is AWS, which has its own.
        """
        if timing and not self.emulates:
            raise UsageError(
                f"the tier {self.name!r} has its own timing, and nothing is simulated before it",
                where="the option timing",
                hint="leave timing out on this tier, or use the tier emulated",
            )

    def check_guard(self, *, guard: bool) -> None:
        """See whether the run may be as it is asked for.

        Args:
            guard: whether it keeps calls inside the sandbox.

        Raises:
            UsageError: it must, and does not.
        """
        if not guard and not self.guard_optional:
            raise UsageError(
                f"the tier {self.name!r} is never used without the guard",
                where="command line, --unsafe-no-guard",
                hint="leave --unsafe-no-guard out, or use another tier",
            )
