"""Options of the tier `sandbox`: which account, as whom, and what a run without credentials does."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandgate.config.ci_options import CiOptions
from sandgate.config.declare import option

__all__ = ["SandboxOptions"]

_ACCOUNT = re.compile(r"[0-9]{12}")
_ALIAS = re.compile(r"[a-z0-9](?:[a-z0-9]|-(?!-)){1,61}[a-z0-9]")
"""IAM User Guide, "Creating, deleting, and listing an AWS account alias"."""
_WHO = re.compile(
    r"(?:arn:[a-z-]+:iam::[0-9]{12}:(?:user|role)/|arn:[a-z-]+:sts::[0-9]{12}:(?:assumed-role|federated-user)/)?"
    r"[A-Za-z0-9+=,.@_/-]+"
)

_TABLE = re.compile(r"dynamodb://[A-Za-z0-9_.-]{3,255}")
"""Amazon DynamoDB API Reference, CreateTable, TableName."""
_LABEL = re.compile(r"[A-Za-z0-9 ._@-]{0,64}")


def _account(value: str) -> str:
    ok = not value or _ACCOUNT.fullmatch(value)
    return "" if ok else f"must be the 12 digits of an account id, in quotes, not {value!r}"


def _accounts(value: tuple[str, ...]) -> str:
    return next((complaint for complaint in map(_account, value) if complaint), "")


def _alias(value: str) -> str:
    return "" if not value or _ALIAS.fullmatch(value) else f"must be an account alias, not {value!r}"


def _identities(value: tuple[str, ...]) -> str:
    for entry in value:
        if not _WHO.fullmatch(entry):
            return f"must be names or ARNs of users and roles, without wildcards, not {entry!r}"
    return ""


def _profile(value: str) -> str:
    return "" if not re.search(r"[\x00-\x1f\]]", value) else f"must be the name of an AWS profile, not {value!r}"


def _ledger(value: str) -> str:
    return "" if not value or _TABLE.fullmatch(value) else f"must be dynamodb://TABLE, or empty, not {value!r}"


def _label(value: str) -> str:
    return "" if _LABEL.fullmatch(value) else f"must be up to 64 letters, digits, blanks or ._@-, not {value!r}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxOptions(CiOptions):
    """The values of these options, after those of CI."""

    account: str = option(
        "",
        check=_account,
        doc="Id of the account that the tier `sandbox` may use; it calls nothing before AWS has confirmed it.",
    )
    forbidden_accounts: tuple[str, ...] = option(
        (), check=_accounts, doc="Ids of accounts that must never be used, whatever `account` says: production."
    )
    expected_alias: str = option(
        "", check=_alias, doc="Alias that the account must have besides; empty: not looked at."
    )
    identities: tuple[str, ...] = option(
        (),
        check=_identities,
        doc="Users and roles, by name or ARN, as which tests may call beside those that `sandgate up` made. They call "
        "with their own rights, so an administrator belongs here only for a moment.",
    )
    profile: str = option(
        "",
        check=_profile,
        doc="Profile of the AWS configuration whose credentials tests on the tier `sandbox` use where the env file "
        "has none.",
    )
    fallback: str = option(
        "",
        choices=("", "emulated"),
        doc="`emulated`: a run on the tier `sandbox` that has no credentials at all, as that of a fork, runs on the "
        "tier `emulated` and says so; credentials that are wrong are an error all the same.",
    )
    ledger: str = option(
        "",
        check=_ledger,
        doc="`dynamodb://TABLE`: runs on the tier `sandbox` write their ledger into that table too, which `sandgate "
        "up` makes, so that any machine can see and sweep what any other has left. Empty: on this machine only.",
    )
    ledger_label: str = option(
        "",
        check=_label,
        doc="What this machine is called in the shared ledger; empty is a random word that stays the same.",
    )
