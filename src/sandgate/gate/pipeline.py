"""One call's way through the gate: identify, decide, record, sign, forward, record.

Each step is a short function; the order is the design's, and nothing reaches upstream before the event is on disk.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from sandgate.core.call import Call, Decision, Outcome, Principal
from sandgate.core.ids import call_ids
from sandgate.gate import registry
from sandgate.gate.admit import (
    check_chunks,
    check_function,
    check_host,
    check_path,
    check_query,
    entry_of,
    find_route,
    refuse_internal,
)
from sandgate.gate.answers import NOT_OURS, UNRECORDED, UNSHARED, UNSIGNED, Answers, RefusedError
from sandgate.gate.arriving import SMALL, ClientGoneError
from sandgate.gate.bodies import as_framed, buffered_body, stream_plan
from sandgate.gate.bugs import describe_bug
from sandgate.gate.exchange import Exchange
from sandgate.gate.flow import Flow
from sandgate.gate.forms import PostForm
from sandgate.gate.forward import Body, Outgoing, Reading, forward
from sandgate.gate.lent_uploads import lent_body
from sandgate.gate.outgoing import aim_of, client_headers, real_key_id, signed, verbatim
from sandgate.gate.parts import Parts
from sandgate.gate.receiving import UpstreamFaultError
from sandgate.gate.seen import named_owners
from sandgate.gate.striking import Striking, StruckError
from sandgate.ledger.track import points
from sandgate.names.binders import references
from sandgate.wire.denials import is_denial
from sandgate.wire.http import Request, WireError
from sandgate.wire.identify import Identified, Match, match, parse
from sandgate.wire.s3 import POST_OBJECT
from sandgate.wire.signing.presented import presented
from sandgate.wire.signing.verify import verify

__all__ = ["Pipeline"]

_log = logging.getLogger("sandgate.gate")
_SUCCESS = range(200, 300)
_KEPT_MATCHES = 1000


class Pipeline:
    """Handles exchanges.

    Args:
        parts: the collaborators.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._ids = call_ids()
        self._answers = Answers(parts, self._ids)
        self._striking = Striking(parts, self._ids)
        self._matches: dict[tuple[str, ...], Match] = {}

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
        except StruckError as struck:
            status, code, reached = struck.status, struck.code, struck.reached
        except Exception as bug:  # noqa: BLE001 - whatever it is, the client gets an answer and the gate lives
            _log.error("a bug in the gate, in %s:%s: %s", flow.service, flow.operation, describe_bug(bug))
            text = "sandgate failed on this call; see gate.log of the run"
            status, code = answers.fault(flow, WireError("InternalFailure", text, status=500))
        finally:
            if flow.call is not None and flow.begun:
                if self._parts.ledger is not None:
                    self._parts.ledger.over(flow.call)
                outcome = Outcome(
                    status=status,
                    duration_ms=(time.perf_counter() - started) * 1000,
                    bytes_in=exchange.bytes_in,
                    bytes_out=exchange.bytes_out,
                    error_code=code,
                )
                # Soon, not now: the loop sends the answer once this turn is over, and nobody should wait for our notes.
                denied = reached and flow.route is None and is_denial(status, code)
                note = partial(
                    self._parts.recorder.end, flow.call, outcome, reached=reached, denied=denied, fault=flow.fault
                )
                asyncio.get_running_loop().call_soon(note)

    async def _handle(self, flow: Flow) -> tuple[int, str]:
        parts, request = self._parts, flow.request
        check_host(request, parts.ports)
        claim = flow.claim = presented(request)
        check_chunks(request, claim)
        flow.route = find_route(request, claim, parts.routes)
        if flow.route is None:
            refuse_internal(request)
        check_path(request, routed=flow.route is not None)
        if flow.route is None:
            check_query(request)
            found = flow.match = self._match(request, claim.service if claim else "")
            flow.protocol, flow.service, flow.operation = found.protocol, found.service, found.operation or ""
        if claim is not None:
            flow.entry = await entry_of(claim, parts)
            if flow.verbatim:
                check_function(request, flow.match, parts.models)
        if flow.match is None:
            return await self._route(flow)
        if flow.match.body == "buffer":
            return await self._buffered(flow)
        if flow.match.operation == POST_OBJECT:
            return await self._form(flow)
        return await self._streamed(flow)

    def _match(self, request: Request, signing_name: str) -> Match:
        """What the head says; for AWS JSON that is the same for every call of an operation, so it is kept."""
        target = request.fields.get("x-amz-target")
        if target is None or request.query:
            return match(request, self._parts.models, signing_name=signing_name)
        kind = request.fields.get("content-type", "")
        key = (signing_name, target, request.host, request.method, request.path, kind)
        found = self._matches.get(key)
        if found is None:
            if len(self._matches) >= _KEPT_MATCHES:
                self._matches.clear()
            found = self._matches[key] = match(request, self._parts.models, signing_name=signing_name)
        return found

    # -- the kinds of calls ---------------------------------------------------------------------------------------

    async def _buffered(self, flow: Flow) -> tuple[int, str]:
        parts = self._parts
        raw = await flow.exchange.body(parts.body_limit)
        payload = hashlib.sha256(raw).hexdigest()
        self._verify(flow, payload)
        headers = client_headers(flow.request)
        body = buffered_body(flow, raw, payload, headers)
        call = await self._identify(flow, body)
        rewrite = parts.rewriter.wants(call.service, call.operation)
        if flow.verbatim:  # what it mints is swapped all the same: the real triple stays here
            return await self._forward(flow, verbatim(flow, parts, raw, len(raw)), Reading(rewrite=rewrite))
        if rewrite and body:
            own = partial(real_key_id, flow, parts)
            body = parts.rewriter.request(call.service, call.operation, headers, body, own=own)
        if body is not raw:
            payload = hashlib.sha256(body).hexdigest()
        outgoing = signed(flow, parts, headers, Body(body, len(body), payload))
        return await self._forward(flow, outgoing, Reading(rewrite=rewrite))

    async def _streamed(self, flow: Flow) -> tuple[int, str]:
        self._verify(flow, None)
        await self._identify(flow, None)
        parts, exchange = self._parts, flow.exchange
        headers = client_headers(flow.request)
        if flow.verbatim:
            length = None if "transfer-encoding" in flow.request.fields else exchange.announced
            assert flow.claim is not None
            assert flow.credential is not None
            outgoing = verbatim(flow, parts, as_framed(exchange, flow.claim, flow.credential), length)
        elif exchange.small:
            raw = await exchange.body(SMALL)
            payload = hashlib.sha256(raw).hexdigest()
            body = buffered_body(flow, raw, payload, headers)
            if body is not raw:
                payload = hashlib.sha256(body).hexdigest()
            outgoing = signed(flow, parts, headers, Body(body, len(body), payload))
        else:
            plan = stream_plan(exchange, flow.claim, flow.credential, headers)
            outgoing = signed(flow, parts, plan.headers, plan.body)
            outgoing = lent_body(exchange, outgoing, flow.claim.payload if flow.claim else "")
        return await self._forward(flow, outgoing, Reading())

    async def _form(self, flow: Flow) -> tuple[int, str]:
        """An upload by HTML form, which carries its signature in its fields."""
        form = PostForm(flow, self._parts)
        await self._accept(flow, await form.identify())
        return await self._forward(flow, form.outgoing(), Reading())

    async def _route(self, flow: Flow) -> tuple[int, str]:
        """A data-plane request: signed only when the API behind the route uses IAM."""
        parts, exchange = self._parts, flow.exchange
        assert flow.route is not None
        route, found = flow.route
        flow.service, flow.operation = route.service, found.operation or route.operation
        if flow.by_token:
            return await self._registry(flow)
        call = self._call(flow, route.service, route.operation, found.parameters)
        if flow.claim is None:
            await self._admit(flow, call, owners=(found.owner,) if found.owner else None)
            plan = stream_plan(exchange, None, None, [])
            outgoing = verbatim(flow, parts, plan.body.data, plan.body.length)
            return await self._forward(flow, outgoing, Reading())
        body = await exchange.body(parts.body_limit)
        payload = hashlib.sha256(body).hexdigest()
        self._verify(flow, payload)
        await self._admit(flow, call)
        if flow.verbatim:
            outgoing = verbatim(flow, parts, body, len(body))
        else:
            outgoing = signed(flow, parts, client_headers(flow.request), Body(body, len(body), payload))
        return await self._forward(flow, outgoing, Reading())

    async def _registry(self, flow: Flow) -> tuple[int, str]:
        """A push or pull: who asks is told by a token that a call of this run got."""
        parts = self._parts
        assert flow.route is not None
        if registry.ask_back(flow):
            return 401, "UNAUTHORIZED"
        flow.token = registry.token_of(flow, parts)
        manifest = await registry.manifest_of(flow)
        call = self._call(flow, flow.service, flow.operation, registry.asked(flow, manifest))
        await self._admit(flow, call, owners=None if flow.token else (flow.route[1].owner,))
        return await self._forward(flow, registry.outgoing(flow, parts, manifest), registry.reading(flow, parts))

    # -- steps ----------------------------------------------------------------------------------------------------

    def _verify(self, flow: Flow, payload: str | None) -> None:
        if flow.claim is not None and flow.credential is not None:
            verify(flow.claim, flow.request, flow.credential, payload_sha256=payload, now=datetime.now(UTC))

    async def _identify(self, flow: Flow, body: bytes | None) -> Call:
        """Parse, decide, and write the event."""
        assert flow.match is not None
        return await self._accept(flow, parse(flow.match, flow.request, self._parts.models, body))

    async def _accept(self, flow: Flow, found: Identified) -> Call:
        flow.service, flow.operation = found.service, found.operation
        call = self._call(flow, found.service, found.operation, found.parameters)
        if flow.claim is None and found.auth != "none":
            flow.call = call
            raise RefusedError(UNSIGNED)
        # Where IAM is not asked, a signature proves no right to the pool or client that the call names.
        free = flow.claim is None or found.auth == "none"
        owners = named_owners(found.service, found.parameters) if free else None
        await self._admit(flow, call, owners=owners)
        return call

    def _call(self, flow: Flow, service: str, operation: str, parameters: Mapping[str, object]) -> Call:
        label, entry = flow.exchange.label, flow.entry
        if flow.token is not None:
            principal = flow.token.principal
        elif entry is None:
            principal = Principal(kind="anonymous", name="anonymous", worker=label)
        elif entry.principal.kind in ("identity", "deployer", "also"):
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

    async def _admit(self, flow: Flow, call: Call, *, owners: tuple[str, ...] | None = None) -> None:
        """Decide, then write the event; a call that is not on disk does not go out.

        Args:
            flow: the call's.
            call: what is asked for.
            owners: of a call that needs no permission: what it reaches, of which this run must have seen one.
        """
        flow.call = call
        if owners is not None and not self._parts.seen.owns(owners):
            raise RefusedError(replace(NOT_OURS, value=", ".join(owners) or flow.operation))
        flow.aim = aim_of(flow, call, self._parts.models)
        decision = self._parts.upstream.admits(flow.aim)
        if decision.allowed:
            second = self._parts.also if call.principal.kind == "also" else None
            found = (self._parts if second is None else second).decide(call)
            decision = found if isinstance(found, Decision) else await found
            if second is not None and decision.allowed:
                await second.lend(flow)
        if not decision.allowed:
            raise RefusedError(decision)
        ledger = self._parts.ledger
        placed = await ledger.placed(call) if ledger is not None and points(call) else call
        if not self._parts.recorder.begin(call, placed):
            raise RefusedError(replace(UNRECORDED, value=self._parts.recorder.broken))
        flow.begun = True
        if ledger is not None and ledger.concerns(call) and not await ledger.before(placed):
            book = ledger.book
            unshared = replace(UNSHARED, value=book.unshared)
            raise RefusedError(replace(UNRECORDED, value=book.failed) if book.failed else unshared)

    async def _forward(self, flow: Flow, outgoing: Outgoing, reading: Reading) -> tuple[int, str]:
        parts, call = self._parts, flow.call
        assert call is not None
        learns = flow.claim is not None and flow.route is None
        reading.call = call
        ledger = parts.ledger if parts.ledger is not None and parts.ledger.concerns(call) else None
        reading.observe = learns and (parts.seen.reads(call.service, call.operation) or parts.owned.reads(call))
        reading.observe |= ledger is not None and ledger.reads(call)
        flow.exchange.at_once = ledger is None  # what a call makes is written down before its client knows
        if parts.faults is not None:
            await self._striking.strike(flow, outgoing, reading)
        status, code = await forward(flow.exchange, outgoing, parts, reading)
        owned: tuple[str, ...] = ()
        if learns and status in _SUCCESS:
            parts.seen.learn(call.service, call.parameters, reading.body, region=call.region)
            owned = parts.owned.learn(call, reading.body)
        if ledger is not None:
            ledger.after(call, status, code, (reading.body, reading.headers), owned)
        return status, code
