"""The tests' and the deployer's credentials on AWS: fetched, judged, taken into their roles, and renewed in time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sandgate.config.identity import IdentityNames
from sandgate.errors import ConfigError, EnvironmentFault, SandgateError
from sandgate.tiers._aws_credentials import Source
from sandgate.tiers._aws_sts import AwsCalls, AwsDenied
from sandgate.tiers._aws_tripwire import Caller, Expected, judge
from sandgate.tiers._model import Denial
from sandgate.wire.signing.credential import Credential

__all__ = ["Sessions", "Standing", "settle"]

_log = logging.getLogger("sandgate.tiers.sandbox")
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
_UNKNOWN = frozenset({
    "AuthFailure", "InvalidAccessKeyId", "InvalidClientTokenId", "InvalidToken", "UnrecognizedClientException",
})  # fmt: skip
"""A key or token that AWS does not know (any more)."""
_AHEAD = timedelta(minutes=10)
"""How long before their end credentials are renewed."""
_PAUSE = 30.0
"""Seconds between attempts."""
_SLEEP = 20.0
"""Seconds between looks at the clock, which a suspended machine does not miss."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Credentials that the tripwire has let pass."""

    credentials: Mapping[str, Credential] = field(repr=False)
    """Of `identity` and `deployer`, and `ledger` where a shared one is configured."""
    base: Caller
    caller: Caller
    """As whom tests call."""
    rule: str
    """By which the base may."""


def settle(
    source: Source,
    calls: AwsCalls,
    expected: Expected,
    names_of: Callable[[str], IdentityNames],
    session: str,
    *,
    ledger: bool = False,
) -> Standing:
    """Fetch credentials, ask AWS whose they are, hold that against the configuration, and take the roles.

    Args:
        source: of the credentials.
        calls: to AWS.
        expected: by the tripwire.
        names_of: the identity that is for one service, or for all where that is empty.
        session: name of the role sessions, which AWS's logs show.
        ledger: whether a shared ledger is used, too.

    Raises:
        SandgateError: any of that failed; nothing else was called.
    """
    base = source.read()
    who = _whose(base, source, calls)
    rule = judge(who, expected)
    if rule == "identities":
        shared = {"ledger": base} if ledger else {}
        return Standing(credentials={"identity": base, "deployer": base, **shared}, base=who, caller=who, rule=rule)
    own = {"test role": expected.role, "user": expected.user}.get(rule, who.name)
    names = names_of(who.name.removeprefix(own).lstrip("-"))
    identity, caller = base, who
    if rule != "test role":
        identity = _take(calls, base, who, names, session)
        caller = _whose(identity, source, calls)
        if judge(caller, expected) != "test role":
            raise ConfigError(f"{who.arn} took the test role and became {caller.arn}", where="AssumeRole")
    found = {"identity": identity, "deployer": _take_next("deployer", calls, identity, caller, names, session)}
    if ledger:
        found["ledger"] = _take_next("ledger", calls, identity, caller, names, session)
    return Standing(credentials=found, base=who, caller=caller, rule=rule)


def _whose(credential: Credential, source: Source, calls: AwsCalls) -> Caller:
    try:
        return calls.caller(credential)
    except AwsDenied as denied:
        raise _refused(denied, source) from None


def _refused(denied: AwsDenied, source: Source) -> EnvironmentFault:
    said = f"{denied.code}: {denied.message}" if denied.message else denied.code
    if denied.code in _EXPIRED:
        return EnvironmentFault(f"the credentials have expired ({said})", where=source.described, hint=source.remedy)
    if denied.code in _UNKNOWN:
        return EnvironmentFault(
            f"AWS does not know these credentials ({said})",
            where=source.described,
            hint=f"{source.remedy}; a region that the account has not opted into answers so too",
        )
    return EnvironmentFault(f"AWS does not say whose credentials these are ({said})", where=source.described)


