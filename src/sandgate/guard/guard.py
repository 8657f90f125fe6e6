"""The guard: a call to a decision, by the sandbox policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sandgate.core.call import ALLOWED, Call, Decision
from sandgate.errors import PolicyError
from sandgate.guard.beyond import GRANTS, Said, Spot, Unreadable, said, spots
from sandgate.guard.grants import Excess, Grants
from sandgate.guard.judge import Judge
from sandgate.guard.openings import Openings
from sandgate.guard.policy import Policy
from sandgate.guard.refusal import (
    refuse_excess,
    refuse_openings,
    refuse_requests,
    refuse_target,
    refuse_unknown,
    refuse_unreadable,
)
from sandgate.guard.targets import requests_for
from sandgate.guard.templates.model import Place as Where
from sandgate.iam.actions import Place, Unmapped, Unresolvable, requests_of
from sandgate.iam.document import LONGEST_RESOURCE
from sandgate.iam.inclusion import arn_included, arns_meet
from sandgate.iam.parse import parse_document
from sandgate.iam.request import AccessRequest
from sandgate.iam.variables import Template, template

__all__ = ["Guard"]

_LONGEST_DOCUMENT = 10_240
"""Characters without white space, the most that any policy of an identity may have: the inline ones of a role.

Source: IAM User Guide, "IAM and AWS STS quotas"."""


class Guard:
    """Judges calls.

    Every principal is judged by the same document: the identity, what it got surrogates for, and functions. The
    deployer has what stack commands need beside it. Unsigned operations need no permission, so nothing is asked of
    them here.

    Args:
        policy: the sandbox policy and where it comes from.
        owned: whether this run made a resource with a random id, or an adopted stack has it. Asked with the ARN of
            what has the id: `arn:aws:apigateway:eu-west-1::/restapis/a1` for everything inside that API.
    """

    def __init__(self, policy: Policy, owned: Callable[[str], bool]) -> None:
        self.policy = policy
        sandbox = policy.sandbox
        self._place = Place(partition=sandbox.partition, account=sandbox.account, region=sandbox.region)
        self._judge = Judge(policy.document, by_id=policy.by_id, owned=owned)
        self._deployer = (
            self._judge
            if policy.deployer is policy.document
            else Judge(policy.deployer, by_id=policy.by_id, owned=owned)
        )
        self._grants = Grants(policy.document, by_id=policy.by_id, owned=owned)
        self.patterns = tuple(
            text
            for statement in policy.document.statements
            if statement.effect == "Allow" and statement.sid not in policy.by_id
            for text in statement.resources
            if text != "*"
        )
        """Of ARNs that are inside by name."""
        self._spots = spots()
        self._openings = Openings(sandbox, inside=self.inside, owned=owned)
        self._names: tuple[Template, ...] = tuple(
            template(text, variables=policy.document.variables, wildcards=True) for text in self.patterns
        )
        self._never = tuple(
            template(text, variables=policy.document.variables, wildcards=True)
            for statement in policy.document.statements
            if statement.effect == "Deny" and not statement.conditions and _denies_all(statement.actions)
            for text in statement.resources
        )

    def decide(self, call: Call) -> Decision:
        """Allow or refuse a call.

        Args:
            call: identified; its parameters are as the client sent them.

        Returns:
            `ALLOWED`, or a refusal with rule (see `RULES`), value, source, remedy, action and statement.
        """
        try:
            requests = requests_of(call, self._place)
        except Unmapped as error:
            return refuse_unknown(error)
        judge = self._judge if call.principal.kind != "deployer" else self._deployer
        for request in requests:
            if not judge.allows(request):
                return refuse_requests(call, requests, judge, self.policy)
        strayed = _strayed(call, requests)
        if strayed is not None:
            return refuse_unknown(strayed)
        places = self._spots.get((call.service, call.operation))
        return ALLOWED if places is None else self._beyond(call, places, judge)

    def requests(self, call: Call) -> tuple[AccessRequest, ...]:
        """What a call needs.

        Raises:
            Unmapped: nothing says it.
            Unresolvable: it names nothing provably.
        """
        return requests_of(call, self._place)

    def judge_of(self, call: Call) -> Judge:
        """The document that a call's principal is judged by."""
        return self._deployer if call.principal.kind == "deployer" else self._judge

    def inside(self, arn: str) -> bool:
        """Whether an ARN, or a pattern of ARNs, is inside the sandbox by its name, and nobody is kept off it."""
        if len(arn) > LONGEST_RESOURCE:
            return False
        parts = template(arn, variables=False, wildcards=True)
        if any(arns_meet(parts, name) for name in self._never):
            return False
        return any(arn_included(parts, name) for name in self._names)

    def grants_outside(self, document: Mapping[str, object]) -> tuple[str, ...]:
        """What a policy document grants that the sandbox has not, one text each.

        Raises:
            PolicyError: it is malformed.
        """
        return tuple(found.text() for found in self._excess(document))

    def grants_denied(self, document: Mapping[str, object]) -> tuple[str, ...]:
        """What a policy document grants that the sandbox denies whatever else it allows, one text each.

        Raises:
            PolicyError: it is malformed.
        """
        return tuple(found.text() for found in self._grants.denied(parse_document(document)))

    def _excess(self, document: str | Mapping[str, object]) -> tuple[Excess, ...]:
        return self._grants.excess(parse_document(document, where="the policy of the call"))

    def _beyond(self, call: Call, places: tuple[Spot, ...], judge: Judge) -> Decision:
        """What IAM does not ask: policies that a call writes, what services will reach, whom it lets in."""
        for item in said(call.parameters, places):
            try:
                decision = self._item(call, item, judge)
            except Unreadable as error:
                return refuse_unreadable(error, item)
            if not decision.allowed:
                return decision
        return ALLOWED

    def _item(self, call: Call, item: Said, judge: Judge) -> Decision:
        if item.kind == GRANTS:
            return self._written(item)
        sandbox = self.policy.sandbox
        where = Where(account=sandbox.account, region=call.region or sandbox.region, partition=sandbox.partition)
        for request in requests_for(item, where):
            found = judge.judge(request)
            if found.outcome != "allowed":
                return refuse_target(call, request, found, judge, self.policy)
        openings = self._openings.found(item)
        return refuse_openings(openings, self.policy) if openings else ALLOWED

    def _written(self, item: Said) -> Decision:
        text = item.value if isinstance(item.value, str) else ""
        try:
            excess = self._excess(_bounded(text))
        except PolicyError as error:
            return refuse_unknown(error, member=item.member)
        return refuse_excess(excess, self.policy) if excess else ALLOWED


