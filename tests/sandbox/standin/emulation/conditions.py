"""Condition keys of IAM that the emulator does not know, and boundaries of roles that stacks make.

Sources: Service Authorization Reference, "Actions, resources, and condition keys for AWS Identity and Access Management
(IAM)"; IAM User Guide, "AWS global condition context keys", aws:PrincipalArn: that of a session is its role's.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from ministack.core import iam_actions, iam_evaluator  # type: ignore[import-not-found, unused-ignore]
from ministack.services import iam  # type: ignore[import-not-found, unused-ignore]
from ministack.services.cloudformation import provisioners  # type: ignore[import-not-found, unused-ignore]

__all__ = ["add"]

_SETS = re.compile(r"Create(?:Role|User)|Put(?:Role|User)PermissionsBoundary")
_HAS = re.compile(r"(?:Put|Delete|Attach|Detach)(?:Role|User)Policy|Delete(?:Role|User)PermissionsBoundary")
_ATTACHES = re.compile(r"(?:Attach|Detach)(?:Role|User|Group)Policy")


def add() -> None:
    """Teach them to the emulator of this process."""
    _know_what_iam_is_asked()
    _know_roles_by_their_sessions()
    _keep_boundaries_of_stacks()


def _know_what_iam_is_asked() -> None:
    tags = iam_actions.request_tag_context

    def context(service: str, action: str, body: bytes, params: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = tags(service, action, body, params)
        if service == "iam":
            found.update(_asked(action.rpartition(":")[2], dict(parse_qsl(body.decode("latin-1")))))
        return found

    iam_actions.request_tag_context = context


def _asked(operation: str, asked: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    if _SETS.fullmatch(operation) and asked.get("PermissionsBoundary"):
        found["iam:permissionsboundary"] = asked["PermissionsBoundary"]
    if _HAS.fullmatch(operation):
        entity = iam._users.get(asked["UserName"]) if "UserName" in asked else iam._roles.get(asked.get("RoleName", ""))
        if entity is not None and entity.get("PermissionsBoundary"):
            found["iam:permissionsboundary"] = entity["PermissionsBoundary"]
    if _ATTACHES.fullmatch(operation) and asked.get("PolicyArn"):
        found["iam:policyarn"] = asked["PolicyArn"]
    return found


def _know_roles_by_their_sessions() -> None:
    resolve = iam_evaluator._resolve_condition_key

    def resolve_role(key: str, context: Any) -> Any:
        found = resolve(key, context)
        if key.lower() == "aws:principalarn" and ":assumed-role/" in str(found):
            role = iam._roles.get(str(found).split("/")[1])
            return role["Arn"] if role is not None else found
        return found

    iam_evaluator._resolve_condition_key = resolve_role


def _keep_boundaries_of_stacks() -> None:
    handlers = next(
        table["AWS::IAM::Role"]
        for table in vars(provisioners).values()
        if isinstance(table, dict) and "create" in (table.get("AWS::IAM::Role") or ())
    )
    create, update = handlers["create"], handlers["update"]

    def keep(made: Any, properties: dict[str, Any]) -> Any:
        name = made[0] if isinstance(made, tuple) else made
        role = iam._roles.get(name)
        if role is not None:
            role["PermissionsBoundary"] = properties.get("PermissionsBoundary")
        return made

    def create_and_keep(logical_id: str, properties: dict[str, Any], *rest: Any) -> Any:
        return keep(create(logical_id, properties, *rest), properties)

    def update_and_keep(ident: str, old: Any, new: dict[str, Any], *rest: Any, **more: Any) -> Any:
        return keep(update(ident, old, new, *rest, **more), new)

    handlers["create"], handlers["update"] = create_and_keep, update_and_keep
