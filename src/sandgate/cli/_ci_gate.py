"""`sandgate ci gate`: from a job's event and environment to a decision, and that where the provider looks for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sandgate.errors import ConfigError, EnvironmentFault
from sandgate.reports.lines import plain

if TYPE_CHECKING:
    from sandgate.ci.policy import Decision
    from sandgate.ci.providers._model import Provider
    from sandgate.config.model import Config

__all__ = ["decided", "lines_of", "write_output", "write_summary"]


def decided(config: Config, provider: Provider, environ: Mapping[str, str]) -> Decision:
    """What this job does.

    Raises:
        SandgateError: the policy is wrong, or this is no job of that provider.
    """
    from sandgate.ci.changes import changed_by_git, compares  # noqa: PLC0415 - `--help` must not pay for it
    from sandgate.ci.policy import decide, needs_changes, parse_policy  # noqa: PLC0415
    from sandgate.ci.rules._model import Facts  # noqa: PLC0415

    _check_place(config, provider, environ)
    policy = parse_policy(config)
    event = provider.read_event(environ)
    changed: tuple[str, ...] | None = ()
    if needs_changes(policy) and compares(event):
        changed = changed_by_git(event, config.root)
        if changed is None:
            changed = provider.changed(event, config, environ)
    return decide(policy, Facts(event=event, config=config, changed=changed))


def _check_place(config: Config, provider: Provider, environ: Mapping[str, str]) -> None:
    from sandgate.ci.choice import providers  # noqa: PLC0415

    here = [name for name, each in providers().items() if each.here(environ)]
    if here and provider.name not in here:
        raise ConfigError(
            f"this is a job of {here[0]}, and the configuration says {provider.name}",
            where=f"{config.sources.get('ci_provider', 'default')}, key ci_provider",
            hint=f'ci_provider = "{here[0]}"',
        )


def lines_of(decision: Decision, provider: Provider) -> list[str]:
    """What is said on standard output.

    Names of files are somebody else's text: nothing in them may begin a line, where providers look for commands.
    """
    lines = [f"{decision.verdict}: {decision.rule}: {plain(decision.why)}"]
    if decision.notice:
        lines.append(provider.notice(plain(decision.notice)))
    return lines


def write_output(path: str, decision: Decision) -> None:
    """Append the decision to a file of `NAME=value` lines.

    Raises:
        EnvironmentFault: it cannot be written, and the jobs after this one would take silence for a decision.
    """
    # A shell may read it too, and takes one word.
    _append(path, f"decision={decision.verdict}\nrule={decision.rule.replace(' ', '-')}\n")


def write_summary(path: str, decision: Decision) -> None:
    """Append the decision to a job's summary, as Markdown.

    Raises:
        EnvironmentFault: it cannot be written.
    """
    why = plain(decision.why).replace("`", "'")
    _append(path, f"**sandgate gate: {decision.verdict}** by rule `{decision.rule}`: `{why}`\n")


def _append(path: str, text: str) -> None:
    try:
        with Path(path).open("a", encoding="utf-8") as handle:
            handle.write(text)
    except OSError as error:
        raise EnvironmentFault(f"the decision cannot be written: {error.strerror}", where=path) from None
