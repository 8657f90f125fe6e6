"""`critical-paths`: the change touches files that only the real account can prove."""

from __future__ import annotations

import re
from functools import cache

from sandgate.ci.rules._model import Answer, Facts, Rule

__all__ = ["RULE"]

_SHOWN = 3


@cache
def _pattern(glob: str) -> re.Pattern[str]:
    """`*` and `?` stay within a folder, `**` does not; a folder's name alone is all of it."""
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    made = "".join(parts.get(piece, re.escape(piece)) for piece in re.split(r"(\*\*/|\*\*|\*|\?)", glob.rstrip("/")))
    return re.compile(f"{made}(?:/.*)?", re.DOTALL)


def _ask(facts: Facts) -> Answer:
    patterns = facts.config.ci_critical_paths
    if not patterns:
        return Answer(holds=False, why="ci_critical_paths names none")
    if facts.changed is None:
        return Answer(holds=True, why="nobody can tell which files changed, so they count as touched")
    touched = [path for path in facts.changed if any(_pattern(glob).fullmatch(path) for glob in patterns)]
    if not touched:
        return Answer(holds=False, why=f"none of {len(facts.changed)} changed files is critical")
    more = f" and {len(touched) - _SHOWN} more" if len(touched) > _SHOWN else ""
    return Answer(holds=True, why=f"{', '.join(touched[:_SHOWN])}{more} changed")


RULE = Rule(
    name="critical-paths",
    summary="A changed file matches `ci_critical_paths`; where nobody can tell what changed, it counts as touched.",
    ask=_ask,
    needs_changes=True,
)
