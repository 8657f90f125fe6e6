"""Whose buckets the identity may reach: their ARNs name no account, so a condition does. Pure.

The gate cannot know whose a bucket is. Somebody else's may have a name that is inside, and a policy that lets everybody
in; S3's names are one space for all accounts.

Source: IAM User Guide, "AWS global condition context keys", aws:ResourceAccount, and "IAM JSON policy elements:
Condition operators", IfExists.
"""

from __future__ import annotations

from dataclasses import replace

from sandgate.guard.policy import Policy
from sandgate.iam.document import Condition, Document

__all__ = ["in_own_account"]

_BY_PATTERN = frozenset({"S3Inside", "DeployerArtifacts"})
"""Sids of generated statements that allow what a bucket's name says. An adopted bucket may be anybody's."""


def in_own_account(policy: Policy) -> Policy:
    """The policy with a condition on buckets that are inside by the pattern of their name.

    A key that is absent passes: what makes a bucket has no resource yet, and it has not been seen on AWS whether such a
    call carries the key.

    Args:
        policy: of the sandbox; a file of the user's own stays as it is.
    """
    if policy.file:
        return policy
    own = Condition(operator="StringEqualsIfExists", key="aws:ResourceAccount", values=(policy.sandbox.account,))

    def narrowed(document: Document) -> Document:
        return replace(
            document,
            statements=tuple(
                replace(one, conditions=(*one.conditions, own)) if one.sid in _BY_PATTERN else one
                for one in document.statements
            ),
        )

    return replace(policy, document=narrowed(policy.document), deployer=narrowed(policy.deployer))
