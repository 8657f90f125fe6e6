"""What a receipt proves: whether it is the evidence that a promotion asks for.

A receipt is a file. Until receipts are signed, this guards against mistakes (the wrong commit, an old run, a run that
fell back to the emulator), not against somebody who writes one by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandgate.reports.receipt_shape import SCHEMA

__all__ = ["Wanted", "refusals"]

_AHEAD = 300.0
"""Seconds by which the clocks of two machines may differ."""
_UPSTREAMS: Mapping[str, str] = {"sandbox": "aws"}
"""Tier to what a receipt must say its upstream was: a stand-in in its place proves nothing about AWS."""
_Receipt = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The evidence that is asked for."""

    tier: str
    commit: str
    """The whole id."""
    max_age: float
    """Seconds since the run began."""
    account: str = ""
    """Empty: whichever."""


def refusals(receipt: object, wanted: Wanted, *, now: float) -> tuple[str, ...]:
    """Why a receipt is not the evidence; empty when it is.

    Args:
        receipt: what its JSON holds, whatever that is.
        wanted: what it must prove.
        now: seconds since 1970.
    """
    if not isinstance(receipt, Mapping):
        return ("it is no receipt: not a JSON object",)
    if receipt.get("schema") != SCHEMA:
        return (f"it is no receipt of schema {SCHEMA}",)
    return tuple(reason for check in _CHECKS for reason in check(receipt, wanted, now))


def _green(receipt: _Receipt, _wanted: Wanted, _now: float) -> Iterator[str]:
    if receipt.get("green") is not True or receipt.get("status") != 0 or receipt.get("reasons") != []:
        reasons = receipt.get("reasons")
        first = f": {reasons[0]}" if isinstance(reasons, list) and reasons else ""
        yield f"the run was red{first}"


def _tier(receipt: _Receipt, wanted: Wanted, _now: float) -> Iterator[str]:
    tier, asked = receipt.get("tier"), receipt.get("asked", "")
    if tier != wanted.tier:
        fell = f", though {asked} was asked for" if asked and asked != tier else ""
        yield f"the run was on tier {tier}, not {wanted.tier}{fell}"
    elif asked and asked != tier:
        yield f"tier {asked} was asked for, and the run fell back to {tier}"
    upstream = _UPSTREAMS.get(wanted.tier, "")
    if upstream and tier == wanted.tier and receipt.get("upstream") != upstream:
        yield f"the run ended at {receipt.get('upstream') or 'an upstream that it does not name'}, not at {upstream}"


def _commit(receipt: _Receipt, wanted: Wanted, _now: float) -> Iterator[str]:
    commit = receipt.get("commit")
    if not commit:
        yield "it names no commit"
    elif commit != wanted.commit:
        yield f"the run was of commit {str(commit)[:12]}, not {wanted.commit[:12]}"
    if receipt.get("dirty") is not False:
        yield "the tree had changes that were not committed"


def _age(receipt: _Receipt, wanted: Wanted, now: float) -> Iterator[str]:
    started = receipt.get("started")
    if not isinstance(started, int | float) or isinstance(started, bool):
        yield "it does not say when the run began"
    elif started > now + _AHEAD:
        yield "the run began in the future; a clock is wrong"
    elif now - started > wanted.max_age:
        yield f"the run began {_hours(now - started)} ago, and may be {_hours(wanted.max_age)} old"


def _account(receipt: _Receipt, wanted: Wanted, _now: float) -> Iterator[str]:
    if wanted.account and receipt.get("account") != wanted.account:
        yield f"the run was in account {receipt.get('account') or 'unknown'}, not {wanted.account}"


def _guard(receipt: _Receipt, _wanted: Wanted, _now: float) -> Iterator[str]:
    if receipt.get("guard") != "on":
        yield "the run's guard was off"


def _reached(receipt: _Receipt, _wanted: Wanted, _now: float) -> Iterator[str]:
    reached = receipt.get("reached")
    if not isinstance(reached, Mapping) or not any(reached.values()):
        yield "no call of a test reached the tier"


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h"


_CHECKS: tuple[Callable[[_Receipt, Wanted, float], Iterator[str]], ...] = (
    _green,
    _tier,
    _commit,
    _age,
    _account,
    _guard,
    _reached,
)
