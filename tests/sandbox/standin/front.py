"""The front: TLS under any host name of AWS, strict about signatures, and behind it the emulator."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import trustme
from tests.sandbox.standin.errors import error
from tests.sandbox.standin.faults import FAULTS, Fault, Seen
from tests.sandbox.standin.forms import form_key, is_form, verify_form
from tests.sandbox.standin.hosts import Place, place
from tests.sandbox.standin.keys import Keys, shorten
from tests.sandbox.standin.listener import Listener
from tests.sandbox.standin.messages import Answer, Refused, Request
from tests.sandbox.standin.operations import Asked, operation, protocol
from tests.sandbox.standin.portal import Portal
from tests.sandbox.standin.registry import Registry
from tests.sandbox.standin.signatures import claim, verify
from tests.sandbox.standin.wire import Upstream

__all__ = ["Front"]

_FOR_FUNCTIONS = ("/_ministack/cfn-response/", "/_ministack/lambda-layers/", "/_ministack/lambda-code/")
_EMULATORS_OWN = ("/_ministack", "/_localstack", "/_aws")


class Front:
    """Listens on a free port of this machine, in a thread of its own.

    Args:
        emulator: socket of the emulator.
        authority: who signs certificates.
        rewrite: what is done to each answer on its way back.
    """

    def __init__(
        self, emulator: Callable[[], str], authority: trustme.CA, rewrite: Callable[[Request, Answer], Answer]
    ) -> None:
        self.keys = Keys()
        self.portal = Portal()
        self.registry = Registry()
        self.seen: list[Seen] = []
        self.clock = timedelta()
        """How far the clock of AWS is ahead of this machine's."""
        self.lifetime: timedelta | None = None
        """How long sessions last that begin now, whatever was asked for."""
        self._rewrite = rewrite
        self._faults: list[Fault] = []
        self._listener = Listener(emulator, authority, self._answer, self._answer_inside)
        self.port, self.proxy_port = self._listener.port, self._listener.proxy_port
        self.inner_port = self._listener.inner_port
        """Where functions that run in AWS find it."""
        self.strangers = self._listener.troubles
        """Names of hosts that somebody asked for and AWS does not have, and what broke in the front itself."""

    def fault(self, kind: str, *, skip: int = 0, times: int = 1, service: str = "", operation: str = "",
              host: str = "", key: str = "", **settings: Any) -> Fault:  # fmt: skip
        """Make calls go wrong.

        Args:
            kind: one of `FAULTS`.
            skip: calls that fit and are left alone first.
            times: how many calls it happens to; 0 is every one from then on.
            service: pattern of botocore's name of the service.
            operation: pattern of its name.
            host: pattern of the host name.
            key: access key id.
            settings: of the kind; see its function.
        """
        assert kind in FAULTS, f"there are {sorted(FAULTS)}"
        made = Fault(kind=kind, service=service, operation=operation, host=host, key=key, skip=skip, times=times,
                     settings=settings)  # fmt: skip
        self._faults.append(made)
        return made

    def heal(self) -> None:
        """Nothing goes wrong any more."""
        self._faults.clear()
        self.clock = timedelta()
        self.lifetime = None

    def calls(self, service: str = "", operation: str = "") -> list[Seen]:
        """Those that arrived, of a service and an operation if named."""
        return [
            each for each in tuple(self.seen) if service in ("", each.service) and operation in ("", each.operation)
        ]

    def close(self) -> None:
        """Stop listening, and end every connection."""
        self._listener.close()

    # -- one request ------------------------------------------------------------------------------------------------

    async def _answer(self, request: Request, upstream: Upstream) -> Answer:
        if self.registry.serves(request.host):
            return await self.registry.answer(request, upstream, datetime.now(UTC) + self.clock)
        where = place(request.host)
        assert where is not None
        asked = operation(request, where)
        service = asked.service or (where.services[0] if where.services else "")
        seen = Seen(
            host=request.host, service=service, operation=asked.operation, region=where.region, access_key_id="",
            time=time.time(), method=request.method, path=request.target, protocol=protocol(request, service),
        )  # fmt: skip
        self.seen.append(seen)
        try:
            self._let_in(request, where, asked, seen)
        except Refused as refused:
            seen.refused = str(refused)
            answer = error(refused.kind, seen.protocol)
        else:
            answer = await self._pass(request, seen, upstream)
        seen.status = answer.status
        media = next((value for name, value in answer.headers if name == "content-type"), "")
        answer = replace(answer, in_chunks=where.is_s3 and "xml" in media and bool(answer.body))
        return _dated(answer, datetime.now(UTC) + self.clock)

    def _let_in(self, request: Request, where: Place, asked: Asked, seen: Seen) -> None:
        """Find out who calls, and whether it is true.

        Raises:
            Refused: it is not, or nobody is named where somebody must be.
        """
        now = datetime.now(UTC) + self.clock
        if request.path.startswith(_EMULATORS_OWN):
            raise Refused("request", "AWS has no such path")
        if is_form(request, where):
            seen.access_key_id = form_key(request)
            verify_form(request, self.keys.get(seen.access_key_id), where, now)
            return
        claimed = claim(request)
        if claimed is None:
            _check_open(request, where, asked)
            return
        seen.access_key_id = claimed.access_key_id
        key = self.keys.get(claimed.access_key_id)
        verify(request, claimed, key, where, now, lax=asked.unsigned_body)
        if key is not None:
            key.used, key.used_for = now, (claimed.region, claimed.service)

    async def _answer_inside(self, request: Request, upstream: Upstream) -> Answer:
        """What functions ask that run in AWS, and what they say to stacks; the emulator knows their sessions."""
        if request.path.startswith(_FOR_FUNCTIONS):
            return await upstream.exchange(request)
        scope = re.search(r"Credential=(ASIA\w+)/\d+/([^/]*)/([^/]*)/", request.header("authorization"))
        seen = Seen(
            host=request.host, service=scope[3] if scope else "", operation="", region=scope[2] if scope else "",
            access_key_id=scope[1] if scope else "", time=time.time(), method=request.method, path=request.target,
            protocol="",
        )  # fmt: skip
        self.seen.append(seen)
        said = await upstream.exchange(request) if scope else error("missing", "query")
        seen.status = said.status
        return said

    async def _pass(self, request: Request, seen: Seen, upstream: Upstream) -> Answer:
        async def forward() -> Answer:
            if (seen.service, seen.operation) == ("sso", "GetRoleCredentials"):
                return self.portal.answer(request)
            answer = self._rewrite(request, await upstream.exchange(request))
            if self.lifetime is not None:
                answer = shorten(answer, self.lifetime)
            self.keys.learn(request, answer)
            if seen.service == "ecr":
                key = self.keys.get(seen.access_key_id)
                answer = self.registry.give(seen.operation, answer, key, datetime.now(UTC) + self.clock)
            return answer

        taking = next((each for each in self._faults if each.takes(seen)), None)
        if taking is None:
            return await forward()
        seen.fault = taking.kind
        return await taking.happen(seen, forward)


def _dated(answer: Answer, now: datetime) -> Answer:
    """With the time by AWS's clock, as every answer of AWS has it, errors too."""
    headers = [(name, value) for name, value in answer.headers if name.lower() != "date"]
    return replace(answer, headers=(*headers, ("date", format_datetime(now, usegmt=True))))


def _check_open(request: Request, where: Place, asked: Asked) -> None:
    """Let only those in without a name whom AWS would let in.

    Raises:
        Refused: who asks must be said.
    """
    keys_of_a_pool = "/.well-known/" in request.path and request.host.startswith("cognito-idp.")
    if where.services and not asked.open and not keys_of_a_pool:
        raise Refused("missing", "nothing says who asks")
