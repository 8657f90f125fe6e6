"""Whether the tests may call as this identity in this account; pure. Until it has said yes, nothing is called."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sandgate.errors import ConfigError

__all__ = ["Caller", "Expected", "check_alias", "judge"]

_SESSION = re.compile(r"arn:[a-z-]+:sts::[0-9]{12}:assumed-role/([^/]+)/(.+)")
_PRINCIPAL = re.compile(r"arn:[a-z-]+:iam::([0-9]{12}):(user|role)/(?:.*/)?([^/]+)")
_ROOT = re.compile(r"arn:[a-z-]+:iam::[0-9]{12}:root")

_PATHS = "; in trusted, IAM wants the role's path too, as `aws iam get-role` shows it"
"""A session's ARN does not tell it, and roles of a single sign-on have one (IAM User Guide, "IAM identifiers")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """What AWS answers to GetCallerIdentity."""

    account: str
    arn: str

    @property
    def partition(self) -> str:
        """Of the account: `aws`, `aws-cn`, `aws-us-gov`."""
        return self.arn.split(":")[1]

    @property
    def kind(self) -> str:
        """`user`, `role` for a session of one, or another kind that IAM has."""
        found = _PRINCIPAL.fullmatch(self.arn)
        return "role" if _SESSION.fullmatch(self.arn) else found[2] if found else "other"

    @property
    def name(self) -> str:
        """Of the user or the role; neither its path, which a session's ARN does not tell, nor the session's."""
        session = _SESSION.fullmatch(self.arn)
        found = _PRINCIPAL.fullmatch(self.arn)
        return session[1] if session else found[3] if found else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the configuration says of account and caller."""

    account: str
    account_source: str
    """Where it says so; so has the next."""
    forbidden: tuple[str, ...] = ()
    forbidden_source: str = ""
    user: str
    """Of the identity, as is the next; either may have `-SERVICE` behind it."""
    role: str
    ci_role: str = ""
    """That jobs of CI take by OIDC."""
    services: frozenset[str] = frozenset()
    trusted: tuple[str, ...] = ()
    """ARNs that the test role trusts."""
    identities: tuple[str, ...] = ()
    """Names and ARNs that may call as they are."""


def judge(caller: Caller, expected: Expected) -> str:
    """Hold a caller against what is expected.

    An administrator's own policies need not be readable, so what counts is who the caller is, not what it may do.

    Args:
        caller: as AWS answered.
        expected: as configured.

    Returns:
        The rule by which it may call: `test role`; `user`, `ci role` or `trusted`, which must take the test role
        first; or `identities`, which calls as it is.

    Raises:
        ConfigError: another account, a forbidden one, root, or nobody whom the configuration names.
    """
    if caller.account in expected.forbidden:
        raise ConfigError(
            f"the credentials are of the account {caller.account}, which is forbidden",
            where=f"forbidden_accounts, {expected.forbidden_source}; caller {caller.arn}",
            hint="use credentials of the sandbox account",
        )
    if caller.account != expected.account:
        raise ConfigError(
            f"the credentials are of the account {caller.account}, and the sandbox is {expected.account}",
            where=f"account, {expected.account_source}; caller {caller.arn}",
            hint="use credentials of the sandbox account, or correct account",
        )
    if _ROOT.fullmatch(caller.arn):
        raise ConfigError(
            "the credentials are the account's root user, as whom no test may ever call",
            where=f"caller {caller.arn}",
            hint="delete root's access keys, and let `sandgate up` make an identity",
        )
    rule = _rule(caller, expected)
    if not rule:
        raise ConfigError(
            f"{caller.arn} is none of the identities that the configuration names",
            where=f"the user {expected.user!r}, the role {expected.role!r}, trusted and identities of the account "
            f"{expected.account}",
            hint=f"use the keys that `sandgate up` made, or add {_spelt(caller)!r} to trusted (it then takes the test "
            f"role) or, with its own rights, to identities{_PATHS if caller.kind == 'role' else ''}",
        )
    return rule


def _rule(caller: Caller, expected: Expected) -> str:
    if caller.kind == "role" and _is_own(caller.name, expected.role, expected.services):
        return "test role"
    if any(_means(entry, caller) for entry in expected.identities):
        return "identities"
    if caller.kind == "user" and _is_own(caller.name, expected.user, expected.services):
        return "user"
    if caller.kind == "role" and caller.name == expected.ci_role:
        return "ci role"
    return "trusted" if any(_means(entry, caller) for entry in expected.trusted) else ""


def _is_own(name: str, base: str, services: Iterable[str]) -> bool:
    return name == base or any(name == f"{base}-{service}" for service in services)


def _means(entry: str, caller: Caller) -> bool:
    """Whether a name or an ARN of the configuration is the caller: an ARN of a role is every session of it."""
    if entry == caller.arn or (":" not in entry and entry == caller.name):
        return True
    found = _PRINCIPAL.fullmatch(entry)
    return found is not None and found.groups() == (caller.account, caller.kind, caller.name)


def _spelt(caller: Caller) -> str:
    return f"arn:{caller.partition}:iam::{caller.account}:{caller.kind}/{caller.name}" if caller.name else caller.arn


def check_alias(aliases: Iterable[str], wanted: str, source: str) -> None:
    """Hold the account's aliases, of which AWS allows one or none, against the expected one.

    Raises:
        ConfigError: it has another, or none.
    """
    found = tuple(aliases)
    if wanted and wanted not in found:
        has = f"the alias {found[0]!r}" if found else "no alias"
        raise ConfigError(
            f"the account has {has}, and {wanted!r} is expected",
            where=f"expected_alias, {source}",
            hint="use credentials of that account, or correct expected_alias",
        )
