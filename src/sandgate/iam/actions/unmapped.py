"""What is raised where it cannot be said what a call needs: such a call is refused, never guessed at."""

from __future__ import annotations

from sandgate.errors import SandgateError

__all__ = ["Unmapped", "Unresolvable"]


class Unmapped(SandgateError):
    """No table says what the operation needs.

    Args:
        reason: why not, a sentence.
        operation: `service.Operation`.
        member: the member that is at fault; empty for the operation as a whole.
        value: its text, shortened; empty where it may be a user's data.
    """

    rule = "unmapped-operation"

    def __init__(self, reason: str, *, operation: str, member: str = "", value: str = "") -> None:
        super().__init__(f"{operation}: {reason}", where=member or operation)
        self.reason = reason
        self.operation = operation
        self.member = member
        self.value = value

    def __reduce__(self) -> tuple[object, ...]:
        """Keyword-only arguments do not survive pickling by themselves."""
        return (_rebuild, (type(self), self.reason, self.operation, self.member, self.value))


class Unresolvable(Unmapped):
    """The operation is mapped, but what this call names is not provably one resource."""

    rule = "unresolvable-resource"


def _rebuild(kind: type[Unmapped], reason: str, operation: str, member: str, value: str) -> Unmapped:
    return kind(reason, operation=operation, member=member, value=value)
