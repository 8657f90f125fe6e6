"""Options about a second account that tests have beside the run's own."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandgate.config.declare import option
from sandgate.config.fault_options import FaultOptions

__all__ = ["ALSO_ALLOWED", "DEFAULT", "WHO_AM_I", "AlsoOptions"]

DEFAULT = "default"
"""The profile that SDKs take by themselves."""
WHO_AM_I = "sts:GetCallerIdentity"
"""What the second account's key may always do."""
ALSO_ALLOWED = ("iam:ListAccountAliases", "sts:GetAccessKeyInfo")
"""What may be listed beside it: reads that name nothing of the account, and answer with no credentials."""


def _profile(value: str) -> str:
    ok = not value or re.fullmatch(r"[\w.@+:/-]+", value, re.ASCII)
    return "" if ok else f"must be the name of an AWS profile, not {value!r}"


def _more(value: tuple[str, ...]) -> str:
    wrong = [name for name in value if name not in ALSO_ALLOWED]
    return f"must be among {', '.join(ALSO_ALLOWED)}, not {wrong[0]!r}" if wrong else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlsoOptions(FaultOptions):
    """The values of these options, after those about faults."""

    also_profile: str = option(
        "",
        check=_profile,
        command_line=True,
        doc="AWS profile of a second account: tests get a profile of that name, with a run key that says who it is and "
        f"nothing else ({WHO_AM_I}). With `default` they get no key in the environment, so that it is what SDKs take "
        "by themselves; the run's own key goes to `variables` then. An emulator makes one up.",
    )
    also_allow: tuple[str, ...] = option(
        (), check=_more, doc=f"What the second account's key may do beside it: {', '.join(ALSO_ALLOWED)}."
    )
