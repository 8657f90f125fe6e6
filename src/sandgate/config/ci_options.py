"""Options of continuous integration: the repository, what its secrets are, and when the real account is used."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandgate.config.declare import option

__all__ = ["CiOptions"]

_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9_.-]+)+")
_WORDS = re.compile(r"[a-z0-9(), \t\n-]+")


def _repository(value: str) -> str:
    ok = not value or _REPOSITORY.fullmatch(value)
    return "" if ok else f"must be OWNER/NAME, without wildcards, not {value!r}"


def _policy(value: str) -> str:
    ok = _WORDS.fullmatch(value)
    return "" if ok else f"must be a rule, a preset, or any(…) and all(…) of them, not {value!r}"


def _label(value: str) -> str:
    return "" if value and value == value.strip() and "," not in value else f"must be one label, not {value!r}"


def _patterns(value: tuple[str, ...]) -> str:
    for pattern in value:
        if not pattern or pattern.startswith("/") or "\\" in pattern:
            return f"must be paths from the repository's root, such as src/aws/**, not {pattern!r}"
    return ""


def _branches(value: tuple[str, ...]) -> str:
    wrong = [name for name in value if not name or name.startswith("refs/") or re.search(r"\s", name)]
    return f"must be names of branches, not {wrong[0]!r}" if wrong else ""


def _refs(value: tuple[str, ...]) -> str:
    wrong = [ref for ref in value if not re.fullmatch(r"refs/(heads|tags)/\S+", ref)]
    return f"must be full refs such as refs/tags/v*, not {wrong[0]!r}" if wrong else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CiOptions:
    """What `sandgate ci` works by."""

    ci_provider: str = option(
        "github",
        choices_from="sandgate.ci.providers",
        doc="Where CI runs; `sandgate ci` reads its events, and writes its secrets and workflow files.",
    )
    repository: str = option(
        "",
        check=_repository,
        doc="Repository whose CI uses the identity, as OWNER/NAME; with it `up`, `rotate` and `down` care for its "
        "secrets too.",
    )
    ci_credentials: str = option(
        "keys",
        choices=("keys", "oidc"),
        doc="What CI holds: `keys` of the identity's user as secrets, or `oidc`: nothing that lasts.",
    )
    ci_subjects: tuple[str, ...] = option(
        ("ref:refs/heads/main",),
        doc="Jobs that may take the OIDC role, each exactly: `ref:refs/heads/main`, `environment:sandbox` or "
        "`pull_request`; no wildcards.",
    )
    ci_policy: str = option(
        "never",
        check=_policy,
        doc="When `sandgate ci gate` lets CI use the real account: a preset, a rule, or `any(…)` and `all(…)` of them.",
    )
    ci_label: str = option("integration", check=_label, doc="Label of a pull request that the rule `label` asks for.")
    ci_critical_paths: tuple[str, ...] = option(
        (),
        check=_patterns,
        doc="Files that the rule `critical-paths` asks for, from the repository's root; `*` is anything within a "
        "folder, `**` also across folders.",
    )
    ci_branches: tuple[str, ...] = option(
        ("main",), check=_branches, doc="Branches that the rule `branch` is about: pushes to them, and into them."
    )
    ci_promotion_refs: tuple[str, ...] = option(
        (),
        check=_refs,
        doc="Branches and tags that stand for production, such as `refs/tags/v*`: what goes there is a promotion, "
        "beside releases and deployments.",
    )
