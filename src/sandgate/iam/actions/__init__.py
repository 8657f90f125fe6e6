"""What a call needs: which IAM actions, on which ARNs, with which context keys.

Three layers of data under `sandgate/iam/data`: the catalogue of the Service Authorization Reference (generated), one
reviewed table per service (`operations/<botocore name>.json`), and what services ask KMS on the caller's behalf
(`forward_access.json`). An operation without an entry has the action of its name, on the resource types that the
catalogue gives that action. Neither in the catalogue nor in a table, or listed in `unmapped.json` with a reason:
`Unmapped`. Mapped, but the call does not provably name one resource: `Unresolvable`. Never `*` for want of a name.

A table, all parts optional (`about` is for sources and reasons, also inside a rule):

    prefix          IAM prefix, where it is not the service's name ("states")
    variables       variable of an ARN template -> {"from": [sources], "text": regular expression of what it may hold,
                    "forms": [other spellings], "plain": false where the bare text is none}, or the sources alone.
                    Default source: the member of that name, also with a small first letter. Spellings are tried in
                    order: `forms`, each template of the service that has this variable alone (so ARNs are read where
                    names are), then the plain text. A text that none reads is refused; where several sources have
                    a value they must agree. `Account`, `Region` and `Partition` may have sources too. An ARN's own
                    partition, region and account go into the result. Default text: no separator of ARNs (`:` `/`),
                    no `*?$`, no space or control character; a variable that holds a path needs "text".
                    A form is a template, or after `re:` a regular expression in which `${Name}` stands for a group.
    types           resource type -> template or list of templates (the first that can be filled counts), beside or
                    instead of the catalogue's
    arns            members that hold the ARN of whatever the operation works on (`ResourceArn`); where one is there,
                    it alone counts, and must be an ARN of one of the action's types. For rules without `on`.
    keys            condition key -> source; set where the catalogue says that the action has the key
    tags            [{"from": [sources], "each": "aws:RequestTag/", "names": "aws:TagKeys"}]; default: Tags and tags,
                    TagKeys and tagKeys. Set where the catalogue says that the action has the key.
    tag-with        the action that tags need on create, for every operation that sends them, or
                    {operation: action} ("*" for the others, "" for none)
    passed-to       service that roles are passed to, or {operation: service} ("*" for the others)
    roles           {operation: [paths]} over `roles.json` (generated: members that hold a role); [] for none
    free            {operation: reason}: needs no permission
    free-unsigned   {operation: reason}: needs none without a signature
    bearer          {operation: reason}: needs none where no rule of it holds, since what it carries instead of a name
                    is a token that only a call which was asked about gives
    star            {operation: reason}: rules with "on": "*" although the catalogue has a type
    operations      operation -> rule or list of rules; a rule that is a text is {"action": text}

A rule, all parts optional:

    action    default: the operation's name; "prefix:Action" for another service's
    on        "*" | "type" | "type?" (where it is named) | "a|b" (the first that can be filled; "a|*" too) |
              "arn:...${Variable}..." | "&Member" (its text, an ARN of one of the action's types) | a list of these, one
              request for each. Default: the catalogue's types, the optional ones where they are named
    each      path to items, one evaluation for each; sources look in the item first, then in the call. "path>reader"
              takes each value apart with `readers/<reader>.py`
    with      variable -> source or list of sources, for this rule
    when      condition, or a list that must all hold: "A" there, "A|B" one is there, "!A" absent, "A=x|y" equal,
              "A!=x" there and different, "A!~regex" there and not matching as a whole
    keys      condition key -> source or {"type": resource type}, whatever the catalogue says
    via       service that asks on the caller's behalf ("s3"): sets kms:ViaService
    refuse    reason: where `when` holds, the call is refused as unresolvable

A source is a path (`A.B`; `A.*.B` entries of a list, `A.@` keys of a map, `A.%` values of a map), `.B` in the item
alone, `.` the item itself, or `=text`. A source with `*` makes one request for each value.

`pytest tests/proof/test_actions_cover.py -k SERVICE` says what is missing; a member that a plain name does not fit gets
a value in `tests/proof/samples/SERVICE.json`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from sandgate.core.call import Call
from sandgate.iam.actions import scope as _scope
from sandgate.iam.actions import unmapped as _unmapped
from sandgate.iam.actions.plan import plan
from sandgate.iam.request import AccessRequest

__all__ = ["Place", "Unmapped", "Unresolvable", "requests_of"]

Place = _scope.Place
Unmapped = _unmapped.Unmapped
Unresolvable = _unmapped.Unresolvable


def requests_of(call: Call, place: Place) -> tuple[AccessRequest, ...]:
    """What a call needs.

    Args:
        call: identified; its own region counts before the place's.
        place: partition and account that names without an ARN are in.

    Returns:
        In the order of the tables, one for each resource; empty for operations that need no permission.

    Raises:
        Unmapped: nothing says what the operation needs.
        Unresolvable: what the call names is not provably one resource.
    """
    known = plan(call.service, call.operation)
    if not known.asks or (known.free_unsigned and call.principal.kind == "anonymous"):
        return ()
    names, base = _place(place, call.region or place.region)
    scope = _scope.Scope(parameters=call.parameters, place=names)
    if len(known.asks) == 1:
        out = list(known.asks[0].requests(scope, base))
    else:
        out = [request for ask in known.asks for request in ask.requests(scope, base)]
    if not out and not known.bearer:
        raise Unresolvable("nothing in it says what it works on", operation=f"{call.service}.{call.operation}")
    return tuple(out)


@lru_cache(maxsize=256)
def _place(place: Place, region: str) -> tuple[Mapping[str, str], Mapping[str, tuple[str, ...]]]:
    """What templates take from the place, and the context of every request."""
    names = {"Partition": place.partition, "Account": place.account, "Region": region}
    return MappingProxyType(names), MappingProxyType({"aws:requestedregion": (region,)} if region else {})
