"""The one line that lets a refused call pass. What is proposed is tried first; a statement of `allow` always works."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from sandgate.core.call import Call
from sandgate.guard.judge import Judge, Judged
from sandgate.guard.owners import owners_of
from sandgate.guard.policy import Policy, policy_of
from sandgate.guard.sandbox import Sandbox, fill
from sandgate.guard.services import Named, granted, service_names
from sandgate.iam.document import Statement
from sandgate.iam.request import AccessRequest

__all__ = ["adopt_line", "allow_line", "name_inside", "remedy_of", "unlimited"]

_NAMED = ("outside-run", "outside-sandbox")
_BY_ARN: Mapping[str, Callable[[str], Sequence[str]]] = MappingProxyType({
    "not-created-here": lambda resource: owners_of(resource)[:1],
    "reaches-outside": lambda resource: (resource.removesuffix("/*"),),
})  # fmt: skip
"""Rules after which an ARN can be adopted, and which one."""
_MAKES = re.compile(r"(Create|Put|Register|Run)[A-Z]")


def remedy_of(rule: str, call: Call, failing: Sequence[AccessRequest], why: Judged, policy: Policy) -> str:
    """The line.

    Args:
        rule: that refuses.
        call: what was refused.
        failing: its requests that nothing allows.
        why: what was said of the first one.
        policy: that refused.
    """
    if rule == "shared-ledger":
        return "nothing does; the gate alone uses this table, and tests use tables of their own"
    if rule == "explicit-deny":
        return f"remove {why.statement} from {policy.file}"
    for line, sandbox in _proposals(rule, call, failing, policy):
        if sandbox is None or _passes(failing, sandbox):
            return line
    return allow_line([(request.action, request.resource) for request in failing], policy)


def _proposals(
    rule: str, call: Call, failing: Sequence[AccessRequest], policy: Policy
) -> Iterator[tuple[str, Sandbox | None]]:
    """Lines, each with the sandbox that it would make; `None` where the call itself changes."""
    sandbox = policy.sandbox
    typed = policy.written or sandbox
    if policy.file:
        return
    if rule in _NAMED and call.operation.startswith("Create"):
        inside = name_inside(failing[0], sandbox)
        if inside:
            yield f"name it {_folder(call, failing[0], sandbox)}{inside}", None
    if rule == "outside-run":
        yield 'isolation = "prefix"', replace(sandbox, namespace=None)
    if rule in _NAMED:
        names = [_split(request, sandbox)[1] for request in failing]
        if all(names) and not sandbox.own.intersection(names):
            yield _adopt(names, typed, sandbox)
    if rule in _BY_ARN:
        arns = [arn for item in failing for arn in _BY_ARN[rule](item.resource)]
        if not any("*" in arn for arn in arns):
            yield _adopt(arns, typed, sandbox)
    if rule == "service-not-allowed" and call.service in service_names():
        services = (*sandbox.services, call.service)
        yield _line("services", services), replace(sandbox, services=services)


def _adopt(added: Sequence[str], typed: Sandbox, sandbox: Sandbox) -> tuple[str, Sandbox]:
    line = _line("adopt", dict.fromkeys((*typed.adopt, *added)))
    return line, replace(sandbox, adopt=tuple(dict.fromkeys((*sandbox.adopt, *added))))


def _folder(call: Call, request: AccessRequest, sandbox: Sandbox) -> str:
    """What the call wrote before the name that its ARN ends with: `/aws/lambda/` of a log group."""
    head, name = _split(request, sandbox)
    texts = (value for value in call.parameters.values() if isinstance(value, str) and value.endswith(name))
    folders = (text.removesuffix(name) for text in texts)
    return next((folder for folder in folders if folder.startswith("/") and head.endswith(folder)), "")


def adopt_line(names: Iterable[str], policy: Policy) -> str:
    """`adopt = […]` with names beside those that are there."""
    return _line("adopt", dict.fromkeys((*(policy.written or policy.sandbox).adopt, *names)))


def allow_line(pairs: Iterable[tuple[str, str]], policy: Policy) -> str:
    """`allow = […]` with a statement more for each resource; those that are there already stay."""
    by_resource: dict[str, list[str]] = {}
    for action, resource in pairs:
        actions = by_resource.setdefault(resource, [])
        if action not in actions:
            actions.append(action)
    by_actions: dict[tuple[str, ...], list[str]] = {}
    for resource, actions in by_resource.items():
        by_actions.setdefault(tuple(actions), []).append(resource)
    added = [_statement(actions, resources) for actions, resources in by_actions.items()]
    return f"allow = [{', '.join([*map(_existing, (policy.written or policy.sandbox).allow), *added])}]"


def _existing(statement: Statement) -> str:
    conditions: dict[str, dict[str, Sequence[str]]] = {}
    for item in statement.conditions:
        conditions.setdefault(item.operator, {})[item.key] = item.values
    return _statement(statement.actions, statement.resources, conditions)


def _statement(
    actions: Iterable[str], resources: Iterable[str], conditions: dict[str, dict[str, Sequence[str]]] | None = None
) -> str:
    parts = [f"actions = {_list(actions)}", f"resources = {_list(resources)}"]
    if conditions:
        tables = (f"{_quoted(operator)} = {_table(keys)}" for operator, keys in conditions.items())
        parts.append(f"conditions = {{{', '.join(tables)}}}")
    return f"{{{', '.join(parts)}}}"


def _table(keys: Mapping[str, Sequence[str]]) -> str:
    return f"{{{', '.join(f'{_quoted(key)} = {_list(values)}' for key, values in keys.items())}}}"


def _line(option: str, values: Iterable[str]) -> str:
    return f"{option} = {_list(values)}"


def _quoted(text: str) -> str:
    """A basic string of TOML 1.0; unlike JSON it has no escapes of surrogates."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def _list(values: Iterable[str]) -> str:
    return "[" + ", ".join(_quoted(value) for value in values) + "]"


