"""One call's way through the gate: identify, decide, record, sign, forward, record.

Each step is a short function; the order is the design's, and nothing reaches upstream before the event is on disk.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from sandgate.core.call import Call, Outcome, Principal
from sandgate.core.ids import call_ids
from sandgate.gate.admit import check_host, entry_of
from sandgate.gate.answers import INTERNAL, UNRECORDED, UNSIGNED, Answers, RefusedError
from sandgate.gate.bodies import stream_plan
from sandgate.gate.exchange import ClientGoneError, Exchange
from sandgate.gate.flow import Flow
from sandgate.gate.forward import Body, forward
from sandgate.gate.outgoing import client_headers, signed, verbatim
from sandgate.gate.parts import Parts
from sandgate.gate.upstream import UpstreamFaultError
from sandgate.names.binders import references
from sandgate.routes._model import Route, RouteMatch
from sandgate.wire.http import WireError
from sandgate.wire.identify import match, parse
from sandgate.wire.signing.presented import presented
from sandgate.wire.signing.verify import PayloadHash, verify

__all__ = ["Pipeline"]

_log = logging.getLogger("sandgate.gate")


class Pipeline:
    """Handles exchanges.

    Args:
        parts: the collaborators.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._ids = call_ids()
        self._answers = Answers(parts, self._ids)

    async def handle(self, exchange: Exchange) -> None:
        """Answer one exchange, whatever happens on the way.

        Raises:
            ClientGoneError: there is nobody left to answer.
        """
        flow = Flow(exchange=exchange)
        answers = self._answers
        started = time.perf_counter()
        status, code, reached = 0, "ClientGone", False
        try:
            status, code = await self._handle(flow)
            reached = True
        except ClientGoneError:
            raise
        except RefusedError as refusal:
            status, code = answers.refuse(flow, refusal.decision)
        except WireError as fault:
            status, code = answers.fault(flow, fault)
        except UpstreamFaultError as fault:
            status, code = answers.upstream_fault(flow, fault)
        except Exception:
            _log.exception("a bug in the gate, in %s:%s", flow.service, flow.operation)
            bug = WireError("InternalFailure", "sandgate failed on this call; see gate.log of the run", status=500)
            status, code = answers.fault(flow, bug)
        finally:
            if flow.call is not None and flow.begun:
                outcome = Outcome(
                    status=status,
                    duration_ms=(time.perf_counter() - started) * 1000,
                    bytes_in=exchange.bytes_in,
                    bytes_out=exchange.bytes_out,
                    error_code=code,
                )
                self._parts.recorder.end(flow.call, outcome, reached=reached)

    async def _handle(self, flow: Flow) -> tuple[int, str]:
        parts, request = self._parts, flow.request
        check_host(request, parts)
        claim = flow.claim = presented(request)
        if claim is not None:
            flow.entry = await entry_of(claim, parts)
        if claim is None or claim.service in ("execute-api", "lambda"):
            for route in parts.routes.values():
                found = route.match(request)
                if found is not None:
                    return await self._route(flow, route, found)
        if request.path.startswith("/_ministack"):
            raise RefusedError(INTERNAL)
        flow.match = match(request, parts.models, signing_name=claim.service if claim else "")
        flow.protocol, flow.service = flow.match.protocol, flow.match.service
        flow.operation = flow.match.operation or ""
        return await (self._streamed(flow) if flow.match.body == "stream" else self._buffered(flow))

    # -- the three kinds of calls ---------------------------------------------------------------------------------

    async def _buffered(self, flow: Flow) -> tuple[int, str]:
        parts = self._parts
        body = await flow.exchange.body(parts.body_limit)
        payload = hashlib.sha256(body).hexdigest()
        self._verify(flow, payload)
        if flow.claim is not None and len(flow.claim.payload) == len(payload) and flow.claim.payload != payload:
            PayloadHash(flow.claim.payload).check()
        call = self._identify(flow, body)
        if flow.verbatim:
            return await forward(flow.exchange, verbatim(flow, parts, body, len(body)), parts, rewrite=None)
        headers = client_headers(flow.request)
        rewrite = (call.service, call.operation) if parts.rewriter.wants(call.service, call.operation) else None
        if rewrite is not None and body:
            body = parts.rewriter.request(*rewrite, headers, body)
            payload = hashlib.sha256(body).hexdigest()
        outgoing = signed(flow, parts, headers, Body(body, len(body), payload))
        return await forward(flow.exchange, outgoing, parts, rewrite=rewrite)

    async def _streamed(self, flow: Flow) -> tuple[int, str]:
        self._verify(flow, None)
        self._identify(flow, None)
        parts = self._parts
        if flow.verbatim:
            length = flow.request.fields.get("content-length")
            outgoing = verbatim(flow, parts, flow.exchange.chunks(), int(length) if length is not None else None)
        else:
            plan = stream_plan(flow.exchange, flow.claim, flow.credential, client_headers(flow.request))
            outgoing = signed(flow, parts, plan.headers, plan.body)
        return await forward(flow.exchange, outgoing, parts, rewrite=None)

    async def _route(self, flow: Flow, route: Route, found: RouteMatch) -> tuple[int, str]:
        """A data-plane request: signed only when the API behind the route uses IAM."""
        parts, exchange = self._parts, flow.exchange
        flow.service, flow.operation = route.service, route.operation
        if flow.claim is None:
            self._admit(flow, self._call(flow, route.service, route.operation, found.parameters))
            plan = stream_plan(exchange, None, None, [])
            outgoing = verbatim(flow, parts, plan.body.data, plan.body.length)
            return await forward(exchange, outgoing, parts, rewrite=None)
        body = await exchange.body(parts.body_limit)
        payload = hashlib.sha256(body).hexdigest()
        self._verify(flow, payload)
        self._admit(flow, self._call(flow, route.service, route.operation, found.parameters))
        if flow.verbatim:
            outgoing = verbatim(flow, parts, body, len(body))
        else:
            outgoing = signed(flow, parts, client_headers(flow.request), Body(body, len(body), payload))
        return await forward(exchange, outgoing, parts, rewrite=None)

    # -- steps ----------------------------------------------------------------------------------------------------

    def _verify(self, flow: Flow, payload: str | None) -> None:
        if flow.claim is not None and flow.credential is not None:
            verify(flow.claim, flow.request, flow.credential, payload_sha256=payload, now=datetime.now(UTC))

    def _identify(self, flow: Flow, body: bytes | None) -> Call:
        """Parse, decide, and write the event."""
        assert flow.match is not None
        found = parse(flow.match, flow.request, self._parts.models, body)
        flow.service, flow.operation = found.service, found.operation
        if flow.claim is None and found.auth != "none":
            raise RefusedError(UNSIGNED)
        call = self._call(flow, found.service, found.operation, found.parameters)
        self._admit(flow, call)
        return call

    def _call(self, flow: Flow, service: str, operation: str, parameters: Mapping[str, object]) -> Call:
        label, entry = flow.exchange.label, flow.entry
        if entry is None:
            principal = Principal(kind="anonymous", name="anonymous", worker=label)
        elif entry.principal.kind in ("identity", "deployer"):
            principal = entry.principal
        else:  # a surrogate or a function has no worker of its own: the port tells
            principal = replace(entry.principal, worker=label)
        return Call(
            id=self._ids(),
            service=service,
            operation=operation,
            parameters=parameters,
            region=flow.region,
            principal=principal,
            test_id=self._parts.tests.get(principal.worker, ""),
            resources=references(service, operation, parameters),
        )

    def _admit(self, flow: Flow, call: Call) -> None:
        """Decide, then write the event; a call that is not on disk does not go out."""
        flow.call = call
        decision = self._parts.decide(call)
        if not decision.allowed:
            raise RefusedError(decision)
        if not self._parts.recorder.begin(call):
            raise RefusedError(replace(UNRECORDED, value=self._parts.recorder.broken))
        flow.begun = True
