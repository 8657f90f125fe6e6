"""Refusals of a run: each kind once, with how often it came, which tests met it, and how many make the run red."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sandgate.wire.limits import LIMITS

__all__ = ["RefusalGroup", "expected_by", "group_refusals", "refusals_of"]

_SHOWN_TESTS = 5
_NOT_UNDERSTOOD = "not-understood"
_NOBODY = frozenset({"", "anonymous", "unknown"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalGroup:
    """One kind of refusal: the same rule, action and value."""

    rule: str
    call: str
    """`service:Operation`, or what was asked for when it was not understood."""
    action: str
    """IAM action, empty where no policy was asked."""
    value: str
    source: str
    remedy: str
    statement: str
    count: int
    expected: int
    """How many of them a test expected, with `expect_denied`."""
    counted: int
    """How many turn the run red under `on_refusal = "fail"`."""
    tests: tuple[str, ...]
    """Ids of all tests that met it, each once."""

    @property
    def what(self) -> str:
        """The action where one is known, else the call."""
        return self.action or self.call

    def to_json(self) -> dict[str, object]:
        """The group as the receipt holds it, with the first few tests."""
        return {
            "by": "gate",
            "rule": self.rule,
            "call": self.call,
            "action": self.action,
            "value": self.value,
            "source": self.source,
            "remedy": self.remedy,
            "statement": self.statement,
            "count": self.count,
            "expected": self.expected,
            "counted": self.counted,
            "tests": list(self.tests[:_SHOWN_TESTS]),
            "in_tests": len(self.tests),
        }


@dataclass(slots=True)
class _Kind:
    first: Mapping[str, object]
    count: int = 0
    expected: int = 0
    counted: int = 0
    tests: dict[str, None] = field(default_factory=dict)


def group_refusals(
    refusals: Iterable[Mapping[str, object]], expected: frozenset[str] = frozenset()
) -> tuple[RefusalGroup, ...]:
    """Fold refusals, in the order in which each kind came first.

    Args:
        refusals: the events `refused` of a run.
        expected: ids of those that a test expected.
    """
    kinds: dict[tuple[str, ...], _Kind] = {}
    for event in refusals:
        key = tuple(_text(event, name) for name in ("rule", "action", "value", "source", "remedy", "statement"))
        kind = kinds.setdefault((*key, _call(event)), _Kind(event))
        kind.count += 1
        if _text(event, "id") in expected:
            kind.expected += 1
        elif _counts(event):
            kind.counted += 1
        if test := _text(event, "test"):
            kind.tests[test] = None
    return tuple(_group(kind) for kind in kinds.values())


def refusals_of(events: Iterable[Mapping[str, object]]) -> tuple[RefusalGroup, ...]:
    """The refusals among events of any kind."""
    refused: list[Mapping[str, object]] = []
    expected: set[str] = set()
    for event in events:
        if event.get("event") == "refused":
            refused.append(event)
        elif event.get("event") == "expected":
            expected |= expected_by(event)
    return group_refusals(refused, frozenset(expected))


def expected_by(event: Mapping[str, object]) -> frozenset[str]:
    """Ids of the refusals that an event `expected` names."""
    found = event.get("refusals")
    return frozenset(map(str, found)) if isinstance(found, list) else frozenset()


def _group(kind: _Kind) -> RefusalGroup:
    first = kind.first
    return RefusalGroup(
        rule=_text(first, "rule"),
        call=_call(first),
        action=_text(first, "action"),
        value=_text(first, "value"),
        source=_text(first, "source"),
        remedy=_text(first, "remedy"),
        statement=_text(first, "statement"),
        count=kind.count,
        expected=kind.expected,
        counted=kind.counted,
        tests=tuple(kind.tests),
    )


def _call(event: Mapping[str, object]) -> str:
    service, operation = _text(event, "service"), _text(event, "operation")
    return f"{service}:{operation}" if service else operation


def _counts(event: Mapping[str, object]) -> bool:
    """Whether a refusal that nobody expected makes a run red.

    Every decision of the gate does. A request that was not understood does only where it names a key of this run and
    AWS might have answered it; a wrong signature, an expired URL or half a body is an error at AWS too.
    """
    if _text(event, "rule") != _NOT_UNDERSTOOD:
        return True
    return _text(event, "principal") not in _NOBODY and _text(event, "value") in LIMITS


def _text(event: Mapping[str, object], name: str) -> str:
    return str(event.get(name, ""))
