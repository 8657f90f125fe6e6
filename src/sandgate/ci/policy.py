"""May this run of CI use the real account? A pure decision, with the rule that decided."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias

from sandgate.ci.presets import PRESETS
from sandgate.ci.rules._model import Facts, Rule
from sandgate.config.model import Config
from sandgate.core.registry import discover, nearest
from sandgate.errors import ConfigError

__all__ = ["Combined", "Decision", "Policy", "Verdict", "decide", "needs_changes", "parse_policy", "rules"]

_TOKEN = re.compile(r"\s*([(),]|[a-z][a-z0-9-]*)")
_WORDS = ("any", "all")
_PATHS, _LABEL = "critical-paths", "label"
Verdict = Literal["run", "skip"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Combined:
    """`any(…)` or `all(…)`."""

    how: Literal["any", "all"]
    parts: tuple[Policy, ...]


Policy: TypeAlias = "Rule | Combined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What CI does, and why."""

    verdict: Verdict
    rule: str
    """That decided: a rule, `a and b` of an `all(…)`, or `fork`."""
    why: str
    notice: str = ""
    """What somebody should see although nothing runs: critical files changed, and nobody asked for the tests."""


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule by name."""
    return discover("sandgate.ci.rules", "RULE", Rule)


def parse_policy(config: Config) -> Policy:
    """The policy of a configuration, presets replaced by what they stand for.

    Raises:
        ConfigError: `ci_policy` names no rule or preset, or its parentheses do not fit.
    """
    return _parsed(config.ci_policy, f"{config.sources.get('ci_policy', 'default')}, key ci_policy")


def _parsed(text: str, where: str) -> Policy:
    tokens = _tokens(text, where)
    found = _one(tokens, where)
    if rest := next(tokens, ""):
        raise ConfigError(f"ci_policy: {rest!r} stands after its end", where=where, hint="any(…) or all(…) around it")
    return found


def _tokens(text: str, where: str) -> Iterator[str]:
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise ConfigError(f"ci_policy: cannot be read from {text[at:].strip()!r} on", where=where)
        at = match.end()
        yield match[1]


def _one(tokens: Iterator[str], where: str) -> Policy:
    name = next(tokens, "")
    if name not in _WORDS:
        return _named(name, where)
    if next(tokens, "") != "(":
        raise ConfigError(f"ci_policy: {name} needs ( after it", where=where, hint=f"{name}(label, nightly)")
    parts = [_one(tokens, where)]
    while (token := next(tokens, "")) == ",":
        parts.append(_one(tokens, where))
    if token != ")":  # noqa: S105 - a parenthesis
        raise ConfigError(f"ci_policy: {name}( is not closed", where=where, hint="put , or ) after each part")
    return Combined(how="any" if name == "any" else "all", parts=tuple(parts))


def _named(name: str, where: str) -> Policy:
    if name in PRESETS:
        return _parsed(PRESETS[name].policy, where)
    if name in rules():
        return rules()[name]
    known = (*PRESETS, *rules())
    close = nearest(name, known)
    hint = f"did you mean {close!r}?" if close else f"known: {', '.join((*known, *_WORDS))}"
    raise ConfigError(f"ci_policy: there is no rule {name!r}", where=where, hint=hint)


def needs_changes(policy: Policy) -> bool:
    """Whether somebody must find out which files changed."""
    if isinstance(policy, Combined):
        return any(needs_changes(part) for part in policy.parts)
    return policy.needs_changes


def decide(policy: Policy, facts: Facts) -> Decision:
    """Whether this run of CI uses the real account.

    Code of another repository never does: such a run has no secrets, or must not have them (GitHub's documentation on
    `pull_request_target` and `workflow_run`: whoever opens the pull request would get what the secrets open).

    Args:
        policy: as `parse_policy` gives it.
        facts: the event, and which files it changes where `needs_changes` says that somebody asks.
    """
    event = facts.event
    if event.foreign:
        why = f"the code is that of {event.foreign}, which must not use this repository's credentials"
        return Decision(verdict="skip", rule="fork", why=why, notice=_notice(policy, facts))
    holds, rule, why = _asked(policy, facts)
    if holds:
        return Decision(verdict="run", rule=rule, why=why)
    return Decision(verdict="skip", rule=rule, why=why, notice=_notice(policy, facts))


def _asked(policy: Policy, facts: Facts) -> tuple[bool, str, str]:
    """Whether it holds, what decided, and why."""
    if isinstance(policy, Rule):
        answer = policy.ask(facts)
        return answer.holds, policy.name, answer.why
    asked = [_asked(part, facts) for part in policy.parts]
    wanted = policy.how == "any"
    decisive = [answer for answer in asked if answer[0] is wanted]
    if decisive:
        return wanted, decisive[0][1], decisive[0][2]
    word = " or " if wanted else " and "
    return not wanted, word.join(rule for _, rule, _ in asked), "; ".join(why for _, _, why in asked)


def _notice(policy: Policy, facts: Facts) -> str:
    """Critical files that changed and are not tested against the real account, in words."""
    asked = {rule.name: rule for rule in _leaves(policy)}
    paths = asked.get(_PATHS)
    if paths is None or facts.event.kind not in ("change", "queue"):
        return ""
    answer = paths.ask(facts)
    if not answer.holds:
        return ""
    helps = _LABEL in asked and facts.event.kind == "change" and not facts.event.foreign
    remedy = f"; the label {facts.config.ci_label!r} asks for that" if helps else ""
    return f"{answer.why}, and nothing ran against the real account{remedy}"


def _leaves(policy: Policy) -> Iterator[Rule]:
    if isinstance(policy, Rule):
        yield policy
    else:
        for part in policy.parts:
            yield from _leaves(part)
