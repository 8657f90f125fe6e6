"""Who asks, and whether a statement of a resource's document is about them.

Source: IAM User Guide, "AWS JSON policy elements: Principal" and "NotPrincipal".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sandgate.iam.document import Principals

__all__ = ["ANONYMOUS", "Caller", "Named", "exempt", "named"]

Named = Literal["", "account", "everyone", "issuer", "self"]
"""How a statement names the caller: not at all, by account, as everybody, by who is behind a session, or itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The principal of a request. All empty: anonymous."""

    arn: str = ""
    """Of the user, the session (`assumed-role`, `federated-user`) or the account's root."""
    issuer: str = ""
    """For a session: ARN of the role or user whose permissions it has; needed where a role has a path."""
    id: str = ""
    """Unique id of the user or role, `AIDA…`, `AROA…`."""
    service: str = ""
    """For a service: `lambda.amazonaws.com`."""
    federated: str = ""
    """For a web identity or SAML assertion: the provider."""
    canonical: str = ""
    """Canonical id of the account, as S3 knows it."""

    @property
    def account(self) -> str:
        """The account's id, or an empty string."""
        return self.arn.split(":", 5)[4] if self.arn else ""

    @property
    def root(self) -> bool:
        """Whether it is the account itself."""
        return self.arn.endswith(":root") and ":iam::" in self.arn

    @property
    def behind(self) -> str:
        """ARN of the role or user behind a session, or an empty string."""
        if self.issuer or ":assumed-role/" not in self.arn:
            return self.issuer
        head, _, rest = self.arn.partition(":assumed-role/")
        return f"{head.replace(':sts:', ':iam:')}:role/{rest.split('/')[0]}"


ANONYMOUS = Caller()


def named(principals: Principals, caller: Caller) -> Named:
    """How `Principal` names the caller; the closest way counts."""
    if caller.service:
        mine = caller.service in principals.service
    elif caller.federated:
        mine = caller.federated in principals.federated
    else:
        mine = bool(caller.arn) and caller.arn in principals.aws
    if mine:
        return "account" if caller.root else "self"
    behind = caller.behind
    if behind and behind in principals.aws:
        return "issuer"
    if caller.id and caller.id in principals.aws:
        return "issuer" if behind else "self"
    if principals.everyone:
        return "everyone"
    return "account" if _account(principals, caller) else ""


def exempt(principals: Principals, caller: Caller) -> bool:
    """Whether `NotPrincipal` leaves the caller out: only when it lists everything that the caller is.

    A session is its own ARN, its role and its account; a list that lacks one of them may deny the others.
    """
    if principals.everyone:
        return True
    if caller.service or caller.federated:
        return named(principals, caller) == "self"
    if not caller.arn:
        return False
    chain = [caller.arn, *([caller.behind] if caller.behind else [])]
    return all(arn in principals.aws for arn in chain) and (caller.root or _account(principals, caller))


def _account(principals: Principals, caller: Caller) -> bool:
    account = caller.account
    if caller.canonical and caller.canonical in principals.canonical:
        return True
    if not account:
        return False
    partition = caller.arn.split(":", 2)[1]
    return account in principals.aws or f"arn:{partition}:iam::{account}:root" in principals.aws
