"""What a function said: the end of its log, where the traceback is when an answer is only `502`."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sandgate.errors import StackError
from sandgate.stacks._aws import aws_errors, error_code
from sandgate.stacks.model import Clients, Stack

__all__ = ["Invocation", "functions", "invoke", "remove_groups", "tail"]

_STREAMS = 5
_PLATFORM = ("START RequestId", "END RequestId", "REPORT RequestId", "INIT_START")
_FUNCTION = "AWS::Lambda::Function"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """The answer of a function, and what it logged meanwhile."""

    payload: Any
    error: str = ""
    """What went wrong with its traceback, empty if nothing did."""
    log: tuple[str, ...] = ()


def tail(clients: Clients, function_name: str, *, lines: int = 40, since: float = 0) -> tuple[str, ...]:
    """The last lines that a function logged, without the platform's own.

    Args:
        clients: gives clients by service name.
        function_name: of the function, as the stack made it.
        lines: at most this many.
        since: only what was logged at or after this time, in seconds since 1970.

    Returns:
        Lines, oldest first; none where the function has not logged anything.

    Raises:
        StackError: there is no such function.
    """
    with aws_errors(f"log of {function_name} cannot be read", where=f"function {function_name}"):
        group = _group(clients, function_name)
        logs = clients("logs")
        try:
            streams = logs.describe_log_streams(
                logGroupName=group, orderBy="LastEventTime", descending=True, limit=_STREAMS
            )["logStreams"]
            events = [event for stream in streams for event in _events(logs, group, stream["logStreamName"], lines)]
        except logs.exceptions.ClientError as error:
            if error_code(error) == "ResourceNotFoundException":
                return ()
            raise
    recent = sorted((e for e in events if e["timestamp"] >= since * 1000), key=lambda event: event["timestamp"])
    text = [line for event in recent for line in event["message"].rstrip().splitlines()]
    return tuple(line for line in text if not line.startswith(_PLATFORM))[-lines:]


def invoke(clients: Clients, function_name: str, payload: object = None) -> Invocation:
    """Call a function and wait for its answer.

    Args:
        clients: gives clients by service name.
        function_name: of the function.
        payload: the event, anything JSON can say.

    Raises:
        StackError: there is no such function, or it may not be called.
    """
    with aws_errors(f"{function_name} cannot be invoked", where=f"function {function_name}"):
        answer = clients("lambda").invoke(
            FunctionName=function_name, Payload=json.dumps(payload).encode(), LogType="Tail"
        )
    text = answer["Payload"].read().decode(errors="replace")
    log = base64.b64decode(answer.get("LogResult", "")).decode(errors="replace").splitlines()
    result = _json(text)
    return Invocation(
        payload=result,
        error=_error(result) if answer.get("FunctionError") else "",
        log=tuple(line for line in log if not line.startswith(_PLATFORM)),
    )


def functions(stack: Stack) -> tuple[str, ...]:
    """The names of a stack's functions."""
    return tuple(item.physical_id for item in stack.resources if item.type == _FUNCTION and item.physical_id)


def remove_groups(clients: Clients, function_names: Iterable[str]) -> tuple[str, ...]:
    """Delete the log groups that Lambda made for functions; no stack owns them, so they outlive theirs.

    Args:
        clients: gives clients by service name.
        function_names: of functions that are gone.

    Returns:
        The groups that were there.

    Raises:
        StackError: CloudWatch Logs refused.
    """
    logs = clients("logs")
    removed = []
    for name in function_names:
        group = f"/aws/lambda/{name}"
        with aws_errors("log group cannot be deleted", where=group):
            try:
                logs.delete_log_group(logGroupName=group)
                removed.append(group)
            except logs.exceptions.ClientError as error:
                if error_code(error) != "ResourceNotFoundException":
                    raise
    return tuple(removed)


def _group(clients: Clients, function_name: str) -> str:
    functions_api = clients("lambda")
    try:
        configuration = functions_api.get_function_configuration(FunctionName=function_name)
    except functions_api.exceptions.ClientError as error:
        if error_code(error) == "ResourceNotFoundException":
            raise StackError(f"there is no function {function_name}", where=f"function {function_name}") from None
        raise
    return str((configuration.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{function_name}")


def _events(logs: Any, group: str, stream: str, lines: int) -> list[Any]:
    # Twice as many as asked for, since the platform's lines are dropped.
    answer = logs.get_log_events(
        logGroupName=group, logStreamName=stream, limit=max(lines * 2, 20), startFromHead=False
    )
    return list(answer["events"])


def _json(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text


def _error(result: Any) -> str:
    """Lambda's error object as text, the traceback of a Python function included."""
    if not isinstance(result, dict):
        return str(result)
    head = ": ".join(str(result[key]) for key in ("errorType", "errorMessage") if result.get(key))
    trace = result.get("stackTrace")
    return "\n".join([head, *(str(frame).rstrip() for frame in trace)]) if isinstance(trace, list) else head
