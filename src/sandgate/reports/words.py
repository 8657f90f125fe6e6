"""Words and colours that more than one place shows; nothing is imported for them."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = [
    "FALLBACK",
    "FINDINGS",
    "NOT_KNOWN",
    "NO_GUARD",
    "account_words",
    "also_lines",
    "caller_words",
    "colour_of",
    "fallback_lines",
]

NOT_KNOWN = "not known"
"""Account and caller where the upstream has nobody to ask."""
FINDINGS = {
    "overwritten": "overwritten, and not the run's",
    "changed": "changed, and not the run's",
    "sent": "sent to what is not the run's",
    "unnamed": "written where nobody can name it",
}
"""What a run did that no sweep undoes."""
FALLBACK = "NOT on the tier that was asked for, which had no credentials"
"""Said wherever a run is shown that fell back to another tier."""
NO_GUARD = "OFF (--unsafe-no-guard): nothing keeps calls inside the sandbox"
"""Said wherever a run without a guard is shown."""


def account_words(account: str, evidence: Mapping[str, str]) -> str:
    """An account with its alias, and with what stands for AWS where tests of sandgate run."""
    alias = f" ({evidence['alias']})" if evidence.get("alias") else ""
    other = evidence.get("upstream", "aws")
    return f"{account or NOT_KNOWN}{alias}{'' if other == 'aws' else f', {other}'}"


def caller_words(caller: str, evidence: Mapping[str, str]) -> str:
    """A caller with the rule by which it may call."""
    by = f", by the rule {evidence['matched']}" if evidence.get("matched") else ""
    return f"{caller or NOT_KNOWN}{by}"


def also_lines(evidence: Mapping[str, str], before: str) -> list[str]:
    """The second account: profile and caller; nothing where there is none."""
    return [f"{before}{evidence['also']}"] if evidence.get("also") else []


def fallback_lines(evidence: Mapping[str, str], tier: str, before: str) -> list[str]:
    """That a run is not where it was asked to be; nothing where it is."""
    asked = evidence.get("asked")
    return [f"{before}{FALLBACK}: {tier}, asked: {asked}"] if asked else []


def colour_of(line: str) -> str | None:
    """The colour of a line of the summary on a terminal; `None` is none."""
    if line.startswith("  red because"):
        return "red"
    return "yellow" if line.endswith(NO_GUARD) or FALLBACK in line else None
