"""Every rule by which a gate refuses: its own, the guard's and the tiers'; the reference page is made of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sandgate.core.registry import discover
from sandgate.core.rules import Rule
from sandgate.guard.rules import RULES
from sandgate.tiers._model import Tier

__all__ = ["OWN_RULES", "all_rules"]

OWN_RULES: Mapping[str, Rule] = MappingProxyType(
    {
        rule.code: rule
        for rule in (
            Rule(
                code="unknown-key",
                text="The call is signed with a key that this gate did not issue, or brings a registry's token that it "
                "did not give out.",
                remedy="the run key that `sandgate run` or `sandgate env` sets in the environment; for a registry what "
                "`ecr:GetAuthorizationToken` gives for it.",
            ),
            Rule(
                code="second-account",
                text="The call is signed with the key of `also_profile`, which is for saying who it is.",
                remedy="the run's own key; of the two other reads that `also_allow` takes, an entry there.",
            ),
            Rule(
                code="unsigned",
                text="The call carries no signature, and its operation needs one.",
                remedy="a client that signs with the run key, which anonymous clients and `--no-sign-request` do not.",
            ),
            Rule(
                code="not-of-this-run",
                text="The call needs no permission, and reaches an API, function or pool that this run has not seen.",
                remedy="a signed call of this run that creates or describes it first.",
            ),
            Rule(
                code="emulator-internal",
                text="The path is one of the emulator's own, which change or reset it without a signature.",
                remedy="nothing; use the AWS API.",
                final=True,
            ),
            Rule(
                code="not-recorded",
                text="The call cannot be written to the run's log, so it could not be proven.",
                remedy="room on the disk and a writable `.sandgate/`, then a new run.",
            ),
            Rule(
                code="not-shared",
                text="What the call would make cannot be written into the shared ledger, so no other machine could "
                "sweep it. Calls that make nothing go on.",
                remedy="the table and the rights that `sandgate up` makes, or no `ledger`.",
            ),
            Rule(
                code="not-understood",
                text="The request is malformed or not rightly signed, or one of the few that the gate cannot take: "
                "an operation that its botocore does not know, a body over `body_limit`, SigV4A, HTTP/2. The answer "
                "has the error code of AWS.",
                remedy="a request as AWS takes it; the error says what was wrong.",
            ),
        )
    }
)
"""What the gate asks before anybody's policy."""


def all_rules() -> Mapping[str, Rule]:
    """Code to rule."""
    tiers = discover("sandgate.tiers", "TIER", Tier).values()
    rules = (*RULES.values(), *OWN_RULES.values(), *(rule for tier in tiers for rule in tier.rules))
    return MappingProxyType({rule.code: rule for rule in rules})
