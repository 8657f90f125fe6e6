"""What a provider of CI is: how its events are read, where its secrets are, whom its tokens name, what it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from sandgate.ci.event import Event
from sandgate.ci.oidc import Trust
from sandgate.ci.plan import WorkflowPlan
from sandgate.config.model import Config

__all__ = ["Environment", "Provider", "SecretStore"]

Environment = Mapping[str, str]


class SecretStore(Protocol):
    """The secrets of one repository."""

    def updated(self) -> Mapping[str, float | None]:
        """Name to when it was last written, in seconds since 1970; `None` where the provider does not say."""

    def put(self, name: str, value: str) -> None:
        """Write one, whether it exists or not."""

    def delete(self, name: str) -> bool:
        """Remove one; whether it was there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One provider; a file in `providers/` exports it as `PROVIDER`."""

    name: str
    summary: str
    here: Callable[[Environment], bool]
    """Whether this process runs in its CI."""
    read_event: Callable[[Environment], Event]
    """Raises EnvironmentFault where the event cannot be read."""
    changed: Callable[[Event, Config, Environment], tuple[str, ...] | None]
    """Files that an event changes, as the provider's API tells them; `None` where it cannot be asked."""
    open_store: Callable[[Config, Environment], SecretStore]
    """Raises SandgateError: no token, or an address that a token must not be sent to."""
    trust: Callable[[Config, Environment], Trust]
    """Whom the OIDC role lets in. Raises ConfigError for a subject that is not exact."""
    files: Callable[[WorkflowPlan], Mapping[str, str]]
    """Path to text of the files that `ci init` writes."""
    notice: Callable[[str], str]
    """The line on standard output that its pages show to people."""
    output_variable: str = ""
    """Names the file that outputs of a step are appended to."""
    summary_variable: str = ""
    """Names the file that a job's summary is appended to."""