def unlimited(request: AccessRequest, policy: Policy) -> bool:
    """Whether the request would be allowed with `isolation = "prefix"`."""
    sandbox = policy.sandbox
    return sandbox.namespace is not None and _passes([request], replace(sandbox, namespace=None))


def _passes(failing: Sequence[AccessRequest], sandbox: Sandbox) -> bool:
    """Whether a sandbox would allow the requests; only the services that they are of are looked at."""
    prefixes = {request.action.partition(":")[0] for request in failing}
    wanted = {name for prefix in prefixes if prefix in granted() for name in granted()[prefix].services}
    services = tuple(name for name in (sandbox.services or sorted(wanted)) if name in wanted)
    if not services:
        return False
    policy = policy_of(replace(sandbox, services=services))
    judge = Judge(policy.document, by_id=policy.by_id, owned=lambda _arn: False)
    return all(judge.allows(request) for request in failing)


def name_inside(request: AccessRequest, sandbox: Sandbox) -> str:
    """The name with which the resource would be inside; empty where its type has no names."""
    head, name = _split(request, sandbox)
    if not name:
        return ""
    middle = f"{sandbox.namespace}-" if sandbox.namespace else ""
    bare = name.strip("/").replace("/", "-")
    for prefix in sandbox.prefixes:
        bare = re.sub(rf"^{prefix}[-_]", "", bare)
    inside = f"{sandbox.prefixes[0]}-{middle}{bare}"
    renamed = replace(request, resource=f"{head}{inside}{request.resource[len(head) + len(name) :]}")
    return inside if _passes([renamed], sandbox) else ""


def _split(request: AccessRequest, sandbox: Sandbox) -> tuple[str, str]:
    """What stands before the name in the ARN of a type that the user names, and the name; empty for other types."""
    entry = granted().get(request.action.partition(":")[0])
    best, head = "", ""
    for named in entry.inside if entry else ():
        start, ends = _head(named, sandbox)
        if start and request.resource.startswith(start) and len(start) > len(head):
            rest = request.resource[len(start) :]
            head, best = start, re.split(ends, rest, maxsplit=1)[0] if ends else rest
    return head, "" if "*" in best else best.removesuffix("-??????")


def _head(named: Named, sandbox: Sandbox) -> tuple[str, str]:
    """What stands before the name, and where the name ends."""
    marker = re.search(r"\{(name|dash)\}", named.arn)
    if marker is None:
        return "", ""
    ends = "/:" if marker[1] == "dash" else "".join(then[0] for then in named.then if then[0] in "/:")
    return fill(named.arn[: marker.start()], sandbox), f"[{ends}]" if ends else ""
