"""What a rule is asked about: the parameters of one call, the item of a list at hand, and where the call runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sandgate.iam.actions.paths import Steps, select

__all__ = ["Place", "Scope", "Source"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where calls run: what an ARN says before it names a resource.

    Args:
        partition: `aws`, `aws-cn`, `aws-us-gov`.
        account: account id, 12 digits.
        region: of calls whose own region is not known; a call's own counts first, since an attempt to reach
            another region must be seen.
    """

    partition: str = "aws"
    account: str
    region: str = ""


@dataclass(slots=True, kw_only=True)
class Scope:
    """One call, or one item of it."""

    parameters: Mapping[str, object]
    place: Mapping[str, str]
    """`Partition`, `Account`, `Region`."""
    item: object = None
    where: str = ""
    misfits: dict[str, str] = field(default_factory=dict)
    """Place of each text that a form did not read, and the text."""
    fits: set[str] = field(default_factory=set)
    """Places of texts that some form did read."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value comes from: a path, looked up in the item first where it has that member, or a constant."""

    steps: Steps
    of_item: bool = False
    constant: str | None = None

    @staticmethod
    def of(spec: str) -> Source:
        """From its spelling: `=text` is a constant, `.` and `.Member` are the item's, `Member` either's."""
        if spec.startswith("="):
            return Source((), constant=spec[1:])
        return Source(tuple(step for step in spec.split(".") if step), of_item=spec.startswith("."))

    def values(self, scope: Scope) -> Sequence[tuple[object, str]]:
        """Every value that is there, with its place."""
        if self.constant is not None:
            return ((self.constant, ""),)
        steps, item = self.steps, scope.item
        if self.of_item or (item is not None and isinstance(item, Mapping) and steps[0] in item):
            return tuple(select(item, steps, scope.where))
        value = scope.parameters.get(steps[0])
        if value is None:  # nearly always: most sources are spellings that other operations have
            return ()
        if len(steps) == 1:
            return ((value, steps[0]),)
        return tuple(select(value, steps[1:], steps[0]))
