"""Calls as they are typed, and what the guard says of them as lines or JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from sandgate.core.call import Call, Principal
from sandgate.core.registry import nearest
from sandgate.core.rules import heading
from sandgate.errors import UsageError

if TYPE_CHECKING:
    from sandgate.guard.explain import Asked, Explained

__all__ = ["as_json", "as_lines", "typed_call"]

_WHERE = "command line, CALL"


def typed_call(name: str, members: Sequence[str], params: str, *, region: str, deployer: bool) -> Call:
    """The call that a person typed.

    Args:
        name: `dynamodb:PutItem`; the service as boto3 or IAM names it.
        members: `TableName=orders`; a value that is JSON is read as such.
        params: JSON object with the members, or an empty text.
        region: of the call.
        deployer: whether the deployer makes it, else the identity.

    Raises:
        UsageError: it is no call.
    """
    found = re.fullmatch(r"([a-z0-9-]+)[:.]([A-Z]\w*)", name)
    if found is None:
        raise UsageError(
            f"{name!r} is no call", where=_WHERE, hint="service:Operation, such as dynamodb:PutItem TableName=orders"
        )
    parameters = {**_object(params), **dict(_member(text) for text in members)}
    kind = "deployer" if deployer else "identity"
    service = _service(found[1])
    _check_names(service, found[2], parameters)
    return Call(
        id="typed",
        service=service,
        operation=found[2],
        parameters=parameters,
        region=region,
        principal=Principal(kind="deployer" if deployer else "identity", name=kind),
    )


def _service(name: str) -> str:
    """Botocore's name of a service that may be named as IAM does.

    Raises:
        UsageError: there is none.
    """
    from sandgate.guard.services import prefixes_of, service_names, services_of  # noqa: PLC0415 - `--help` needs none

    if name in service_names():
        return name
    if name in prefixes_of(()):
        return services_of(name)[0]
    close = nearest(name, service_names())
    raise UsageError(
        f"there is no service {name!r} that sandgate can keep to a sandbox",
        where=_WHERE,
        hint=f"did you mean {close!r}?" if close else f"known: {', '.join(sorted(service_names()))}",
    )


def _check_names(service: str, operation: str, parameters: Mapping[str, object]) -> None:
    """A misspelt name would be explained as a call that nobody can make.

    Raises:
        UsageError: the service has no such operation, or the operation no such member; routes outside the models pass.
    """
    import botocore.session  # noqa: PLC0415 - `--help` needs none
    from botocore.exceptions import UnknownServiceError  # noqa: PLC0415

    try:
        model = botocore.session.get_session().get_service_model(service)
    except UnknownServiceError:
        return
    if operation not in model.operation_names:
        raise _misspelt(f"{service} has no operation {operation!r}", operation, model.operation_names)
    shape = model.operation_model(operation).input_shape
    known = list(shape.members) if shape is not None else []
    for name in parameters:
        if name not in known:
            raise _misspelt(f"{operation} has no member {name!r}", name, known)


def _misspelt(message: str, name: str, known: Sequence[str]) -> UsageError:
    close = nearest(name, known)
    return UsageError(message, where=_WHERE, hint=f"did you mean {close!r}?" if close else f"known: {', '.join(known)}")


def _object(text: str) -> dict[str, object]:
    if not text:
        return {}
    try:
        found = _json(text, "command line, --params")
    except json.JSONDecodeError as error:
        raise UsageError(f"is not JSON: {error.msg}", where="command line, --params") from None
    if not isinstance(found, dict):
        raise UsageError("must be a JSON object", where="command line, --params", hint='{"TableName": "orders"}')
    return found


def _json(text: str, where: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except (RecursionError, ValueError):  # ValueError: a number of thousands of digits
        raise UsageError("is nested too deep, or holds a number too long to read", where=where) from None


def _member(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"{text!r} is no member", where=_WHERE, hint="NAME=VALUE, such as TableName=orders")
    if value[:1] in "{[":
        try:
            return name, _json(value, _WHERE)
        except json.JSONDecodeError:
            return name, value
    return name, value


def as_lines(found: Explained) -> Iterator[str]:
    """For a person."""
    decision = found.decision
    yield "allowed" if decision.allowed else f"refused by rule {decision.rule}"
    if decision.allowed and not found.asked:
        yield "  it needs no permission"
    for item in found.asked:
        yield from _request(item)
    for label, text in (
        ("value", decision.value),
        ("from", decision.source),
        (heading(decision.remedy), decision.remedy),
    ):
        if text:
            yield f"{label}: {text}"


def _request(item: Asked) -> Iterator[str]:
    request = item.request
    place = f" ({request.member})" if request.member else ""
    verdict = "allowed" if item.allowed else "denied" if item.statement else "allowed by nothing"
    by = f" by {item.statement}" if item.statement else ""
    yield f"  {request.action} on {request.resource}{place}: {verdict}{by}"
    for reason in item.near:
        yield f"    {reason.statement}: {'; '.join(part.text() for part in reason.mismatches)}"
    if item.far:
        yield f"    {item.far} other statements do not name the action"


def as_json(found: Explained) -> Mapping[str, object]:
    """For a program."""
    decision = found.decision
    return {
        "allowed": decision.allowed,
        "rule": decision.rule,
        "value": decision.value,
        "source": decision.source,
        "remedy": decision.remedy,
        "requests": [
            {
                "action": item.request.action,
                "resource": item.request.resource,
                "member": item.request.member,
                "context": {key: list(values) for key, values in item.request.context.items()},
                "allowed": item.allowed,
                "statement": item.statement,
                "others": [
                    {"statement": reason.statement, "why": [part.text() for part in reason.mismatches]}
                    for reason in item.reasons
                    if reason.statement != item.statement
                ],
            }
            for item in found.asked
        ],
    }
