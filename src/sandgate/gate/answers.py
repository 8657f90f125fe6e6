"""What the gate says itself: refusals and faults, in the protocol of the service, so that every SDK raises them."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import replace

from sandgate.core.call import Decision
from sandgate.gate.flow import Flow
from sandgate.gate.parts import Parts
from sandgate.gate.receiving import UpstreamFaultError
from sandgate.gate.recorder import Caller
from sandgate.wire.errors import render
from sandgate.wire.http import WireError
from sandgate.wire.identify import match
from sandgate.wire.limits import LIMITS
from sandgate.wire.registry import registry_error

__all__ = ["INTERNAL", "NOT_OURS", "UNRECORDED", "UNSHARED", "UNSIGNED", "Answers", "RefusedError"]

_log = logging.getLogger("sandgate.gate")
_CODED = frozenset({"json", "rest-json", "rpc-v2-cbor"})
"""Protocols whose services call a refusal AccessDeniedException; the XML ones say AccessDenied."""
_NOBODY = frozenset({"unsigned", "unknown-key"})
"""Rules by which it is not known who asks; registries say so with a status of its own."""
_CLAIMED_SERVICE = re.compile(r"(?:Credential=|X-Amz-Credential=)[^,&\s]+?(?:/|%2F)([a-z0-9-]+)(?:/|%2F)aws4_request")

INTERNAL = Decision(
    allowed=False,
    rule="emulator-internal",
    value="a path of the emulator's own",
    source="built in: these paths change or reset the emulator without a signature",
    remedy="nothing does; call the AWS API instead",
)
NOT_OURS = Decision(
    allowed=False,
    rule="not-of-this-run",
    source="an unsigned request passes only for an API, function or pool that a signed call of this run has seen",
    remedy="create or describe it in this run first, with the run key",
)
UNSIGNED = Decision(
    allowed=False,
    rule="unsigned",
    value="a request without an AWS signature",
    source="the service model demands a signature for this operation",
    remedy="let the SDK sign with the run key that `sandgate run` or `sandgate env` sets",
)
_NOT_UNDERSTOOD = Decision(
    allowed=False,
    rule="not-understood",
    remedy="a request as AWS takes it; the error says what was wrong",
)
UNRECORDED = Decision(
    allowed=False,
    rule="not-recorded",
    source="an event that cannot be written is a call that cannot be proven",
    remedy="make room or mend the permissions of .sandgate/, then start a new run",
)
UNSHARED = Decision(
    allowed=False,
    rule="not-shared",
    source="ledger: what is made must be known to other machines before it is made",
    remedy='the table and the rights that `sandgate up` makes, or ledger = ""; calls that make nothing go on',
)


class RefusedError(Exception):
    """A call that the gate does not let through."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(decision.rule)
        self.decision = decision


class Answers:
    """Answers exchanges that do not reach upstream.

    Args:
        parts: recorder, tests, models and upstream.
        ids: source of request ids.
    """

    def __init__(self, parts: Parts, ids: Callable[[], str]) -> None:
        self._parts = parts
        self._ids = ids

    def refuse(self, flow: Flow, decision: Decision) -> tuple[int, str]:
        """A refusal: recorded, and raised by the SDK as its own AccessDenied."""
        self._record(flow, decision)
        self._find_protocol(flow, "")
        code = "AccessDeniedException" if flow.protocol in _CODED else "AccessDenied"
        unknown = flow.by_token and decision.rule in _NOBODY
        return self._send(flow, code, decision.text(), 401 if unknown else 403)

    def fault(self, flow: Flow, error: WireError) -> tuple[int, str]:
        """A request that is malformed or not rightly signed; recorded as refused when it got no further."""
        limit = LIMITS.get(error.code)
        remedy = limit or _NOT_UNDERSTOOD.remedy
        decision = replace(_NOT_UNDERSTOOD, value=error.code, source=error.message.rstrip("."), remedy=remedy)
        if not flow.begun:
            self._record(flow, decision)
        self._find_protocol(flow, error.protocol)
        # What AWS would say too is said as AWS says it.
        return self._send(flow, error.code, decision.text() if limit else error.message, error.status)

    def upstream_fault(self, flow: Flow, error: UpstreamFaultError) -> tuple[int, str]:
        """A passing fault is a 503, which SDKs retry; a dead upstream is a 400, which they do not."""
        dead = self._parts.upstream.death()
        if not dead:
            return self._send(flow, "ServiceUnavailable", f"sandgate: upstream fault: {error}", 503)
        _log.error("%s", dead)
        text = "the upstream of this run has died and will not come back; the end of the run says why"
        return self._send(flow, "UpstreamDead", f"sandgate: {text}", 400)

    def _find_protocol(self, flow: Flow, known: str) -> None:
        """A request that failed before it was matched is answered in the protocol that its head looks like."""
        flow.protocol = flow.protocol or known
        if flow.protocol or flow.route is not None:
            return
        request = flow.request
        claimed = _CLAIMED_SERVICE.search(request.fields.get("authorization", "") or request.query)
        try:
            found = match(request, self._parts.models, signing_name=claimed.group(1) if claimed else "")
        except WireError as error:
            flow.protocol = error.protocol
        else:
            flow.protocol, flow.service = found.protocol, found.service

    def _record(self, flow: Flow, decision: Decision) -> None:
        what = f"{flow.service}:{flow.operation}" if flow.operation else f"{flow.request.method} request"
        self._parts.recorder.refuse(flow.call, decision, self._caller(flow), what=what)

    def _caller(self, flow: Flow) -> Caller:
        call, worker = flow.call, flow.exchange.label
        if call is not None:
            principal = call.principal
            return Caller(id=call.id, worker=principal.worker, test_id=call.test_id, principal=principal.kind)
        test = self._parts.tests.get(worker, "")
        return Caller(id=self._ids(), worker=worker, test_id=test, principal=self._principal(flow))

    def _principal(self, flow: Flow) -> str:
        """Who signed what never became a call; that the signature is right is not said."""
        if flow.claim is None:
            return "anonymous"
        key_id = flow.claim.access_key_id
        entry = flow.entry or self._parts.keys.resolve(key_id)
        if entry is not None:
            return entry.principal.kind
        return "surrogate" if self._parts.surrogates.resolve(key_id) else "unknown"

    def _send(self, flow: Flow, code: str, message: str, status: int) -> tuple[int, str]:
        exchange = flow.exchange
        if exchange.started:
            exchange.abort()
            return 0, code
        if flow.by_token:
            exchange.respond(registry_error(exchange.request, status, message))
            return status, code
        exchange.respond(
            render(
                protocol=flow.protocol,
                service=flow.service,
                code=code,
                message=message,
                status=status,
                request_id=self._ids(),
                method=exchange.request.method,
                info=self._parts.models.services.get(flow.service),
            )
        )
        return status, code
