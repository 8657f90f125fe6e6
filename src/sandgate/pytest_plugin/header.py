"""The lines that pytest shows above its tests: where calls will end, as whom, and who said so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from sandgate.config.model import Config
from sandgate.config.options import OPTIONS
from sandgate.reports.words import NO_GUARD, account_words, caller_words, fallback_lines
from sandgate.run import Run

__all__ = ["header_lines"]

_PREFIX = "sandgate: "
_WIDTH = 80
_SHOWN = ("region", "isolation", "prefix")
"""Settings that are shown even when nobody set them; the tier has a line of its own."""


def header_lines(run: Run, mark: Callable[[str], str] = str) -> list[str]:
    """The header of a run.

    Args:
        run: the run.
        mark: makes a warning stand out.
    """
    config = run.config
    joined = "" if run.owner else f", joined run {run.id}"
    tier = f"tier {run.tier} (from {_source(config, 'tier')})"
    return [
        f"sandgate: {tier}, account {account_words(run.account, run.evidence)}, namespace {run.namespace}{joined}",
        f"sandgate: caller {caller_words(run.caller, run.evidence)}, gate {run.gate_url}",
        *(mark(line) for line in fallback_lines(run.evidence, run.tier, _PREFIX)),
        *([mark(f"{_PREFIX}guard {NO_GUARD}")] if config.unsafe_no_guard else []),
        *_wrapped(_settings(config)),
    ]


def _wrapped(settings: Iterable[str]) -> Iterator[str]:
    """As many settings on a line as 80 columns hold, none of them torn."""
    line = ""
    for setting in settings:
        longer = f"{line}, {setting}" if line else setting
        if line and len(_PREFIX + longer) > _WIDTH:
            yield _PREFIX + line + ","
            longer = setting
        line = longer
    yield _PREFIX + line


def _source(config: Config, name: str) -> str:
    """Where a setting came from; of the configuration file its name says enough."""
    source = config.sources.get(name, "default")
    return config.file.name if config.file and source.startswith(str(config.file)) else source


def _settings(config: Config) -> list[str]:
    """Each setting with its source: those that matter, and all that somebody set."""
    names = [name for name in OPTIONS if name != "tier" and (name in _SHOWN or _source(config, name) != "default")]
    return [f"{name} {_value(config, name)} (from {_source(config, name)})" for name in names]


def _value(config: Config, name: str) -> str:
    value = getattr(config, name)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Path | str | int | float):
        return str(value)
    return ",".join(value)  # lists, and tables by their keys
