"""What this run created under ids that AWS chose: such resources are inside by who made them, not by their name.

Learnt from the answers to creates, and from what stacks inside the sandbox hold.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from sandgate.core.call import Call

__all__ = ["Owned", "id_in_arn"]

_RESOURCE = 5
_STACK_MAKERS = frozenset({"CreateStack", "UpdateStack", "CreateChangeSet", "ExecuteChangeSet"})


@cache
def _json_rules() -> Mapping[str, Mapping[str, Sequence[Sequence[str]]]]:
    return {
        service: {operation: [path.split(".") for path in paths] for operation, paths in rules.items()}
        for service, rules in _table()["json"].items()
    }


@cache
def _xml_rules() -> Mapping[str, Mapping[str, re.Pattern[str]]]:
    return {
        service: {operation: re.compile(f"<{tag}>([^<>]{{1,200}})</{tag}>") for operation, tag in rules.items()}
        for service, rules in _table()["xml"].items()
    }


@cache
def _table() -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
    text = resources.files("sandgate.guard").joinpath("created.json").read_text(encoding="utf-8")
    table: Mapping[str, Mapping[str, Mapping[str, Any]]] = json.loads(text)
    return table


def id_in_arn(arn: str) -> str:
    """The id that an ARN names: what follows the type, whatever comes after it.

    `.../userpool/ID` and `:event-source-mapping:ID`, also `/restapis/ID/resources`. Only that position counts: an own
    id further behind makes nobody else's API one's own.
    """
    parts = arn.split(":", _RESOURCE)
    if len(parts) <= _RESOURCE:
        return ""
    rest = parts[_RESOURCE].lstrip("/")
    if rest.startswith("changeSet/"):
        return rest.rpartition("/")[2]  # between the type and the id stands a name that anybody may choose
    steps = rest.split("/") if "/" in rest else rest.split(":")
    return steps[1] if len(steps) > 1 else ""


class Owned:
    """The ids, and the stacks whose members are looked up when an id is not among them."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self.stacks: set[tuple[str, str]] = set()
        """Names (or ids) and regions of stacks inside the sandbox that this run deployed or adopted."""

    def owns(self, arn: str) -> bool:
        """Whether the id that an ARN names was created by this run."""
        return id_in_arn(arn) in self._ids

    def add(self, ids: Iterable[str]) -> None:
        """Take ids, or ARNs, of resources that are the run's own."""
        for found in ids:
            name = id_in_arn(found) if found.startswith("arn:") else found
            if name:
                self._ids.add(name)

    def reads(self, call: Call) -> bool:
        """Whether the answer to a call names an id that was chosen for the run."""
        names = call.operation
        return names in _json_rules().get(call.service, ()) or names in _xml_rules().get(call.service, ())

    def learn(self, call: Call, answer: bytes) -> None:
        """Take what a call made that upstream answered with success.

        Args:
            call: the call.
            answer: its body, if `reads` asked for it.
        """
        if call.service == "cloudformation" and call.operation in _STACK_MAKERS:
            name = call.parameters.get("StackName")
            if isinstance(name, str):
                self.stacks.add((name, call.region))
        if answer:
            self.add(_ids_in(call.service, call.operation, answer))


def _ids_in(service: str, operation: str, answer: bytes) -> Iterator[str]:
    tag = _xml_rules().get(service, {}).get(operation)
    if tag is not None:
        yield from tag.findall(answer.decode("utf-8", "replace"))
        return
    try:
        document = json.loads(answer)
    except ValueError:
        return  # an answer that is no JSON names nothing
    for path in _json_rules().get(service, {}).get(operation, ()):
        node: object = document
        for step in path:
            node = node.get(step) if isinstance(node, dict) else None
        if isinstance(node, str):
            yield node
