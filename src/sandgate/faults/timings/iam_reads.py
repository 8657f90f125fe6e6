"""A new role or user is not found for some seconds.

AWS IAM User Guide, "Troubleshoot IAM", "Changes that I make are not always immediately visible". The SDKs have
the waiters RoleExists and UserExists for it, which ask GetRole and GetUser.
"""

from __future__ import annotations

from sandgate.core.call import Call
from sandgate.faults._model import Asked, Asks, Clock, Failure, Timing
from sandgate.faults.fresh import Fresh

__all__ = ["TIMING"]

_MAKES = {"CreateRole": "RoleName", "CreateUser": "UserName"}
_READS = {"GetRole": "RoleName", "GetUser": "UserName"}
_CALLED = {"RoleName": "role", "UserName": "user"}


class _Entities:
    """The roles and users that tests have made.

    Args:
        seconds: how long they are not found.
        clock: the time.
    """

    def __init__(self, seconds: float, clock: Clock) -> None:
        self._new = Fresh(seconds, clock)

    async def before(self, asked: Asked) -> Failure | bytes | None:
        member = _READS.get(asked.call.operation, "")
        name = asked.call.parameters.get(member)
        if (member, name) not in self._new:
            return None
        text = f"The {_CALLED[member]} with name {name} cannot be found."
        return Failure(code="NoSuchEntity", status=404, message=text)

    def reads(self, call: Call) -> bool:
        return call.operation in _MAKES

    def after(self, asked: Asked, body: bytes) -> bytes:
        member = _MAKES[asked.call.operation]
        self._new.add((member, asked.call.parameters.get(member)))
        return body


def _start(seconds: float, clock: Clock, _asks: Asks) -> _Entities:
    return _Entities(seconds, clock)


TIMING = Timing(
    name="iam-reads",
    summary="GetRole and GetUser do not find what was made a moment ago",
    source='AWS IAM User Guide: "Changes that I make are not always immediately visible"',
    seconds=2.0,
    services=frozenset({"iam"}),
    start=_start,
)
