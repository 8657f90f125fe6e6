"""May this caller do this? The documented logic over all kinds of policy, with the statement that decided.

Source: IAM User Guide, "Policy evaluation logic": "How AWS enforcement code logic evaluates requests to allow or deny
access", "Policy evaluation for requests within a single account", "Cross-account policy evaluation logic".
"""

from __future__ import annotations

from typing import Literal

from sandgate.iam.compile import Compiled, Rule
from sandgate.iam.explain import PolicyKind
from sandgate.iam.principal import ANONYMOUS, Caller, Named, named
from sandgate.iam.request import AccessRequest
from sandgate.iam.verdict import Policies, Verdict

__all__ = ["evaluate"]

_UNCONTROLLED = frozenset({"sts:GetCallerIdentity", "sts:GetSessionToken"})
"""Need no permission, and no policy can take them away (STS API reference, the pages of both)."""
_STRENGTH: dict[Named, int] = {"": 0, "account": 1, "everyone": 2, "issuer": 3, "self": 4}
_Deciding = tuple[PolicyKind, Compiled, Rule]


def evaluate(request: AccessRequest, policies: Policies, caller: Caller = ANONYMOUS) -> Verdict:
    """Whether the policies let the caller do what is asked.

    Args:
        request: action, resource and context. `aws:ResourceAccount` in the context says whose the resource is where
            its ARN does not (buckets); where neither does and a resource policy is given, both sides must allow.
        policies: every document that has a say.
        caller: who asks; matters only to documents that name principals. Default: nobody in particular.

    Returns:
        The verdict, with the statement that decided.
    """
    if request.action in _UNCONTROLLED:
        return Verdict("allowed", "", "", -1, "", request, policies, caller)
    for kind, compiled in policies.documents:
        for rule in compiled.candidates(request.action).deny:
            if rule.matches(request, caller):
                return _by("explicit_deny", (kind, compiled, rule), request, policies, caller)
    for kind, levels in policies.ceilings:
        for level in levels:
            if _allowing(kind, level, request, caller) is None:
                return _missing(kind, request, policies, caller)
    found = _decide(request, policies, caller)
    if isinstance(found, str):
        return _missing(found, request, policies, caller)
    return _by("allowed", found, request, policies, caller)


def _decide(request: AccessRequest, policies: Policies, caller: Caller) -> _Deciding | PolicyKind | None:
    """The statement that allows; or the kind of policy that would have had to; `None` for an account's root."""
    by_resource, how = _resource_grant(request, policies.resource, caller)
    if caller.service or caller.federated or (policies.resource and not caller.arn and not policies.identity):
        # Services, federated and anonymous callers carry no policies of their own.
        return by_resource or "resource"
    own = _same_account(request, policies, caller)
    if by_resource is None and (not own or (policies.resource is not None and _mandatory(request.action))):
        return "resource"
    if own and how == "self":
        # Granted to the user or session itself: no implicit denial elsewhere limits it.
        return by_resource
    by_identity = _allowing("identity", policies.identity, request, caller)
    enough = own and _STRENGTH[how] > _STRENGTH["account"]
    if by_identity is None and not enough and not caller.root:
        return "identity"
    for kind, limits in policies.limits:
        if _allowing(kind, limits, request, caller) is None:
            return kind
    return by_identity or by_resource


def _allowing(
    kind: PolicyKind, documents: tuple[Compiled, ...], request: AccessRequest, caller: Caller
) -> _Deciding | None:
    """The first statement that allows."""
    for compiled in documents:
        for rule in compiled.candidates(request.action).allow:
            if rule.matches(request, caller):
                return kind, compiled, rule
    return None


def _resource_grant(
    request: AccessRequest, document: Compiled | None, caller: Caller
) -> tuple[_Deciding | None, Named]:
    """The statement of the resource's policy that grants in the closest way, and that way."""
    best: _Deciding | None = None
    way: Named = ""
    for rule in document.candidates(request.action).allow if document else ():
        principal = rule.statement.principal
        how = named(principal, caller) if principal else ""
        if document and _STRENGTH[how] > _STRENGTH[way] and rule.matches(request, caller):
            best, way = ("resource", document, rule), how
    return best, way


def _same_account(request: AccessRequest, policies: Policies, caller: Caller) -> bool:
    """Whether caller and resource share an account; unknown counts as foreign once a resource policy is given."""
    known = request.context.get("aws:resourceaccount", ())
    parts = request.resource.split(":", 5)
    owner = known[0] if len(known) == 1 else parts[4] if len(parts) > 5 else ""  # noqa: PLR2004 - segments of an ARN
    if owner and caller.account:
        return owner == caller.account
    return policies.resource is None


def _mandatory(action: str) -> bool:
    """Whether the resource's policy must allow, even in one account: KMS keys and the trust policies of roles.

    Source: KMS Developer Guide, "Key policies in AWS KMS"; IAM User Guide, "Roles terms and concepts", trust policy.
    """
    return action.lower().startswith(("kms:", "sts:assumerole", "sts:tagsession", "sts:setsourceidentity"))


def _by(
    effect: Literal["allowed", "explicit_deny"],
    deciding: _Deciding | None,
    request: AccessRequest,
    policies: Policies,
    caller: Caller,
) -> Verdict:
    if deciding is None:
        return Verdict(effect, "", "", -1, "", request, policies, caller)
    kind, compiled, rule = deciding
    return Verdict(effect, kind, compiled.label, rule.index, rule.statement.sid, request, policies, caller)


def _missing(kind: PolicyKind, request: AccessRequest, policies: Policies, caller: Caller) -> Verdict:
    return Verdict("implicit_deny", kind, "", -1, "", request, policies, caller)
