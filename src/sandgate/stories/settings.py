"""Variables of a story: templates and what stands in their place; what must be set; what no story may hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from sandgate.core.environment import OUTSIDE, ChildFacts, changes, never_passed
from sandgate.errors import ConfigError
from sandgate.stories.model import Story

__all__ = ["PLACES", "aws_settings", "check_values", "expand", "missing_variables", "shown_line"]

PLACES = {
    "uuid": "a UUID of this run of the story alone",
    "prefix": "what names of this run begin with: `test-NAMESPACE`",
    "namespace": "the run's namespace",
    "run": "the run's id",
    "story": "the story's name",
    "region": "AWS region of the run",
    "account": "id of the account",
    "gate_url": "address of the gate",
    "run_key": "access key id, worth nothing but at the gate",
    "run_secret": "its secret",
}
"""Name to what stands in its place, `{uuid}`, in values of `stories/.env` and of a story."""

_PLACE = re.compile(r"(?<!\$)\{([a-z_]+)\}")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
_NOT_THERE = ("SANDGATE_RUN_DIR", "SANDGATE_WORKER", OUTSIDE)
"""For processes that join the run; a clean environment has no run directory, and no other way to the internet."""
_FILES = ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE")


def expand(text: str, places: Mapping[str, str], *, where: str) -> str:
    """A template with its places filled in; other braces stay as they are.

    Raises:
        ConfigError: it names a place that there is none of.
    """

    def fill(found: re.Match[str]) -> str:
        if found[1] not in places:
            raise ConfigError(f"there is nothing called {found[0]}", where=where, hint=f"known: {', '.join(PLACES)}")
        return places[found[1]]

    return _PLACE.sub(fill, text)


def check_values(values: Mapping[str, str], *, where: str) -> None:
    """See that no value could be a real credential, or lead past the gate: of AWS only templates and the region pass.

    Args:
        values: variable to template.
        where: they stand.

    Raises:
        ConfigError: one is.
    """
    for name, value in values.items():
        if never_passed(name) and name not in _REGIONS and value and not _PLACE.fullmatch(value):
            raise ConfigError(
                f"{name} holds a value of its own, and no story may: real keys stay in the gate",
                where=where,
                hint=f"write {name}={{run_key}}, {{run_secret}}, {{gate_url}} or {{region}}, or leave it out",
            )


def missing_variables(story: Story, known: Iterable[str]) -> tuple[str, ...]:
    """Variables that must be set and are not."""
    return tuple(name for name in story.requires if name not in set(known))


def aws_settings(facts: ChildFacts, own: Mapping[str, str]) -> dict[str, str]:
    """What of AWS a step gets: the gate, as a proxy too, the run key, no file of keys; the region of the story's own.

    Args:
        facts: of the run, with files as steps see them.
        own: variables of the story, filled in.
    """
    # A second account's credentials are a file, and a story has none; the run key is what it has.
    alone = replace(facts, also_file="", keyless=False)
    found = {name: value for name, value in changes(own, alone).items() if value is not None}
    found.update(dict.fromkeys(_FILES, "/dev/null"))
    found.update({name: own[name] for name in _REGIONS if name in own})
    return {name: value for name, value in found.items() if name not in _NOT_THERE}


def shown_line(line: str, variables: Mapping[str, str]) -> str:
    """A line with its variables put in, as a person can type it; those that are not known stay."""
    return _VARIABLE.sub(lambda found: variables.get(found[1] or found[2], found[0]), line)
