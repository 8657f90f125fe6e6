"""Removing one resource: what it holds first where it must, and the errors that are none."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from sandgate.core.paths import every, first, nested
from sandgate.resources._model import Part, ResourceType
from sandgate.sweep.found import CannotListError, Found, pages
from sandgate.sweep.unread import unread

__all__ = ["Answer", "RemovalError", "remove", "remove_batch"]

_TORN = "an answer that cannot be read"
_THROTTLED = frozenset({
    "BandwidthLimitExceeded", "EC2ThrottledException", "LimitExceededException", "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException", "RequestLimitExceeded", "RequestThrottled", "RequestThrottledException",
    "SlowDown", "ThrottledException", "Throttling", "ThrottlingException", "TooManyRequestsException",
    "TransactionInProgressException",
})  # fmt: skip
"""Codes that mean that calls come too quickly: botocore's own list."""
_SLOW_DOWN = _THROTTLED | {
    "ConcurrentModification", "ConcurrentModificationException", "InternalFailure", "OperationAbortedException",
    "RequestTimeout", "RequestTimeoutException", "ServiceUnavailable",
}  # fmt: skip
"""Codes after which anything may be tried again later: also AWS's for requests that overlapped, or took too long."""


class Answer(enum.Enum):
    """What a removal came to."""

    ACCEPTED = "accepted"
    """It goes, or has gone."""
    ABSENT = "absent"
    """It was not there."""
    LATER = "later"
    """Something else must go, or be over, first."""


class RemovalError(Exception):
    """It cannot be removed; the text is the reason that a person is shown."""


def remove(client: Any, kind: ResourceType, found: Found) -> tuple[Answer, str]:
    """Remove one resource.

    Args:
        client: boto3's, of the type's service.
        kind: the type.
        found: the resource, as a listing showed it.

    Returns:
        What it came to, and for `LATER` why.

    Raises:
        RemovalError: AWS refuses, and trying again would not help.
    """
    if kind.spelled is not None:
        found = replace(found, key=kind.spelled(found.key))
    try:
        if kind.empty_first:
            for _ in _emptying(client, kind, found):
                pass
        if not kind.removal.locked:
            _prepare(client, kind, found)
        return _try(client, kind, found)
    except ClientError as error:
        return _judge(kind, error)
    except (BotoCoreError, CannotListError) as error:
        return Answer.LATER, str(error)
    except unread():
        return Answer.LATER, _TORN


def remove_batch(client: Any, kind: ResourceType, batch: Sequence[Found]) -> tuple[Answer, str]:
    """Remove several with one call, for types whose removal takes a list.

    Raises:
        RemovalError: AWS refuses; nothing is known of any single one then.
    """
    removal = kind.removal
    ((parameter, source),) = removal.parameters.items()
    values = [_value(source, found) for found in batch]
    try:
        getattr(client, xform_name(removal.operation))(**{parameter: values}, **removal.fixed)
    except ClientError as error:
        answer, why = _judge(kind, error)
        if _code(error) not in _SLOW_DOWN:  # it is about one of them, and AWS may have removed none of the others
            raise RemovalError(why or f"{error.operation_name}: {_code(error)}") from error
        return answer, why
    except BotoCoreError as error:
        return Answer.LATER, str(error)
    except unread():
        return Answer.LATER, _TORN
    return Answer.ACCEPTED, ""


def _try(client: Any, kind: ResourceType, found: Found) -> tuple[Answer, str]:
    removal = kind.removal
    call = getattr(client, xform_name(removal.operation))
    parameters = {**_filled(removal.parameters, found), **removal.fixed}
    if removal.batch:
        parameters = {name: [value] for name, value in parameters.items() if name in removal.parameters} | dict(
            removal.fixed
        )
    try:
        call(**parameters)
    except ClientError as error:
        locked = _code(error) in removal.locked
        full = _code(error) in removal.full and not kind.empty_first
        if not locked and not full:
            raise
        if locked:
            _prepare(client, kind, found)
        if not full or not _empty_until_gone(client, kind, found, lambda: call(**parameters)):
            call(**parameters)
    return Answer.ACCEPTED, ""


def _empty_until_gone(client: Any, kind: ResourceType, found: Found, call: Callable[[], object]) -> bool:
    """Empty it step by step, trying the removal as soon as a step took something out: the rest need not be listed then.

    Returns:
        Whether it is removed.
    """
    for removed in _emptying(client, kind, found):
        if removed:
            try:
                call()
            except ClientError as error:
                if _code(error) not in kind.removal.full:
                    raise
            else:
                return True
    return False


def _judge(kind: ResourceType, error: ClientError) -> tuple[Answer, str]:
    removal, code = kind.removal, _code(error)
    if code in removal.absent:
        return Answer.ABSENT, ""
    told = error.response.get("Error", {})
    why = f"{error.operation_name}: {code}: {told.get('Message', '')}".rstrip(": ")
    if code in removal.busy or code in removal.full or code in _SLOW_DOWN:
        return Answer.LATER, why
    raise RemovalError(why) from error


def _prepare(client: Any, kind: ResourceType, found: Found) -> None:
    for operation, parameters, fixed in kind.prepare:
        _quietly(client, operation, {**_filled(parameters, found), **fixed})


def _emptying(client: Any, kind: ResourceType, found: Found) -> Iterator[bool]:
    """Take out what it holds; after each step, whether that was anything."""
    for part in kind.parts:
        yield _remove_part(client, part, found) > 0
    if kind.empty is not None:
        yield from (count > 0 for count in kind.empty(client, found.key, found.entry))


def _remove_part(client: Any, part: Part, found: Found) -> int:
    given = {**_filled(part.given, found), **part.fixed_listing}
    try:
        inside = [entry for page in pages(client, part.listing, given) for entry in every(page, part.entries)]
    except CannotListError:
        if part.rare:
            return 0  # if there are any, the removal itself says so
        raise
    call = getattr(client, xform_name(part.removal))
    for entry in inside:
        parameters = {
            name: first(entry, source[1:]) if source.startswith(".") else found.key[source]
            for name, source in part.parameters.items()
        }
        try:
            call(**nested(parameters), **part.fixed)
        except ClientError as error:
            if _code(error) not in part.absent:
                raise
    return len(inside)


def _filled(parameters: Mapping[str, str], found: Found) -> dict[str, Any]:
    return nested({name: _value(source, found) for name, source in parameters.items()})


def _value(source: str, found: Found) -> Any:
    if not source.startswith("."):
        return found.key[source]
    return first(found.entry.get("@", found.entry), source[1:])


def _quietly(client: Any, operation: str, parameters: Mapping[str, Any]) -> None:
    try:
        getattr(client, xform_name(operation))(**parameters)
    except ClientError as error:
        if _code(error) in _THROTTLED:
            raise
        # Else it was so already, or the removal itself says what is wrong.


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
