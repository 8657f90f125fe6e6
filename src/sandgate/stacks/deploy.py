"""Deploying and deleting stacks, with progress, and with the reason when it fails.

A stack is created or updated directly rather than through a change set: one call fewer, the same on an emulator and on
AWS, and a SAM template is transformed either way (CAPABILITY_AUTO_EXPAND).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sandgate.errors import StackError
from sandgate.stacks._aws import aws_errors, error_code, error_message
from sandgate.stacks.events import EventLog, first_failure
from sandgate.stacks.model import Clients, Progress, Stack, StackResource, Upload, silent
from sandgate.stacks.package import template_key, template_url
from sandgate.stacks.parameters import check_parameters
from sandgate.stacks.template import Template

__all__ = ["DEFAULT_CAPABILITIES", "DEFAULT_TIMEOUT", "check_name", "delete", "deploy", "describe"]

DEFAULT_CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
DEFAULT_TIMEOUT = 1800.0
"""Seconds."""

_MAX_INLINE = 51_200
_MAX_TEMPLATE = 1_000_000
"""Bytes; https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""
_NAME = re.compile(r"[A-Za-z][-A-Za-z0-9]{0,127}")
_FIRST_WAIT, _LONGEST_WAIT, _SLOWING = 0.05, 5.0, 1.4
"""Seconds: an emulator is done in less than the shortest wait that AWS would need."""
_DEAD_ENDS = frozenset({
    "REVIEW_IN_PROGRESS", "CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED",
})  # fmt: skip
"""States that no update leads out of; such a stack never worked, or was given up, so it is made anew."""
_GOOD = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})
_THROTTLED = frozenset({"Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watch:
    """How to follow one operation."""

    clients: Clients
    progress: Progress
    deadline: float
    sleep: Callable[[float], None] = time.sleep


def deploy(
    clients: Clients,
    *,
    name: str,
    template: Template,
    parameters: Mapping[str, str] | None = None,
    capabilities: Sequence[str] = DEFAULT_CAPABILITIES,
    tags: Mapping[str, str] | None = None,
    upload: Upload | None = None,
    progress: Progress = silent,
    timeout: float = DEFAULT_TIMEOUT,
) -> Stack:
    """Create the stack, or update it; nothing to update is fine.

    Args:
        clients: gives clients by service name.
        name: of the stack.
        template: packaged, so without local paths.
        parameters: values by name.
        capabilities: what the template may do.
        tags: of the stack, which CloudFormation passes to what it makes.
        upload: where a template over 51,200 bytes goes.
        progress: told of each event.
        timeout: seconds for the whole operation.

    Returns:
        The stack with its outputs and resources.

    Raises:
        StackError: the request is wrong, a resource failed (the first one is named with its reason), or time is up.
    """
    check_name(name)
    given = dict(parameters or {})
    check_parameters(template, given)
    watch = _Watch(clients=clients, progress=progress, deadline=time.monotonic() + timeout)
    where = f"stack {name}, {template.path}"
    with aws_errors(f"stack {name!r} cannot be deployed", where=where, hint=""):
        request = {
            "StackName": name,
            **_template_argument(clients, template, upload),
            "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
            "Capabilities": list(capabilities),
            "Tags": [{"Key": key, "Value": value} for key, value in (tags or {}).items()],
        }
        existing = _usable(watch, name)
        if existing is None:
            stack_id = clients("cloudformation").create_stack(**request)["StackId"]
            _follow(watch, name, stack_id, EventLog(clients, stack_id))
        else:
            _update(watch, name, str(existing["StackId"]), request)
        return describe(clients, name)


def delete(clients: Clients, name: str, *, progress: Progress = silent, timeout: float = DEFAULT_TIMEOUT) -> bool:
    """Delete a stack and wait until it is gone.

    Args:
        clients: gives clients by service name.
        name: of the stack; one that does not exist is fine.
        progress: told of each event.
        timeout: seconds.

    Returns:
        Whether there was a stack.

    Raises:
        StackError: a resource could not be deleted (named with its reason), or time is up.
    """
    check_name(name)
    watch = _Watch(clients=clients, progress=progress, deadline=time.monotonic() + timeout)
    with aws_errors(f"stack {name!r} cannot be deleted", where=f"stack {name}"):
        found = _find(clients, name)
        if found is None:
            return False
        _delete(watch, name, str(found["StackId"]))
        return True


def describe(clients: Clients, name: str) -> Stack:
    """A stack as it stands.

    Raises:
        StackError: there is none of that name.
    """
    with aws_errors(f"stack {name!r} cannot be read", where=f"stack {name}"):
        found = _find(clients, name)
        if found is None:
            raise StackError(f"stack {name!r} does not exist", where=f"stack {name}", hint=_others(clients))
        pages = clients("cloudformation").get_paginator("list_stack_resources").paginate(StackName=found["StackId"])
        resources = tuple(
            StackResource(
                logical_id=item["LogicalResourceId"],
                physical_id=item.get("PhysicalResourceId", ""),
                type=item["ResourceType"],
                status=item["ResourceStatus"],
            )
            for page in pages
            for item in page["StackResourceSummaries"]
        )
        outputs = {item["OutputKey"]: item["OutputValue"] for item in found.get("Outputs", ())}
        return Stack(name=str(found["StackName"]), id=str(found["StackId"]), outputs=outputs, resources=resources)


def check_name(name: str) -> None:
    """Refuse what CloudFormation would refuse, before anything is packed.

    Raises:
        StackError: the name has other characters than letters, digits and hyphens, or over 128 of them.
    """
    if not _NAME.fullmatch(name):
        raise StackError(
            f"{name!r} is not a legal stack name",
            where="stack name",
            hint="a letter, then letters, digits and hyphens, at most 128 in all",
        )


def _template_argument(clients: Clients, template: Template, upload: Upload | None) -> dict[str, str]:
    text = template.dumps()
    size = len(text.encode())
    if size <= _MAX_INLINE:
        return {"TemplateBody": text}
    if size > _MAX_TEMPLATE:
        raise StackError(
            f"template has {size:,} bytes; CloudFormation takes {_MAX_TEMPLATE:,}", where=str(template.path)
        )
    if upload is None:
        raise StackError(f"template has {size:,} bytes and there is no bucket to put it in", where=str(template.path))
    bucket, key = upload(text.encode(), template_key(text))
    return {"TemplateURL": template_url(bucket, key, str(clients("cloudformation").meta.region_name))}


def _usable(watch: _Watch, name: str) -> Mapping[str, Any] | None:
    """The stack to update, or None where one has to be made; waits for what is under way, removes what is stuck."""
    found = _find(watch.clients, name)
    if found is None:
        return None
    status = str(found["StackStatus"])
    if status.endswith("_IN_PROGRESS") and status not in _DEAD_ENDS:
        _settle(watch, name, str(found["StackId"]))
        found = _find(watch.clients, name)
        status = str(found["StackStatus"]) if found else ""
    if status in _DEAD_ENDS and found:
        _delete(watch, name, str(found["StackId"]))
        return None
    if status == "UPDATE_ROLLBACK_FAILED":
        raise StackError(
            f"stack {name!r} is in UPDATE_ROLLBACK_FAILED", where=f"stack {name}", hint=f"sandgate stack delete {name}"
        )
    return found


def _update(watch: _Watch, name: str, stack_id: str, request: Mapping[str, Any]) -> None:
    cloudformation = watch.clients("cloudformation")
    log = EventLog(watch.clients, stack_id)
    log.skip()
    try:
        cloudformation.update_stack(**request)
    except cloudformation.exceptions.ClientError as error:
        if "No updates are to be performed" in error_message(error):
            return
        raise
    _follow(watch, name, stack_id, log)


def _follow(watch: _Watch, name: str, stack_id: str, log: EventLog) -> None:
    status = _settle(watch, name, stack_id, log)
    if status in _GOOD:
        return
    cause = first_failure(watch.clients, log.seen, stack_id)
    if cause is None:
        raise StackError(f"stack {name!r} ended in {status}", where=f"stack {name}")
    reason = cause.reason.strip() or "no reason given"
    raise StackError(
        f"{cause.logical_id or name} ({cause.type}) failed: {reason}",
        where=f"stack {name}, now in {status}",
    )


def _delete(watch: _Watch, name: str, stack_id: str) -> None:
    log = EventLog(watch.clients, stack_id)
    log.skip()
    watch.clients("cloudformation").delete_stack(StackName=stack_id)
    status = _settle(watch, name, stack_id, log)
    if status in {"DELETE_COMPLETE", ""}:
        return
    cause = first_failure(watch.clients, log.seen, stack_id)
    reason = f"{cause.logical_id} ({cause.type}) cannot be deleted: {cause.reason}" if cause else f"ended in {status}"
    raise StackError(reason, where=f"stack {name}, now in {status}")


def _settle(watch: _Watch, name: str, stack_id: str, log: EventLog | None = None) -> str:
    """Follow until nothing is under way; the final status, empty when nobody remembers the stack."""
    wait = _FIRST_WAIT
    while True:
        try:
            found = _look_up(watch.clients, stack_id)
            status = str(found["StackStatus"]) if found else ""
            for event in log.new() if log and found else ():
                watch.progress(event)
            if not status.endswith("_IN_PROGRESS") or status == "REVIEW_IN_PROGRESS":
                return status
        except watch.clients("cloudformation").exceptions.ClientError as error:
            if error_code(error) not in _THROTTLED:
                raise
            status = "unknown: throttled"
        if time.monotonic() > watch.deadline:
            raise StackError(f"stack {name!r} is not finished after its time", where=f"stack {name}, now in {status}")
        watch.sleep(wait)
        wait = min(wait * _SLOWING, _LONGEST_WAIT)


def _find(clients: Clients, name: str) -> Mapping[str, Any] | None:
    """The stack of that name or id; None where there is none or it was deleted."""
    stack = _look_up(clients, name)
    return None if stack is None or stack["StackStatus"] == "DELETE_COMPLETE" else stack


def _look_up(clients: Clients, name: str) -> Mapping[str, Any] | None:
    """What CloudFormation says of a stack; by id it remembers deleted ones for a while."""
    cloudformation = clients("cloudformation")
    try:
        stack: Mapping[str, Any] = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except cloudformation.exceptions.ClientError as error:
        if error_code(error) == "ValidationError" and "does not exist" in error_message(error):
            return None
        raise
    return stack


def _others(clients: Clients) -> str:
    # DescribeStacks without a name needs the right to read every stack of the account.
    pages = clients("cloudformation").get_paginator("list_stacks").paginate()
    living = (
        stack["StackName"]
        for page in pages
        for stack in page["StackSummaries"]
        if stack["StackStatus"] != "DELETE_COMPLETE"
    )
    names = sorted(islice(living, 10))
    return f"there are: {', '.join(names)}" if names else "there are no stacks"
