"""Every call goes to the event log, before it is forwarded and after it is answered; and the counters of `status`.

What is written is an allow-list: names of services, operations, resources and tests. Never a query string, never a
header, never a body; other parameters only when the run asks for them, and then redacted.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from json.encoder import encode_basestring_ascii as _text

from sandgate.core.call import Call, Decision, Outcome
from sandgate.core.log import AppendLog
from sandgate.core.redact import redact_parameters
from sandgate.ledger.recover import told_in_event
from sandgate.names.shown import shown_members

__all__ = ["Caller", "Recorder"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whose request was refused."""

    id: str
    """Of the refusal; that of the call where there is one."""
    worker: str
    test_id: str = ""
    principal: str = ""
    """The kind of the principal; `anonymous` without a signature, `unknown` with a key that is not the gate's."""


class Recorder:
    """Writes events and counts.

    Args:
        log: the run's event log.
        record_params: whether parameters are written too, redacted.
    """

    def __init__(self, log: AppendLog, *, record_params: bool = False) -> None:
        self._log = log
        self._record_params = record_params
        self.calls: Counter[str] = Counter()
        self.by_worker: Counter[str] = Counter()
        self.called: set[tuple[str, str, str]] = set()
        """Service, region and operation of every call; without operation until the upstream answers with success."""
        self.refused: list[Mapping[str, object]] = []
        self.reached: Counter[str] = Counter()
        """Calls by service that the upstream answered."""
        self.refused_total = 0

    @property
    def broken(self) -> str:
        """Why events cannot be written any more; empty while they can."""
        return self._log.failed

    def begin(self, call: Call, placed: Call | None = None) -> bool:
        """Note a call that is about to be forwarded; when this is false it must not be.

        Args:
            call: as the client has sent it.
            placed: it with the container that it means, where it does not say that itself.
        """
        principal = call.principal
        # By hand: the encoder of the standard library takes several times as long, twice in each call.
        line = (
            f'{{"event":"call","id":{_text(call.id)},"time":{time.time():.6f},"service":{_text(call.service)},'
            f'"operation":{_text(call.operation)},"region":{_text(call.region)},"principal":{_text(principal.kind)},'
            f'"name":{_text(principal.name)},"worker":{_text(principal.worker)}'
        )
        if call.test_id:
            line += f',"test":{_text(call.test_id)}'
        if call.resources:
            line += f',"resources":[{",".join([_text(ref.arn or f"{ref.type}:{ref.name}") for ref in call.resources])}]'
        if makes := told_in_event(placed or call):
            line += f',"makes":{json.dumps(makes, default=str)}'
        if self._record_params:
            shown = shown_members(call.service, call.operation)
            line += f',"parameters":{json.dumps(redact_parameters(call.parameters, shown=shown))}'
        self.calls[f"{call.service}:{call.operation}"] += 1
        self.by_worker[call.principal.worker] += 1
        self.called.add((call.service, call.region, ""))
        return self._log.append_text(line + "}")

    @property
    def size(self) -> int:
        """Bytes that the log has now."""
        return self._log.size

    def end(self, call: Call, outcome: Outcome, *, reached: bool, denied: bool = False, fault: str = "") -> None:
        """Note what became of it.

        Args:
            call: it.
            outcome: what the client got.
            reached: whether the upstream answered.
            denied: whether its answer was that the caller may not.
            fault: what went wrong on purpose.
        """
        if reached:
            self.reached[call.service] += 1
            if outcome.status < _FIRST_ERROR:
                self.called.add((call.service, call.region, call.operation))
        answered = "true" if reached else "false"
        line = (
            f'{{"event":"done","id":{_text(call.id)},"status":{outcome.status},"ms":{outcome.duration_ms:.3f},'
            f'"in":{outcome.bytes_in},"out":{outcome.bytes_out},"reached":{answered}'
        )
        if outcome.error_code:
            line += f',"error":{_text(outcome.error_code)}'
        if denied:
            line += ',"denied":true'
        if fault:
            line += f',"fault":{_text(fault)}'
        self._log.append_text(line + "}")

    def refuse(self, call: Call | None, decision: Decision, caller: Caller, *, what: str = "") -> None:
        """Note a refusal of the gate's own.

        Args:
            call: `None` when it could not be identified.
            decision: why.
            caller: who asked, as far as that is known without a call.
            what: what stands for the operation without a call.
        """
        event: dict[str, object] = {
            "event": "refused",
            "id": caller.id,
            "time": round(time.time(), 6),
            "by": "gate",
            "rule": decision.rule,
            "value": decision.value,
            "source": decision.source,
            "remedy": decision.remedy,
            "action": decision.action,
            "statement": decision.statement,
            "service": call.service if call else "",
            "operation": call.operation if call else what,
            "principal": caller.principal,
            "worker": caller.worker,
            "test": caller.test_id,
        }
        self.refused_total += 1
        if len(self.refused) < _KEPT:
            self.refused.append(event)
        self._log.append(event)

    def note(self, event: Mapping[str, object]) -> None:
        """Write an event of the run itself: start, ready, test, stop."""
        self._log.append({"time": round(time.time(), 6), **event})


_FIRST_ERROR = 400
_KEPT = 1000
"""Refusals held for the summary; the log has all of them."""
