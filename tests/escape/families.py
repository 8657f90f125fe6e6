"""The attacks as data: one file a family, cases with one hole, what goes into it inside the sandbox and outside.

A case:

    id, about   name within the family; why it could work
    call        `service.Operation` of botocore, with `params`; or
    http        arguments of `Gate.raw`, with `protocol` (of the answer; `plain` for none)
    inside      what the hole `<>` holds in the twin, which must reach the upstream
    outside     value -> rule, or a list of {value, rule, action, id, protocol} for values that are no text
    near        name of a list of `values.yaml`: near misses of `test-orders`; `outside` overrides its rules
    arns        template with {region}, {account} and {name}: the hole takes ARNs too, which makes a case of its own
    action      IAM action that the refusal names; default `service:Operation`; `""` where no policy is asked
    by          who calls: `identity` (default), `deployer`, `surrogate`, `function`, `foreign`
    gate        configuration of the gate, see `VARIANTS` in `gates.py`; default `prefix`
    arrives     path under which the twin reaches the upstream, where it is another than was sent
    as          operation that the gate sees in the twin; default that of `call`
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

__all__ = ["HERE", "Attack", "Case", "load_families", "load_stacks"]

HERE = Path(__file__).parent / "families"
_HOLE = "<>"
_ASKED = frozenset(
    {
        "action-not-allowed",
        "condition-not-met",
        "explicit-deny",
        "grants-outside",
        "not-created-here",
        "outside-account",
        "outside-region",
        "outside-run",
        "outside-sandbox",
        "reaches-outside",
        "service-not-allowed",
    }
)
"""Rules of decisions that name an IAM action."""
_PLACE = {"region": "eu-west-1", "account": "000000000000", "name": "test-orders"}
_ELSEWHERE: tuple[tuple[str, Mapping[str, str], str], ...] = (
    ("partition", {"partition": "aws-cn"}, "outside-sandbox"),
    ("name", {"name": "orders"}, "outside-sandbox"),
    ("near-name", {"name": "testing-orders"}, "outside-sandbox"),
    ("region", {"region": "us-east-1"}, "outside-region"),
    ("account", {"account": "111122223333"}, "outside-account"),
    ("region-and-account", {"region": "us-east-1", "account": "111122223333"}, "outside-account"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One call with a hole, and what makes it harmless."""

    family: str
    id: str
    inside: Any
    call: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    http: Any = None
    """Arguments of `Gate.raw`; the hole itself where all of them are in it."""
    protocol: str = ""
    by: str = "identity"
    gate: str = "prefix"
    seen: str = ""
    """Operation in the event of the twin."""
    arrives: str = ""
    """Path under which the twin reaches the upstream, where it is another than was sent."""

    @property
    def name(self) -> str:
        """As test ids show it."""
        return f"{self.family}-{self.id}"

    def filled(self, value: Any) -> Mapping[str, Any]:
        """Parameters, or arguments of the raw request, with the hole filled."""
        found: Mapping[str, Any] = _filled(self.http or self.params, value)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One value that leaves the sandbox."""

    case: Case
    id: str
    value: Any
    rule: str
    action: str
    protocol: str
    """That the answer is in, where it is not the twin's."""

    @property
    def name(self) -> str:
        """As test ids show it."""
        return f"{self.case.name}-{self.id}"


def _filled(node: Any, value: Any) -> Any:
    if node == _HOLE:
        return value
    if isinstance(node, str):
        return node.replace(_HOLE, value) if _HOLE in node else node
    if isinstance(node, dict):
        return {_filled(key, value): _filled(item, value) for key, item in node.items()}
    return [_filled(item, value) for item in node] if isinstance(node, list) else node


def _slug(value: Any) -> str:
    text = "".join(unicodedata.name(c, "?") if ord(c) > 126 else c for c in str(value))
    return re.sub(r"[^A-Za-z0-9*.$%]+", "_", text).strip("_")[:48] or "blank"


def load_families() -> tuple[tuple[Case, ...], tuple[Attack, ...]]:
    """Every case and every attack."""
    near = yaml.safe_load((HERE.parent / "values.yaml").read_text(encoding="utf-8"))
    cases: list[Case] = []
    attacks: list[Attack] = []
    for file in sorted(HERE.glob("*.yaml")):
        for raw in yaml.safe_load(file.read_text(encoding="utf-8"))["cases"]:
            for case, found in _expanded(file.stem, raw, near):
                cases.append(case)
                attacks.extend(found)
    return tuple(cases), tuple(attacks)


def load_stacks() -> Mapping[str, Any]:
    """What the upstream has that the gate itself reads: stacks, and objects of S3."""
    found: Mapping[str, Any] = yaml.safe_load((HERE.parent / "stacks.yaml").read_text(encoding="utf-8"))
    return found


def _expanded(family: str, raw: dict[str, Any], near: Mapping[str, Any]) -> Iterator[tuple[Case, list[Attack]]]:
    operation = raw.get("call", "").rpartition(".")[2]
    given = {key: raw[key] for key in ("call", "params", "http", "protocol", "by", "gate", "arrives") if key in raw}
    action = raw.get("action", raw.get("call", "").replace(".", ":"))
    seen = raw.get("as", operation)
    outside = raw.get("outside", {})
    if isinstance(outside, dict):
        values = {**near[raw["near"]], **outside} if "near" in raw else outside
        listed = [{"value": value, "rule": rule} for value, rule in values.items()]
    else:
        listed = outside
    if listed:
        case = Case(family=family, id=raw["id"], inside=raw["inside"], seen=seen, **given)
        yield case, [_attack(case, item, action) for item in listed]
    if "arns" in raw:
        yield _by_arn(Case(family=family, id=f"{raw['id']}-arn", inside="", seen=seen, **given), raw["arns"], action)


def _by_arn(empty: Case, template: str, action: str) -> tuple[Case, list[Attack]]:
    case = replace(empty, inside=template.format(**_PLACE))
    found: list[Attack] = []
    for name, change, rule in _ELSEWHERE:
        place = {**_PLACE, **change}
        value = template.format(**place).replace("arn:aws:", f"arn:{place.get('partition', 'aws')}:")
        if value != case.inside and not any(other.value == value for other in found):
            found.append(_attack(case, {"value": value, "rule": rule, "id": name}, action))
    return case, found


def _attack(case: Case, item: Mapping[str, Any], action: str) -> Attack:
    rule = item["rule"]
    wanted = item.get("action", action)
    return Attack(
        case=case,
        id=item.get("id") or _slug(item["value"]),
        value=item["value"],
        rule=rule,
        action=wanted if rule in _ASKED else "",
        protocol=item.get("protocol", ""),
    )
