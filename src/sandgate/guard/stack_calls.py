"""Calls that deploy a template: what it would make is examined before the call passes.

CloudFormation acts with more power than its caller has in an emulator, and with a role's power at AWS, so that the
right to call it says nothing about what comes of it. What a template names is therefore held against the sandbox here.

What cannot be known before the stack exists is refused, unless the call passes a role whose permissions boundary
exceeds the sandbox in nothing, on an upstream where CloudFormation acts with that role and nothing else: then whatever
comes of it stays inside. Templates in S3 are read here and again by CloudFormation; see `sandgate.guard.fetching`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Protocol

from sandgate.core.call import ALLOWED, Call, Decision
from sandgate.errors import SandgateError
from sandgate.guard.fetching import examine_all
from sandgate.guard.templates.check import check
from sandgate.guard.templates.documents import escalates
from sandgate.guard.templates.examine import examine
from sandgate.guard.templates.model import Examined, Part, Place, Problem, Source
from sandgate.guard.templates.parameters import is_stored
from sandgate.guard.templates.read import read_template
from sandgate.guard.templates.sources import source_of

__all__ = ["Lookups", "StackCalls"]

_DEPLOYING = frozenset({"CreateStack", "UpdateStack", "CreateChangeSet", "ExecuteChangeSet"})
_UPDATING = frozenset({"UpdateStack", "CreateChangeSet"})
_LEFT_TO_A_ROLE = frozenset({"transform", "unknown_type", "unresolvable"})
"""Codes of what is not known before the stack exists."""


class Lookups(Protocol):
    """What may have to be asked upstream; None is an answer that could not be had."""

    async def template(self, stack: str, region: str) -> bytes | None:
        """The template that a stack has now."""

    async def parameters(self, stack: str, region: str) -> Mapping[str, str]:
        """The parameters that it has now, as far as they are shown."""

    async def stored(self, bucket: str, key: str, version: str, region: str) -> bytes | None:
        """An object of S3."""

    async def change_set(self, stack: str, change_set: str, region: str) -> str | None:
        """The name of the stack that has a change set now; the stack may be left out where an ARN names the latter."""

    async def boundary(self, role: str) -> Mapping[str, object] | None:
        """The permissions boundary of a role, by the role's ARN."""


