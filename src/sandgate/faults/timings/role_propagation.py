"""A new role cannot be assumed for some seconds, by anybody.

AWS IAM User Guide, "Troubleshoot IAM", "Changes that I make are not always immediately visible": IAM is eventually
consistent. AWS Lambda Developer Guide, "Troubleshoot": a function that is made with such a role is refused.
"""

from __future__ import annotations

from sandgate.core.call import Call
from sandgate.faults._model import Asked, Asks, Clock, Failure, Timing
from sandgate.faults.fresh import Fresh

__all__ = ["TIMING"]

_TAKES_ROLE = frozenset({("lambda", "CreateFunction"), ("lambda", "UpdateFunctionConfiguration")})
_NOT_BY_LAMBDA = Failure(
    code="InvalidParameterValueException",
    status=400,
    message="The role defined for the function cannot be assumed by Lambda.",
)


class _Roles:
    """The roles that tests have made.

    Args:
        seconds: how long nobody can assume them.
        clock: the time.
    """

    def __init__(self, seconds: float, clock: Clock) -> None:
        self._new = Fresh(seconds, clock)

    async def before(self, asked: Asked) -> Failure | bytes | None:
        call = asked.call
        if (call.service, call.operation) in _TAKES_ROLE and _name(call.parameters.get("Role")) in self._new:
            return _NOT_BY_LAMBDA
        arn = call.parameters.get("RoleArn")
        if (call.service, call.operation) == ("sts", "AssumeRole") and _name(arn) in self._new:
            text = f"The caller is not authorized to perform: sts:AssumeRole on resource: {arn}"
            return Failure(code="AccessDenied", status=403, message=text)
        return None

    def reads(self, call: Call) -> bool:
        return (call.service, call.operation) == ("iam", "CreateRole")

    def after(self, asked: Asked, body: bytes) -> bytes:
        self._new.add(_name(asked.call.parameters.get("RoleName")))
        return body


def _name(value: object) -> str:
    """Names of roles are unique whatever their path."""
    return str(value).rpartition("/")[2]


def _start(seconds: float, clock: Clock, _asks: Asks) -> _Roles:
    return _Roles(seconds, clock)


TIMING = Timing(
    name="role-propagation",
    summary="a new IAM role cannot be assumed, nor given to a function",
    source='AWS IAM User Guide: "Changes that I make are not always immediately visible"',
    seconds=10.0,
    services=frozenset({"iam", "sts", "lambda"}),
    start=_start,
)
