"""The stack of an identity: whose it is, what would change, what to do about one that is stuck."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandgate.cli._stack_progress import stack_progress
from sandgate.config.identity import OWNER_TAG
from sandgate.errors import ConfigError, StackError

if TYPE_CHECKING:
    from sandgate.cli._identity import Desk
    from sandgate.identity.changes import Change

__all__ = ["StackPlan", "check_ours", "delete_stack", "deploy_stack", "find_stack", "plan_stack"]

_STUCK = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED", "REVIEW_IN_PROGRESS"})
"""States that no update leads out of."""
_HALF_WAY = "UPDATE_ROLLBACK_FAILED"
_SIGNS: Mapping[str, str] = {"make": "+", "change": "~", "keep": "=", "remove": "-"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StackPlan:
    """What will happen to the stack."""

    name: str
    status: str
    """CloudFormation's word; empty where there is no stack."""
    why: str = ""
    """What failed, where it is stuck."""
    changes: tuple[Change, ...] = ()
    template: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def stuck(self) -> bool:
        """Whether it has to be deleted before it can be made."""
        return self.status in _STUCK

    @property
    def changes_something(self) -> bool:
        """Whether there is anything to deploy."""
        return self.stuck or not self.status or any(change.what != "keep" for change in self.changes)

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"stack {self.name}: {self._heading()}"
        for change in self.changes:
            where = f" ({', '.join(change.properties)})" if change.properties else ""
            yield f"  {_SIGNS[change.what]} {change.type} {change.name}{where}"

    def _heading(self) -> str:
        if not self.status:
            return "to make"
        if self.stuck:
            why = f": {self.why}" if self.why else ""
            return f"is in {self.status}{why}; it can only be deleted and made again"
        if self.status.endswith("_IN_PROGRESS"):
            return f"is in {self.status}; it is waited for first"
        return "to change" if self.changes_something else "up to date"

    def to_json(self) -> dict[str, object]:
        """For programs."""
        changes = [
            {"what": one.what, "type": one.type, "name": one.name, "properties": list(one.properties)}
            for one in self.changes
        ]
        return {"name": self.name, "status": self.status, "why": self.why, "changes": changes}


def check_ours(desk: Desk, stack: Mapping[str, Any] | None) -> None:
    """See whether stack and user may be touched: those that `up` made say so themselves.

    Raises:
        ConfigError: one of them is somebody else's.
    """
    from sandgate.identity.keys import owner_of  # noqa: PLC0415

    names = desk.names
    hint = "choose another name: identity = ..., or remove it by hand if nobody needs it"
    if stack is not None and _tag(stack) != names.user:
        raise ConfigError(
            f"there is a stack {names.stack!r} that `sandgate up` has not made", where=str(stack["StackId"]), hint=hint
        )
    owner = owner_of(desk.iam, names.user)
    if owner is not None and owner != names.user:
        raise ConfigError(
            f"there is a user {names.user!r} that `sandgate up` has not made", where=desk.user_arn, hint=hint
        )


def plan_stack(desk: Desk) -> StackPlan:
    """What a deployment would do.

    Raises:
        ConfigError: stack or user are somebody else's, or the user's stack is not here.
        StackError: the stack is in a state that only its owner can mend, or cannot be read.
    """
    from sandgate.identity.changes import changes_between  # noqa: PLC0415
    from sandgate.identity.keys import owner_of  # noqa: PLC0415
    from sandgate.identity.template import tags_of, template_of  # noqa: PLC0415

    template = template_of(desk.documents, tags_of(desk.config, desk.documents))
    stack = find_stack(desk)
    check_ours(desk, stack)
    if stack is None:
        if owner_of(desk.iam, desk.names.user) is not None:
            raise ConfigError(
                f"there is a user {desk.names.user!r} that `sandgate up` made, and its stack is not here",
                where=f"{desk.user_arn}, region {desk.admin.region}",
                hint="use the region that it was made in, or remove the user by hand",
            )
        return StackPlan(
            name=desk.names.stack, status="", changes=changes_between(None, template), template=template
        )  # fmt: skip
    status = str(stack["StackStatus"])
    if status == _HALF_WAY:
        raise StackError(
            f"stack {desk.names.stack!r} is in {status}{_told(_why(desk, stack))}",
            where=str(stack["StackId"]),
            hint=f"mend that, then: aws cloudformation continue-update-rollback --stack-name {desk.names.stack}",
        )
    old = None if status in _STUCK else _template(desk)
    why = _why(desk, stack) if status in _STUCK else ""
    changes = changes_between(old, template)
    return StackPlan(name=desk.names.stack, status=status, why=why, changes=changes, template=template)


