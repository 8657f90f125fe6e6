"""What this run created under ids that AWS chose: such resources are inside by who made them, not by their name.

Learnt from the answers to creates, and from what stacks inside the sandbox hold.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import resources

from sandgate.core.call import Call
from sandgate.guard.owners import owners_of

__all__ = ["Owned", "created", "items_of"]

_STACK_MAKERS = frozenset({"CreateStack", "UpdateStack", "CreateChangeSet", "ExecuteChangeSet"})
_PARTS = 6

_Table = Mapping[str, Mapping[str, Mapping[str, Mapping[str, str]]]]


@cache
def created() -> _Table:
    """`created.json`: kind of answer, service, operation, place of the id, and what it names."""
    table: _Table = json.loads(resources.files("sandgate.guard").joinpath("created.json").read_text(encoding="utf-8"))
    return {kind: table[kind] for kind in ("json", "xml")}


class Owned:
    """The resources, and the stacks whose members are looked up when one is not among them.

    Kept by service, region and type, so that an id of one kind makes nothing of another kind the run's own.
    """

    def __init__(self) -> None:
        self._known: set[tuple[str, str, str]] = set()
        self.stacks: set[tuple[str, str]] = set()
        """Names (or ids) and regions of stacks inside the sandbox that this run deployed."""

    def owns(self, arn: str) -> bool:
        """Whether a resource, or what it belongs to, was created by this run."""
        return any(_key(one) in self._known for one in (arn, *owners_of(arn)))

    def add(self, arns: Iterable[str]) -> None:
        """Take resources that are the run's own."""
        self._known.update(_key(one) for arn in arns for one in owners_of(arn))

    def reads(self, call: Call) -> bool:
        """Whether the answer to a call names an id that was chosen for the run."""
        return any(call.operation in services.get(call.service, ()) for services in created().values())

    def restore(self, items: Iterable[str]) -> None:
        """Take what `learn` gave in an earlier life of the gate."""
        for item in items:
            service, region, resource = item.split(":", 2)
            self._known.add((service, region, resource))

    def learn(self, call: Call, answer: bytes) -> tuple[str, ...]:
        """Take what a call made that upstream answered with success.

        Args:
            call: the call.
            answer: its body, if `reads` asked for it.

        Returns:
            What is new, as `service:region:resource`.
        """
        if call.service == "cloudformation" and call.operation in _STACK_MAKERS:
            name = call.parameters.get("StackName")
            if isinstance(name, str):
                self.stacks.add((name, call.region))
        found: set[tuple[str, str, str]] = set()
        for form, value in _found(call, answer):
            if value.startswith("arn:"):
                found.update(_key(one) for one in owners_of(value))
            else:
                service, _, resource = form.partition(":")
                found.add((service, call.region, resource.format(id=value)))
        fresh = found - self._known
        self._known |= fresh
        return tuple(sorted(":".join(key) for key in fresh))


def items_of(arns: Iterable[str]) -> tuple[str, ...]:
    """Resources as `Owned.restore` takes them.

    Args:
        arns: of the resources.
    """
    return tuple(sorted({":".join(_key(one)) for arn in arns for one in owners_of(arn)}))


def _key(arn: str) -> tuple[str, str, str]:
    parts = arn.split(":", _PARTS - 1)
    return (parts[2], parts[3], parts[5]) if len(parts) == _PARTS else ("", "", "")


def _found(call: Call, answer: bytes) -> Iterator[tuple[str, str]]:
    """What ids in an answer name, and the ids."""
    for tag, form in created()["xml"].get(call.service, {}).get(call.operation, {}).items():
        text = answer.decode("utf-8", "replace")
        yield from ((form, found) for found in re.findall(f"<{tag}>([^<>]{{1,300}})</{tag}>", text))
    places = created()["json"].get(call.service, {}).get(call.operation, {})
    try:
        document = json.loads(answer) if places else None
    except ValueError:
        return  # an answer that is no JSON names nothing
    for path, form in places.items():
        node = document
        for step in path.split("."):
            node = node.get(step) if isinstance(node, dict) else None
        if isinstance(node, str) and node:
            yield form, node
