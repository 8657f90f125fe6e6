"""The timing of AWS at the gate: what runs is asked about each call before it goes out, and about its answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sandgate.core.call import Call
from sandgate.faults._model import Asked, Failure, Simulation, Timing
from sandgate.gate.asking import Asking
from sandgate.gate.flow import Flow
from sandgate.gate.forward import Edit
from sandgate.gate.parts import Parts
from sandgate.wire.models import Models

__all__ = ["JsonAsking", "Simulating"]

_SUCCESS = range(200, 300)
_OF_THE_BODY = frozenset({"content-length", "x-amz-crc32"})
"""Headers that are true of one body only."""


class JsonAsking:
    """The gate's own reads of services that speak AWS JSON.

    Args:
        asking: sends them.
        models: know how such a service is spoken to.
    """

    def __init__(self, asking: Asking, models: Models) -> None:
        self._asking = asking
        self._models = models

    async def json(
        self, service: str, operation: str, parameters: Mapping[str, object], region: str
    ) -> Mapping[str, Any] | None:
        """The answer; None when there is none, or one that failed."""
        info = self._models.services[service]
        fields = (
            ("content-type", f"application/x-amz-json-{info.json_version}"),
            ("x-amz-target", f"{info.target_prefix}.{operation}"),
        )
        body = json.dumps(parameters).encode()
        status, answer = await self._asking.ask(
            service, "POST", "/", body=body, region=region, fields=fields, operation=operation, parameters=parameters
        )
        if status not in _SUCCESS:
            return None
        found: Mapping[str, Any] = json.loads(answer)
        return found


class Simulating:
    """Asks the timings that run.

    Args:
        parts: faults.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def before(self, flow: Flow) -> Failure | bytes | None:
        """What a call gets in place of an answer; None lets it pass.

        Args:
            flow: the call's; told which timing has answered.
        """
        asked = _asked(flow)
        for timing, simulation in self._running(asked.call):
            instead = await simulation.before(asked)
            if instead is not None:
                flow.fault = timing.name
                return instead
        return None

    def edit(self, flow: Flow) -> Edit | None:
        """What changes the answer; None where none that runs wants to see it."""
        asked = _asked(flow)
        wanted = [(timing, one) for timing, one in self._running(asked.call) if one.reads(asked.call)]
        if not wanted:
            return None

        def edited(status: int, headers: list[tuple[str, str]], body: bytes) -> tuple[list[tuple[str, str]], bytes]:
            if status not in _SUCCESS:
                return headers, body
            made = body
            for timing, simulation in wanted:
                before, made = made, simulation.after(asked, made)
                if made != before:
                    flow.fault = timing.name
            kept = [one for one in headers if made == body or one[0].lower() not in _OF_THE_BODY]
            return kept, made

        return edited

    def _running(self, call: Call) -> list[tuple[Timing, Simulation]]:
        faults = self._parts.faults
        return list(faults.simulations(call.service)) if faults is not None else []


def _asked(flow: Flow) -> Asked:
    assert flow.call is not None
    key_id = flow.claim.access_key_id if flow.claim is not None else ""
    return Asked(call=flow.call, protocol=flow.protocol, key_id=key_id)