def _bounded(text: str) -> str:
    if len("".join(text.split())) > _LONGEST_DOCUMENT:
        raise PolicyError(f"a policy document of more than {_LONGEST_DOCUMENT} characters")
    return text


def _denies_all(actions: tuple[str, ...]) -> bool:
    """Whether everything that a service can do is among these."""
    return any(action == "*" or action.endswith(":*") for action in actions)


def _strayed(call: Call, requests: Sequence[AccessRequest]) -> Unresolvable | None:
    """Why a call reaches something else than it names: all that it names is in other regions than it is signed for.

    The signature says which region answers. SQS looks at the path of a queue's URL alone, so a URL of this region,
    signed for another, is that region's queue of the same name. A call may name things elsewhere beside its own.
    """
    if not call.region or call.service == "s3":  # names of buckets are in no region
        return None
    strayed: AccessRequest | None = None
    for request in requests:
        parts = request.resource.split(":", 4)
        region = parts[3] if len(parts) > 4 else ""  # noqa: PLR2004 - partition, service, region
        if region == call.region:
            return None
        if region not in ("", "*"):
            strayed = strayed or request
    if strayed is None:
        return None
    return Unresolvable(
        f"it is signed for {call.region}, where this is not",
        operation=f"{call.service}.{call.operation}",
        member=strayed.member,
        value=strayed.resource,
    )
