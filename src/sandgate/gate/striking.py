"""What goes wrong on purpose, between the decision about a call and its way upstream.

Only the tests' own calls are struck: neither the deployer's, nor what a fixture of sandgate asks in a test's name.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import NoReturn

from sandgate.core.call import Call
from sandgate.faults._model import Failure, Strike
from sandgate.faults.own import OWN
from sandgate.faults.rules import Rule, is_tests_own
from sandgate.gate.flow import Flow
from sandgate.gate.forward import Outgoing, Reading, accepted
from sandgate.gate.parts import Parts
from sandgate.gate.simulating import Simulating
from sandgate.wire.errors import render
from sandgate.wire.http import Response
from sandgate.wire.registry import registry_error

__all__ = ["Striking", "StruckError"]

_CUT = "ConnectionCut"


class StruckError(Exception):
    """A call that went wrong on purpose, and has been answered or cut already.

    Args:
        status: HTTP status that the client got; 0 for none.
        code: error code.
        reached: whether the upstream has carried it out.
    """

    def __init__(self, status: int, code: str, *, reached: bool = False) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.reached = reached


class Striking:
    """Strikes calls.

    Args:
        parts: faults, ledger and pool.
        ids: source of request ids.
    """

    def __init__(self, parts: Parts, ids: Callable[[], str]) -> None:
        self._parts = parts
        self._ids = ids
        self._simulating = Simulating(parts)

    async def strike(self, flow: Flow, outgoing: Outgoing, reading: Reading) -> None:
        """Let a call pass, perhaps with something to change in its answer, or not.

        Args:
            flow: the call's; told what struck it.
            outgoing: what would go upstream.
            reading: of its answer.

        Raises:
            StruckError: the client has got its answer, or has lost its connection.
            UpstreamFaultError: the upstream broke before anything was cut.
        """
        faults, call = self._parts.faults, flow.call
        if faults is None or call is None or not is_tests_own(call) or OWN in flow.request.fields.get("user-agent", ""):
            return
        if hit := faults.rules.strike(call, flow.protocol):
            await self._carry_out(flow, *hit, outgoing)
        if flow.route is not None:
            return
        instead = await self._simulating.before(flow)
        if isinstance(instead, Failure):
            self._answer(flow, instead)
        if instead is not None:
            self._not_done(call)
            flow.exchange.respond(Response(200, (("content-type", "application/x-amz-json-1.0"),), instead))
            raise StruckError(200, "")
        reading.edit = self._simulating.edit(flow)

    async def _carry_out(self, flow: Flow, rule: Rule, strike: Strike, outgoing: Outgoing) -> None:
        flow.fault = strike.fault + (f" {strike.cut}" if strike.cut else "")
        await _hold(rule, strike.seconds)
        if strike.failure is not None:
            self._answer(flow, strike.failure)
        if strike.cut == "after":
            await self._carried_out(outgoing)
            flow.exchange.abort()
            # The ledger is told nothing: for the client, and so for the run, nobody knows what became of it.
            raise StruckError(0, _CUT, reached=True)
        if strike.cut:
            assert flow.call is not None
            self._not_done(flow.call)
            flow.exchange.abort()
            raise StruckError(0, _CUT)

    async def _carried_out(self, outgoing: Outgoing) -> None:
        """Send, and wait for the end of the answer, which nobody gets."""
        response, connection = await accepted(outgoing, self._parts)
        try:
            async for _ in response.chunks():
                continue
        finally:
            connection.discard()

    def _answer(self, flow: Flow, failure: Failure) -> NoReturn:
        """Answer as the service would.

        Raises:
            StruckError: always.
        """
        call = flow.call
        assert call is not None
        self._not_done(call)
        query = failure.query_code
        code = query if query and flow.protocol == "query" else failure.code
        message = f"{failure.message} (a fault of sandgate: {flow.fault})"
        if flow.by_token:
            flow.exchange.respond(registry_error(flow.request, failure.status, f"{code}: {message}"))
            raise StruckError(failure.status, code)
        said = render(
            protocol=flow.protocol,
            service=flow.service,
            code=code,
            message=message,
            status=failure.status,
            request_id=self._ids(),
            method=flow.request.method,
            info=self._parts.models.services.get(flow.service),
        )
        old = {_COMPATIBLE: query} if query else {}
        headers = [(name, value.replace(code, old.get(name, code))) for name, value in said.headers]
        headers += [("retry-after", str(failure.retry_after))] if failure.retry_after else []
        flow.exchange.respond(replace(said, headers=tuple(headers)))
        raise StruckError(failure.status, query or code)

    def _not_done(self, call: Call) -> None:
        """It never goes out, so it has made nothing."""
        ledger = self._parts.ledger
        if ledger is not None and ledger.concerns(call):
            ledger.after(call, _NOT_DONE, "", (b"", ()), ())


_COMPATIBLE = "x-amzn-query-error"
_NOT_DONE = 400
"""For the ledger any status by which nothing was carried out is the same."""


async def _hold(rule: Rule, seconds: float) -> None:
    """Wait, but not longer than the test lasts."""
    if seconds:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(rule.ended.wait(), seconds)
