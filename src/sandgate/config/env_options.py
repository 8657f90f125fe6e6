"""Options about env files: which file belongs to which tier, and what tests get of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sandgate.config import checks
from sandgate.config.declare import option
from sandgate.config.sandbox_options import SandboxOptions
from sandgate.core.environment import never_passed
from sandgate.core.registry import case_names

__all__ = ["TIER", "EnvOptions"]

TIER = "{tier}"
"""In the path of an env file: the tier or alias that was asked for."""


def _aliases(value: Mapping[str, str]) -> str:
    tiers = case_names("sandgate.tiers")
    for alias, tier in value.items():
        if not re.fullmatch(r"[a-z][a-z0-9-]*", alias):
            return f"{alias!r} is not a name for a tier: lower-case letters, digits and hyphens, a letter first"
        if complaint := checks.tier_name(tier):
            return f"{alias} {complaint}"
        if alias in tiers:
            return f"{alias!r} is a tier itself, and cannot be another name for {tier!r}"
    return ""


def _env_file(value: str) -> str:
    if not value:
        return "must be the path of a file, also where there is none yet"
    rest = value.replace(TIER, "")
    if "{" in rest or "}" in rest:
        return f"knows {TIER} only, not {value!r}"
    return checks.path_or_home(value)


def _passable(value: tuple[str, ...]) -> str:
    for pattern in value:
        if not re.fullmatch(r"[A-Za-z_*][A-Za-z0-9_*]*", pattern):
            return f"{pattern!r} is not the name of a variable, nor a pattern of names"
        if never_passed(pattern) or pattern.startswith("SANDGATE_"):
            return f"{pattern!r} would hand a credential or a setting of the gate to the tests"
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvOptions(SandboxOptions):
    """The values of these options, after those of the sandbox tier."""

    tier_aliases: Mapping[str, str] = option(
        {"integration": "sandbox", "dev": "endpoints"},
        check=_aliases,
        doc="Other names for tiers, usable wherever a tier is named; a table of your own takes the place of these.",
    )
    env_file: str = option(
        f".env.{TIER}",
        check=_env_file,
        command_line=True,
        doc=f"Env file, relative to the configuration file; `{TIER}` is the tier or alias that was asked for. Its keys "
        "never reach the tests. With `CI` set it is not read: there only the environment counts.",
    )
    env_pass: tuple[str, ...] = option(
        (),
        check=_passable,
        doc="Names, or patterns such as `APP_*`, of what the tests get from the env file too; all else in it is taken "
        "out of their environment. Credentials are never passed on.",
    )