def _take(calls: AwsCalls, base: Credential, who: Caller, names: IdentityNames, session: str) -> Credential:
    role = names.role_arn(who.account, who.partition)
    try:
        return calls.assume(base, role, session, names.external_id)
    except AwsDenied as denied:
        outside = f" and external id {names.external_id!r}" if names.external_id else ""
        raise EnvironmentFault(
            f"the test role cannot be assumed ({denied.code}: {denied.message})",
            where=f"{role}, by {who.arn}",
            hint=f"the role must exist, its trust policy must name this caller{outside}, and the caller must be "
            "allowed sts:AssumeRole on it: `sandgate up` makes all three",
        ) from None


def _take_next(
    what: str, calls: AwsCalls, identity: Credential, who: Caller, names: IdentityNames, session: str
) -> Credential:
    """The deployer role, or that of the shared ledger, which only the test role may take."""
    arn = {"deployer": names.deployer_role_arn, "ledger": names.ledger_role_arn}[what]
    role = arn(who.account, who.partition)
    try:
        return calls.assume(identity, role, session)
    except AwsDenied as denied:
        raise EnvironmentFault(
            f"the {what} role cannot be assumed ({denied.code}: {denied.message})",
            where=f"{role}, by {who.arn}",
            hint="the role must exist and trust the test role, which must be allowed sts:AssumeRole on it: "
            "`sandgate up` sees to both",
        ) from None


class Sessions:
    """The credentials of a run that lives.

    Args:
        standing: what they are now.
        renew: fetches them anew and judges them; blocks.
        calls: whose clock is asked, and corrected.
        clock: seconds, for pauses.
    """

    def __init__(
        self,
        standing: Standing,
        renew: Callable[[], Standing],
        calls: AwsCalls,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.standing = standing
        self.failure = ""
        """Why they could not be renewed; empty once they have been."""
        self._renew = renew
        self._calls = calls
        self._clock = clock
        self._lock = asyncio.Lock()
        self._tried = -_PAUSE
        self._denied = False
        """Whether AWS has refused the credentials that could not be renewed."""
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def begin(self) -> None:
        """Renew in the background from now on, so that no call waits for it."""
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._keep())

    async def end(self) -> None:
        """Stop that."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    @property
    def left(self) -> timedelta | None:
        """How long the credentials are good; `None` where they have no end."""
        ends = [one.expires for one in self.standing.credentials.values() if one.expires is not None]
        return min(ends) - self._calls.clock.now() if ends else None

    def death(self) -> str:
        """Why no call can succeed any more; empty while they can."""
        left = self.left
        over = self._denied or (left is not None and left <= timedelta(0))
        dead = over and self.failure
        return f"AWS takes these credentials no more, and there are no new ones: {self.failure}" if dead else ""

    async def mend(self, denial: Denial) -> bool:
        """See to it that a new signature may be taken where one was not.

        Returns:
            Whether clock or credentials are others now than the denied call was signed with.
        """
        if self._calls.clock.correct(denial.code, denial.date):
            return True
        if denial.credential is None or denial.code not in _EXPIRED | _UNKNOWN:
            return False
        async with self._lock:
            if denial.credential not in self.standing.credentials.values():
                return True  # while this call was under way
            renewed = await self._once()
            self._denied = not renewed and bool(self.failure)
            return renewed

    def mend_from_thread(self, denial: Denial) -> bool:
        """As `mend`, for who is in a thread of its own while the loop runs."""
        if self._loop is None or self._loop.is_closed():
            return False
        return asyncio.run_coroutine_threadsafe(self.mend(denial), self._loop).result()

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(_SLEEP)
            left = self.left
            if left is not None and left < _AHEAD:
                async with self._lock:
                    await self._once()

    async def _once(self) -> bool:
        """Renew, but not again and again; a failure is kept, since the credentials may still be good for a while."""
        if self._clock() - self._tried < _PAUSE:
            return False
        self._tried = self._clock()
        try:
            self.standing = await asyncio.to_thread(self._renew)
        except SandgateError as error:
            self.failure = error.message
            _log.warning("the credentials could not be renewed: %s", error.message)
            return False
        self.failure = ""
        return True