class StackCalls:
    """Judges calls that deploy templates.

    Args:
        inside: whether an ARN is inside the sandbox.
        grants_outside: what a policy document grants outside it.
        exceeds: what a policy document grants that the sandbox itself has not; raises `PolicyError`.
        acts_as_role: whether CloudFormation has the rights of the role that a call passes, and no others.
        known_action: whether IAM knows an action.
        lookups: asks upstream.
        services: IAM services that the sandbox may use; None for any.
        partition: of the account.
        account: id of the account.
        region: of the run, for calls that name none.
    """

    def __init__(
        self,
        *,
        inside: Callable[[str], bool],
        grants_outside: Callable[[Mapping[str, object]], tuple[str, ...]],
        exceeds: Callable[[Mapping[str, object]], tuple[str, ...]],
        acts_as_role: bool,
        known_action: Callable[[str], bool],
        lookups: Lookups,
        services: frozenset[str] | None,
        partition: str,
        account: str,
        region: str,
    ) -> None:
        self._inside = inside
        self._grants_outside = grants_outside
        self._exceeds = exceeds
        self._acts_as_role = acts_as_role
        self._known_action = known_action
        self._lookups = lookups
        self._services = services
        self._partition = partition
        self._account = account
        self._region = region
        self._change_sets: set[tuple[str, str, str]] = set()
        """Stack, name and region of those whose template was examined."""

    def concerns(self, call: Call) -> bool:
        """Whether a call deploys a template."""
        return call.service == "cloudformation" and call.operation in _DEPLOYING

    async def judge(self, call: Call) -> Decision:
        """Allow or refuse a call that the policy allows.

        Args:
            call: one that `concerns` this.
        """
        name = _stack_name(_text(call, "StackName"))
        if call.operation == "ExecuteChangeSet":
            return await self._executed(call, name)
        try:
            self._check_members(call)
            template = await self._template(call)
        except _RefusedError as refused:
            return refused.decision
        given, unknown = await self._parameters(call)
        declared = _declared(template)
        for name in sorted((given.keys() | unknown) - declared.keys()):
            # An emulator would keep it for the template of an update, which nobody gives a value for.
            why = "the template declares no such parameter"
            return _RefusedError(f"Parameters: {name}", why, "leave it out").decision
        before = await self._before(call)
        hidden = sorted(
            _section(template, "Resources").keys() & (_declared(before) | _section(before, "Mappings")).keys()
        )
        if hidden:
            why = "the stack has a parameter or map of this name now, which an emulator keeps in its place"
            return _RefusedError(f"Resources: {hidden[0]}", why, "name the resource otherwise").decision
        unknown |= await self._silent(call, declared, _declared(before))
        region = call.region or self._region

        def look(parts: Mapping[str, Part]) -> Examined:
            return examine(
                template,
                stack_name=name,
                parameters=given,
                unknown_parameters=unknown,
                place=Place(account=self._account, region=region, partition=self._partition),
                known_action=self._known_action,
                parts=parts,
            )

        examined = await examine_all(look, partial(self._stored, region=region), self._inside)
        problems = check(examined, inside=self._inside, grants_outside=self._grants_outside, services=self._services)
        if problems and not await self._left_to_role(call, problems):
            return _decision(problems)
        if call.operation == "CreateChangeSet":
            await self._note(call, name)
        return ALLOWED

    async def _stored(self, source: Source, region: str) -> bytes | None:
        return await self._lookups.stored(source.bucket, source.key, source.version, region)

    async def _left_to_role(self, call: Call, problems: tuple[Problem, ...]) -> bool:
        """Whether nothing but what is not known is wrong, and the role that makes the stack stays inside."""
        role = _text(call, "RoleARN")
        unknown = all(problem.code in _LEFT_TO_A_ROLE for problem in problems)
        if not (unknown and role and self._acts_as_role and self._inside(role)):
            return False
        boundary = await self._lookups.boundary(role)
        return boundary is not None and await asyncio.to_thread(self._holds, boundary)

    def _holds(self, boundary: Mapping[str, Any]) -> bool:
        """Whether nothing that a boundary allows leads outside, identities with more rights than it allows included."""
        try:
            if self._exceeds(boundary):
                return False
        except SandgateError:
            return False  # a boundary that cannot be read holds nothing
        written = boundary["Statement"]
        statements: list[Mapping[str, Any]] = written if isinstance(written, list) else [written]
        return not any(escalates(statement) for statement in statements if statement["Effect"] == "Allow")

    def _check_members(self, call: Call) -> None:
        for name in ("ResourcesToImport", "ImportExistingResources"):
            if call.parameters.get(name):
                raise _RefusedError(name, "an import takes what exists into the stack", "let the stack create it")
        for arn in _texts(call, "NotificationARNs"):
            if not self._inside(arn):
                raise _RefusedError(arn, "the stack would report to a topic outside the sandbox", "name one inside it")

    async def _note(self, call: Call, stack: str) -> None:
        """Remember a change set, unless there is one of that name already: CloudFormation then keeps the old one."""
        region, named = call.region or self._region, _text(call, "ChangeSetName")
        if await self._lookups.change_set(stack, named, region) is None:
            self._change_sets.add((stack, _change_set_name(named), region))

    async def _executed(self, call: Call, stack: str) -> Decision:
        region, change_set = call.region or self._region, _text(call, "ChangeSetName")
        if change_set.startswith("arn:"):
            # It names no stack, and CloudFormation may not look at the one that the call names.
            stack = await self._lookups.change_set("", change_set, region) or ""
        if (stack, _change_set_name(change_set), region) in self._change_sets:
            return ALLOWED
        why = "nobody examined the template of this change set"
        return _RefusedError(change_set, why, "create the change set in this run").decision

    async def _template(self, call: Call) -> Mapping[str, Any]:
        """The template, wherever it is."""
        body = call.parameters.get("TemplateBody")
        fetched = not isinstance(body, str)
        data, what = await self._fetched(call) if fetched else (str(body).encode("utf-8", "surrogateescape"), "")
        if data is None:
            why = "the template cannot be read, so nobody knows what it makes"
            raise _RefusedError(what, why, "pass it as TemplateBody, or put it into a bucket of the sandbox")
        try:
            return read_template(data, fetched=fetched)
        except SandgateError as error:
            why = f"{error.where or 'TemplateBody'}: {error.message}"
            raise _RefusedError("the template", why, error.hint or "correct the template") from None

    async def _fetched(self, call: Call) -> tuple[bytes | None, str]:
        """What the call only points to, or None; and what that is."""
        url, region = _text(call, "TemplateURL"), call.region or self._region
        if url:
            try:
                source = source_of(url)
            except ValueError as error:
                raise _RefusedError(
                    "TemplateURL", str(error), "put the template into a bucket of the sandbox"
                ) from None
            if not self._inside(source.arn):
                why = "the template lies outside the sandbox"
                raise _RefusedError(source.text, why, "put it into a bucket of the sandbox")
            return await self._stored(source, region), source.text
        if call.parameters.get("UsePreviousTemplate") is True:
            stack = _text(call, "StackName")
            return await self._lookups.template(stack, region), f"the template of {stack}"
        return None, "no template"

    async def _before(self, call: Call) -> Mapping[str, Any]:
        """The template that the stack has now; empty where there is no stack."""
        if call.operation not in _UPDATING:
            return {}
        data = await self._lookups.template(_text(call, "StackName"), call.region or self._region)
        try:
            return {} if data is None else read_template(data, fetched=True)
        except SandgateError:
            return {}  # CloudFormation has taken none that cannot be read

    async def _silent(self, call: Call, declared: Mapping[str, Any], before: Mapping[str, Any]) -> frozenset[str]:
        """Parameters that could keep their value because an update names none: AWS takes defaults, an emulator may not.

        Values of Parameter Store stay out where the stack has read one already: its name was examined then.
        """
        if call.parameters.get("Parameters") or not declared.keys() & before.keys():
            return frozenset()
        now = await self._lookups.parameters(_text(call, "StackName"), call.region or self._region)
        return frozenset(
            name
            for name, item in declared.items()
            if name in before
            and not (is_stored(item) and is_stored(before[name]))
            and now.get(name) != str(item.get("Default") if isinstance(item, Mapping) else None)
        )

    async def _parameters(self, call: Call) -> tuple[Mapping[str, str], frozenset[str]]:
        """Values, and the names of those that keep one which cannot be read."""
        given: dict[str, str] = {}
        kept: set[str] = set()
        entries = call.parameters.get("Parameters")
        for entry in entries if isinstance(entries, list) else ():
            key = str(entry.get("ParameterKey", ""))
            if entry.get("UsePreviousValue") is True:
                kept.add(key)
            elif isinstance(entry.get("ParameterValue"), str):
                given[key] = entry["ParameterValue"]
        if kept:
            now = await self._lookups.parameters(_text(call, "StackName"), call.region or self._region)
            given |= {key: now[key] for key in kept if key in now}
        return given, frozenset(kept - given.keys())


