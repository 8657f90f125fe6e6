"""Words and colours that more than one place shows; nothing is imported for them."""

from __future__ import annotations

__all__ = ["FINDINGS", "NOT_KNOWN", "NO_GUARD", "colour_of"]

NOT_KNOWN = "not known"
"""Account and caller where the upstream has nobody to ask."""
FINDINGS = {
    "overwritten": "overwritten, and not the run's",
    "sent": "sent to what is not the run's",
    "unnamed": "written where nobody can name it",
}
"""What a run did that no sweep undoes."""
NO_GUARD = "OFF (--unsafe-no-guard): nothing keeps calls inside the sandbox"
"""Said wherever a run without a guard is shown."""


def colour_of(line: str) -> str | None:
    """The colour of a line of the summary on a terminal; `None` is none."""
    if line.startswith("  red because"):
        return "red"
    return "yellow" if line.endswith(NO_GUARD) else None
