"""Calls that deploy a template: what it would make is examined before the call passes.

CloudFormation acts with more power than its caller has in an emulator, and with a role's power at AWS, so that the
right to call it says nothing about what comes of it. What a template names is therefore held against the sandbox here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from sandgate.core.call import ALLOWED, Call, Decision
from sandgate.errors import SandgateError
from sandgate.guard.templates.check import check
from sandgate.guard.templates.examine import examine
from sandgate.guard.templates.model import Place, Problem
from sandgate.guard.templates.read import read_template

__all__ = ["Lookups", "StackCalls", "template_place"]

_DEPLOYING = frozenset({"CreateStack", "UpdateStack", "CreateChangeSet", "ExecuteChangeSet"})
_S3_HOSTS = ("s3.", "s3-")


class Lookups(Protocol):
    """What may have to be asked upstream; None is an answer that could not be had."""

    async def template(self, stack: str, region: str) -> bytes | None:
        """The template that a stack has now."""

    async def parameters(self, stack: str, region: str) -> Mapping[str, str]:
        """The parameters that it has now, as far as they are shown."""

    async def stored(self, bucket: str, key: str, version: str, region: str) -> bytes | None:
        """An object of S3."""


class StackCalls:
    """Judges calls that deploy templates.

    Args:
        inside: whether an ARN is inside the sandbox.
        grants_outside: what a policy document grants outside it.
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
        known_action: Callable[[str], bool],
        lookups: Lookups,
        services: frozenset[str] | None,
        partition: str,
        account: str,
        region: str,
    ) -> None:
        self._inside = inside
        self._grants_outside = grants_outside
        self._known_action = known_action
        self._lookups = lookups
        self._services = services
        self._partition = partition
        self._account = account
        self._region = region
        self._change_sets: set[tuple[str, str]] = set()

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
            return self._executed(name, _text(call, "ChangeSetName"))
        try:
            self._check_members(call)
            template = await self._template(call)
        except _RefusedError as refused:
            return refused.decision
        given, unknown = await self._parameters(call)
        # Beside the loop: a template of some hundred resources takes a tenth of a second.
        problems = await asyncio.to_thread(self._problems, template, name, call.region or self._region, given, unknown)
        if problems:
            return _decision(problems)
        if call.operation == "CreateChangeSet":
            self._change_sets.add((name, _change_set_name(_text(call, "ChangeSetName"))))
        return ALLOWED

    def _problems(
        self,
        template: Mapping[str, Any],
        name: str,
        region: str,
        parameters: Mapping[str, str],
        unknown: frozenset[str],
    ) -> tuple[Problem, ...]:
        examined = examine(
            template,
            stack_name=name,
            parameters=parameters,
            unknown_parameters=unknown,
            place=Place(account=self._account, region=region, partition=self._partition),
            known_action=self._known_action,
        )
        return check(examined, inside=self._inside, grants_outside=self._grants_outside, services=self._services)

    def _check_members(self, call: Call) -> None:
        for name in ("ResourcesToImport", "ImportExistingResources"):
            if call.parameters.get(name):
                raise _RefusedError(name, "an import takes what exists into the stack", "let the stack create it")
        for arn in _texts(call, "NotificationARNs"):
            if not self._inside(arn):
                raise _RefusedError(arn, "the stack would report to a topic outside the sandbox", "name one inside it")

    def _executed(self, stack: str, change_set: str) -> Decision:
        named = _change_set_name(change_set)
        # An ARN of a change set names no stack, and its name alone is enough then.
        if any(made == named and (not stack or of == stack) for of, made in self._change_sets):
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
            place = template_place(url)
            if place is None:
                return None, url.partition("?")[0]
            bucket, key, version = place
            return await self._lookups.stored(bucket, key, version, region), f"s3://{bucket}/{key}"
        if call.parameters.get("UsePreviousTemplate") is True:
            stack = _text(call, "StackName")
            return await self._lookups.template(stack, region), f"the template of {stack}"
        return None, "no template"

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


def template_place(url: str) -> tuple[str, str, str] | None:
    """Bucket, key and version of an S3 URL, path or virtual-host style; None for any other.

    Source: Amazon S3 User Guide, "Methods for accessing a general purpose bucket".
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    version = parse_qs(parts.query).get("versionId", [""])[0]
    path = unquote(parts.path).lstrip("/")
    local = host in {"127.0.0.1", "localhost"}
    if parts.scheme not in {"http", "https"} or not (local or host.endswith((".amazonaws.com", ".amazonaws.com.cn"))):
        return None
    if local or host.startswith(_S3_HOSTS):
        bucket, _, key = path.partition("/")
    else:
        at = max(host.find(f".{mark}") for mark in _S3_HOSTS)
        if at < 1:
            return None
        bucket, key = host[:at], path
    return (bucket, key, version) if bucket and key else None


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
