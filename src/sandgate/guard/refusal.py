"""Why a call is refused: the rule, the offending value, where the rule came from, and what would let the call pass."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from sandgate.core.call import Call, Decision
from sandgate.errors import PolicyError
from sandgate.guard.beyond import Said, Unreadable
from sandgate.guard.grants import Excess
from sandgate.guard.judge import Judge, Judged
from sandgate.guard.openings import Opening
from sandgate.guard.owners import owners_of
from sandgate.guard.policy import SHARED, Policy
from sandgate.guard.remedy import adopt_line, allow_line, remedy_of, unlimited
from sandgate.guard.services import prefixes_of
from sandgate.iam.actions import Unmapped
from sandgate.iam.request import AccessRequest

__all__ = [
    "refuse_excess",
    "refuse_openings",
    "refuse_requests",
    "refuse_target",
    "refuse_unknown",
    "refuse_unreadable",
]

_MISFIT = "not a name or an ARN"
"""How the reason begins where a member could be told otherwise."""
_ACCOUNTS = re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])")
_ACCOUNT = 4
"""Where an ARN says whose the resource is."""
_OPTIONS = {
    "service-not-allowed": "services",
    "action-not-allowed": "services",
    "outside-account": "tier",
    "outside-region": "region",
    "outside-run": "isolation",
    "outside-sandbox": "prefix",
    "condition-not-met": "services",
    "not-created-here": "adopt",
    "grants-outside": "services",
    "reaches-outside": "adopt",
    "opens-outside": "adopt",
    "shared-ledger": "ledger",
}
"""The option that each rule came from, where no policy file takes the place of all."""


def refuse_unknown(error: Unmapped | PolicyError, *, member: str = "") -> Decision:
    """What nobody can judge.

    Args:
        error: why not.
        member: that holds the malformed policy.
    """
    if isinstance(error, PolicyError):
        return Decision(
            allowed=False,
            rule="unresolvable-resource",
            value=member,
            source=f"{member} is no policy document: {error.message}",
            remedy=f"give {member} a valid policy document",
        )
    if error.rule == "unmapped-operation":
        return Decision(
            allowed=False,
            rule=error.rule,
            value=error.operation,
            source=f"sandgate: {error.reason}",
            remedy="run with --unsafe-no-guard, on a tier without a real account",
        )
    plain = error.member and error.reason.startswith(_MISFIT)
    return Decision(
        allowed=False,
        rule=error.rule,
        value=error.value or error.member or error.operation,
        source=f"sandgate: {error.reason}",
        remedy=f"give {error.member} as one plain name or a whole ARN"
        if plain
        else f"change {error.member or 'the call'} so that it says in plain what it works on, inside the sandbox",
    )


def refuse_excess(excess: Sequence[Excess], policy: Policy) -> Decision:
    """A written policy grants too much."""
    first = excess[0]
    pairs = [(item.action, item.resource) for item in excess]
    return Decision(
        allowed=False,
        rule="grants-outside",
        value=first.text(),
        source=_source("grants-outside", policy),
        remedy=allow_line(pairs, policy),
        action=first.action,
    )


def refuse_unreadable(error: Unreadable, said: Said) -> Decision:
    """A value names something that nobody can read."""
    return Decision(
        allowed=False,
        rule="unresolvable-resource",
        value=error.value[:200] or said.member,
        source=f"sandgate: {said.member} must be {error.wanted}",
        remedy=f"give {said.member} as {error.wanted}",
    )


def refuse_target(call: Call, request: AccessRequest, why: Judged, judge: Judge, policy: Policy) -> Decision:
    """What a service would reach is outside."""
    rules = {"denied": _denial(why), "not-owned": "not-created-here"}
    rule = rules.get(why.outcome, "reaches-outside")
    return Decision(
        allowed=False,
        rule=rule,
        value=_value(rule, request, judge),
        source=_source(rule, policy),
        remedy=remedy_of(rule, call, [request], why, policy),
        action=request.action,
        statement=why.statement,
    )


def refuse_openings(openings: Sequence[Opening], policy: Policy) -> Decision:
    """Somebody outside would be let in; accounts can be adopted, everybody cannot."""
    accounts = [_ACCOUNTS.findall(item.value) for item in openings]
    roots = [f"arn:{policy.sandbox.partition}:iam::{account}:root" for found in accounts for account in found]
    closed = f"let {openings[0].member} name this account, a service, or narrow it by aws:SourceAccount"
    return Decision(
        allowed=False,
        rule="opens-outside",
        value=openings[0].value,
        source=_source("opens-outside", policy),
        remedy=adopt_line(roots, policy) if all(accounts) else closed,
    )


def refuse_requests(call: Call, requests: Sequence[AccessRequest], judge: Judge, policy: Policy) -> Decision:
    """The first request that is not allowed says why; the remedy lets all of them pass."""
    judged = [(request, judge.judge(request)) for request in requests]
    failing = [(request, found) for request, found in judged if found.outcome != "allowed"]
    first, why = failing[0]
    rule = _rule(first, why, judge, policy)
    return Decision(
        allowed=False,
        rule=rule,
        value=_value(rule, first, judge),
        source=_source(rule, policy),
        remedy=remedy_of(rule, call, [request for request, _ in failing], why, policy),
        action=first.action,
        statement=why.statement,
    )


def _rule(request: AccessRequest, why: Judged, judge: Judge, policy: Policy) -> str:
    """The first rule that fits, from the plainest to the one that says least."""
    near = judge.verdict(request).nearest()
    sandbox = policy.sandbox
    segments = request.resource.split(":", 5)
    region, account = (segments[3], segments[4]) if len(segments) > _ACCOUNT else ("", "")
    fits: Iterable[tuple[str, bool]] = (
        ("shared-ledger", why.outcome == "denied" and _denial(why) == "shared-ledger"),
        ("explicit-deny", why.outcome == "denied"),
        ("not-created-here", why.outcome == "not-owned"),
        ("service-not-allowed", not policy.file and request.action.partition(":")[0] not in _prefixes(policy)),
        ("condition-not-met", near is not None and near.mismatches[0].element == "condition"),
        ("action-not-allowed", request.resource == "*" or not judge.candidates(request.action)),
        ("outside-account", account not in ("", "*", sandbox.account)),
        ("outside-region", region not in ("", "*", sandbox.region)),
        ("outside-run", not policy.file and unlimited(request, policy)),
    )
    return next((rule for rule, holds in fits if holds), "outside-sandbox")


def _denial(why: Judged) -> str:
    return "shared-ledger" if why.statement.startswith(SHARED) else "explicit-deny"


def _prefixes(policy: Policy) -> tuple[str, ...]:
    return prefixes_of(policy.sandbox.services)


def _value(rule: str, request: AccessRequest, judge: Judge) -> str:
    if rule == "service-not-allowed":
        return request.action.partition(":")[0]
    if rule == "action-not-allowed":
        return request.action
    if rule == "condition-not-met":
        near = judge.verdict(request).nearest()
        return near.mismatches[0].text() if near else request.resource
    if rule == "not-created-here":
        return next(iter(owners_of(request.resource)), request.resource)
    return request.resource


def _source(rule: str, policy: Policy) -> str:
    if policy.file and rule != "shared-ledger":
        return f"policy = {policy.file!r}, {policy.sources.get('policy', 'default')}"
    option = _OPTIONS[rule]
    shown = _shown(option, policy)
    return f"{option}{shown}, {policy.sources.get(option, 'default')}"


def _shown(option: str, policy: Policy) -> str:
    sandbox = policy.written or policy.sandbox
    if option == "ledger":
        return ""
    if option == "tier":
        return f" with account {sandbox.account}"
    values: dict[str, Iterable[str] | str] = {
        "services": sandbox.services,
        "prefix": sandbox.prefixes,
        "adopt": sandbox.adopt,
        "region": sandbox.region,
        "isolation": "prefix" if sandbox.namespace is None else "run",
    }
    value = values[option]
    text = f'"{value}"' if isinstance(value, str) else "[" + ", ".join(f'"{item}"' for item in value) + "]"
    return f" = {text}{' (all)' if option == 'services' and not value else ''}"
