"""By which rule the tier `sandbox` refuses what AWS has no place for."""

from __future__ import annotations

from sandgate.core.rules import Rule

__all__ = ["NOT_THERE"]

NOT_THERE = Rule(
    code="not-on-aws",
    text="AWS has no endpoint for the call, or the gate cannot sign for it.",
    remedy="a region and service that the account's partition has; the refusal's value says what is missing.",
)