def deploy_stack(desk: Desk, plan: StackPlan) -> Mapping[str, str]:
    """Deploy it, with progress for each resource.

    Returns:
        Its outputs.

    Raises:
        StackError: a resource failed, or CloudFormation refused.
    """
    from sandgate.identity.template import tags_of  # noqa: PLC0415
    from sandgate.stacks.deploy import delete, deploy  # noqa: PLC0415
    from sandgate.stacks.template import Template  # noqa: PLC0415

    clients = desk.admin.clients
    with stack_progress() as (progress, _notice):
        if plan.stuck:
            delete(clients, plan.name, progress=progress)
        stack = deploy(
            clients, name=plan.name, template=Template(path=Path("sandgate up"), body=plan.template),
            capabilities=("CAPABILITY_NAMED_IAM",), tags=tags_of(desk.config, desk.documents), progress=progress,
        )  # fmt: skip
    return stack.outputs


def delete_stack(desk: Desk) -> bool:
    """Delete it, and see that it is gone.

    Returns:
        Whether there was one.

    Raises:
        StackError: a resource could not be deleted, or the user is still there.
    """
    from sandgate.identity.keys import owner_of  # noqa: PLC0415
    from sandgate.stacks.deploy import delete  # noqa: PLC0415

    with stack_progress() as (progress, _notice):
        there_was = delete(desk.admin.clients, desk.names.stack, progress=progress)
    if find_stack(desk) is not None or owner_of(desk.iam, desk.names.user) is not None:
        raise StackError(
            f"the user {desk.names.user!r} is still there",
            where=f"{desk.user_arn}, region {desk.admin.region}",
            hint="use the region that its stack was made in, or remove the user by hand",
        )
    return there_was


def find_stack(desk: Desk) -> Mapping[str, Any] | None:
    """The stack as CloudFormation has it; `None` where there is none.

    Raises:
        StackError: it cannot be looked at.
    """
    from botocore.exceptions import ClientError  # noqa: PLC0415

    from sandgate.stacks._aws import aws_errors, error_code, error_message  # noqa: PLC0415

    name = desk.names.stack
    with aws_errors(f"stack {name!r} cannot be looked at"):
        try:
            found: Mapping[str, Any] = desk.admin.clients("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if error_code(error) == "ValidationError" and "does not exist" in error_message(error):
                return None
            raise
    return None if found["StackStatus"] == "DELETE_COMPLETE" else found


def _tag(stack: Mapping[str, Any]) -> str:
    return next((str(tag["Value"]) for tag in stack.get("Tags", ()) if tag["Key"] == OWNER_TAG), "")


def _template(desk: Desk) -> Mapping[str, Any]:
    import json  # noqa: PLC0415

    from sandgate.stacks._aws import aws_errors  # noqa: PLC0415

    with aws_errors(f"the template of {desk.names.stack!r} cannot be read"):
        body = desk.admin.clients("cloudformation").get_template(StackName=desk.names.stack)["TemplateBody"]
    return dict(json.loads(body) if isinstance(body, str) else body)


def _why(desk: Desk, stack: Mapping[str, Any]) -> str:
    from sandgate.stacks._aws import aws_errors  # noqa: PLC0415
    from sandgate.stacks.events import EventLog, first_failure  # noqa: PLC0415

    stack_id = str(stack["StackId"])
    with aws_errors(f"the events of {desk.names.stack!r} cannot be read"):
        cause = first_failure(desk.admin.clients, EventLog(desk.admin.clients, stack_id).new(), stack_id)
    return f"{cause.logical_id} ({cause.type}) failed: {cause.reason.strip()}" if cause else ""


def _told(why: str) -> str:
    return f": {why}" if why else ""
