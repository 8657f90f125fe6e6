"""What tests ask of a gate about faults: to set them, to count what they struck, to take them away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sandgate.core.registry import nearest
from sandgate.errors import UsageError
from sandgate.faults.active import Active
from sandgate.faults.rules import Rule
from sandgate.gate.parts import Parts

__all__ = ["FaultDesk"]


class FaultDesk:
    """Answers the command `fault`.

    Args:
        parts: the gate's; their faults are there while there is any.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def answer(self, fields: Mapping[str, Any]) -> Mapping[str, object]:
        """Set a fault, tell what those of a test have struck, or end them.

        Raises:
            UsageError: the calls end at AWS itself, or it could never strike.
            ValueError: it has a wrong value.
            KeyError: a member is missing.
        """
        given = dict(fields)
        step, test, worker = str(given.pop("step")), str(given["test"]), str(given["worker"])
        if step == "set":
            return {"id": self._set(given).id}
        faults = self._parts.faults
        if faults is None:
            return {"rules": {}}
        if step == "struck":
            return {"rules": _counts(faults.rules.of(test, worker))}
        if step != "end":
            raise ValueError(f"there is no step {step!r}")
        ended = faults.rules.end(test, worker)
        if not faults:
            self._parts.faults = None
        return {"rules": _counts(ended)}

    def _set(self, rule: Mapping[str, Any]) -> Rule:
        if self._parts.upstream.aws is not None:
            raise UsageError(
                "faults are for tiers of emulators, and this run's calls end at AWS itself",
                where="the fixture faults",
                hint="select these tests on the tier emulated only",
            )
        self._check_call(str(rule["service"]), str(rule.get("operation", "")))
        faults = self._parts.faults or Active()
        made = faults.rules.add(rule)
        self._parts.faults = faults
        return made

    def _check_call(self, service: str, operation: str) -> None:
        """See whether there are such calls at all.

        Raises:
            UsageError: there is no such service or operation.
        """
        routes = [route for route in self._parts.routes.values() if route.service == service]
        services = self._parts.models.services
        if service not in services and not routes:
            raise _unknown("service", service, services)
        known = {route.operation for route in routes}
        if service in services:
            known |= set(self._parts.models.service(service).operations)
        if operation and operation not in known:
            raise _unknown(f"operation of {service}", operation, known)


def _counts(rules: Iterable[Rule]) -> dict[str, int]:
    return {str(rule.id): rule.struck for rule in rules}


def _unknown(what: str, name: str, known: Iterable[str]) -> UsageError:
    close = nearest(name, known)
    hint = f"did you mean {close!r}?" if close else "they are named as boto3 names services and AWS names operations"
    return UsageError(f"there is no {what} {name!r}", where="the fixture faults", hint=hint)
