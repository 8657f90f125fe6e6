"""What a rule is: a name, and a pure question about an event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandgate.ci.event import Event
from sandgate.config.model import Config

__all__ = ["Answer", "Facts", "Rule"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a rule may know."""

    event: Event
    config: Config
    changed: tuple[str, ...] | None = ()
    """Files that the event changes, from the repository's root; `None` where nobody can tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a rule says."""

    holds: bool
    why: str
    """A few words that go on after the rule's name: `the pull request has the label integration`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of `ci_policy`; a file in `rules/` exports it as `RULE`."""

    name: str
    summary: str
    """When it holds, one line, for the reference."""
    ask: Callable[[Facts], Answer]
    needs_changes: bool = False
    """Whether it asks which files changed, which may take a look at the repository."""
