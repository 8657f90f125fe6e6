"""What of a story can be seen to be wrong before anything is built or started for it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sandgate.core.environment import never_passed
from sandgate.core.registry import lookup, nearest
from sandgate.errors import ConfigError, UsageError
from sandgate.resources._model import resource_types
from sandgate.stories.model import Story
from sandgate.stories.settings import check_values, missing_variables
from sandgate.stories.temporary._model import temporaries

__all__ = ["check_runtime", "check_story"]

_CALL = re.compile(r"[a-z0-9-]+:[A-Z]\w*")


def check_story(story: Story, known: Iterable[str]) -> None:
    """See whether a story can be performed as it is.

    Args:
        story: it.
        known: names of variables that are set.

    Raises:
        ConfigError: a variable is missing, or it names types or calls that there are none of.
        UsageError: there is no such type of temporary resources.
    """
    where = f"{story.folder}/story.toml"
    if missing := missing_variables(story, known):
        raise ConfigError(
            f"the story {story.name!r} needs {' and '.join(missing)}, and it is not set",
            where=where,
            hint=f"write {missing[0]}=… into stories/.env, or set it in the shell",
        )
    for kind in story.temporary.values():
        lookup(temporaries(), kind, what="type of temporary resources", where=where)
    check_values(story.environment, where=where)
    _check_found((*story.temporary, *(name for step in story.steps for name in step.capture)), where)
    kinds = resource_types()
    for step in story.steps:
        check_values(step.environment, where=where)
        for kind in step.expect.resources:
            if kind not in kinds:
                close = nearest(kind, kinds)
                hint = f"did you mean {close!r}?" if close else "the reference lists all resource types"
                raise ConfigError(f"there is no resource type {kind!r}", where=f"{where}, expect.resources", hint=hint)
        for call in step.expect.calls:
            if not _CALL.fullmatch(call):
                raise ConfigError(
                    f"{call!r} is no call", where=f"{where}, expect.calls", hint="service:Operation, as lambda:Invoke"
                )


def _check_found(names: Iterable[str], where: str) -> None:
    """What is found while a story runs may not tell the SDKs where to go, or as whom."""
    for name in names:
        if never_passed(name):
            raise ConfigError(
                f"{name} is set by the run, and not by what a story finds", where=where, hint="take another variable"
            )


def check_runtime(story: Story, runtime: str) -> None:
    """See whether a story may run in a runtime.

    Raises:
        UsageError: it may not.
    """
    if story.runtimes and runtime not in story.runtimes:
        raise UsageError(
            f"the story {story.name!r} does not run in {runtime}",
            where=f"{story.folder}, runtimes",
            hint=f"it runs in {', '.join(story.runtimes)}",
        )
