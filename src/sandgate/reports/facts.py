"""What a receipt says and the event log does not hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["RunFacts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What the event log does not hold."""

    run: str
    tier: str
    account: str
    caller: str
    region: str
    namespace: str
    commit: str
    dirty: bool
    command: tuple[str, ...]
    exit_status: int
    """Of the tests; negative when a signal ended them."""
    started: float
    """Seconds since 1970."""
    ready_s: float
    """Seconds from start to ready."""
    tests_s: float
    stop_s: float
    versions: Mapping[str, str] = field(default_factory=dict)
    leftovers: tuple[Mapping[str, str], ...] = ()
    """What tests left behind: type and name; `swept` is `yes` where the run's own sweep has removed it, else `why` says
    what stands against it."""
    findings: tuple[Mapping[str, str], ...] = ()
    """What no sweep undoes: `what`, type, name, operation."""
    on_leftover: str = "fail"
    """`fail`, or `sweep` where what was swept is only shown."""
    kept: bool = False
    """Whether leftovers were to stay."""
    outlived: bool = False
    """Whether a later sweep can remove what is still there."""
    not_listed: tuple[Mapping[str, str], ...] = ()
    """As leftovers, but the name is that of a service, and `unknown` says why nobody can tell what is left in it."""
    upstream_death: str = ""
    log_failure: str = ""
    """Why events or the receipt could not be written."""
    require: tuple[str, ...] = ()
    allow_empty: bool = False
    on_skip: str = "report"
    """`fail`, where any skipped test turns the run red."""
    wants_calls: bool = True
    """Whether this run must reach the tier: false when only tests outside `paths` were selected."""
    interrupted: bool = False
    isolated: bool = False
    """Whether the command had no home, no other process and no network but the gate."""
    stuck: tuple[str, ...] = ()
    """Why stacks of this run could not be deleted."""
    on_refusal: str = "fail"
    """`fail`, or `report` where refusals are shown only."""
    on_elsewhere: str = "fail"
    """`fail`, or `report` where calls that went elsewhere are shown only."""
    guard: bool = True
    """Whether calls were kept inside the sandbox."""
    timing: str = ""
    """Which timing of AWS was simulated, as the option says it."""
    evidence: Mapping[str, str] = field(default_factory=dict)
    """`asked`, where another tier was asked for than the one used; on AWS `alias`, `matched`, `credentials` and
    `upstream`."""