def _section(template: Mapping[str, Any], name: str) -> dict[str, Any]:
    section = template.get(name)
    return dict(section) if isinstance(section, Mapping) else {}


def _declared(template: Mapping[str, Any]) -> dict[str, Any]:
    return _section(template, "Parameters")


def _text(call: Call, name: str) -> str:
    value = call.parameters.get(name)
    return value if isinstance(value, str) else ""


def _texts(call: Call, name: str) -> Iterator[str]:
    value = call.parameters.get(name)
    yield from (item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _stack_name(stack: str) -> str:
    """`arn:...:stack/NAME/ID` or the name itself."""
    return stack.split("/")[1] if stack.startswith("arn:") and "/" in stack else stack


def _change_set_name(text: str) -> str:
    """`arn:...:changeSet/NAME/ID` or the name itself."""
    return text.split("/")[1] if text.startswith("arn:") and "/" in text else text


def _decision(problems: tuple[Problem, ...]) -> Decision:
    first = problems[0]
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    value = f"{first.path}: {first.value}" if first.value else first.path
    return _RefusedError(f"{value}{more}", first.why, first.remedy).decision


class _RefusedError(Exception):
    """The call is refused, whatever else it asks."""

    def __init__(self, value: str, source: str, remedy: str) -> None:
        super().__init__(value)
        self.decision = Decision(allowed=False, rule="stack-template", value=value, source=source, remedy=remedy)
