"""Whether a key works: only a call with the key itself says so, and IAM tells its servers of a new one one by one.

Source: IAM User Guide, "Troubleshoot IAM": changes that I make are not always immediately visible.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sandgate.config.credentials import shown_key
from sandgate.errors import EnvironmentFault
from sandgate.identity._aws import aws_errors, code_of, silent_logs

__all__ = ["Prover", "Waiting"]

_FIRST_WAIT, _LONGEST_WAIT, _SLOWING = 0.2, 5.0, 1.6
_SECONDS = 90.0
_IN_A_ROW = 3
"""Answers without a refusal between them: one may come from the only server that knows the key."""
_UNHEARD = frozenset({"InvalidClientTokenId", "UnrecognizedClientException"})
_REFUSED = frozenset({"AccessDenied", "AccessDeniedException"})
_DEAD = _UNHEARD | {"SignatureDoesNotMatch", "ExpiredToken", "ExpiredTokenException", "IncompleteSignature"}

Waiting = Callable[[str], None]
"""Told what is waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prover:
    """Proves keys of one identity.

    Args:
        sts_as: gives an STS client with a key, id and secret.
        role: ARN of the test role.
        external_id: that the role asks for; empty for none.
        say: told what is waited for.
        seconds: to wait at most, for each of the two proofs.
    """

    sts_as: Callable[[str, str], Any] = field(repr=False)
    role: str
    external_id: str = ""
    say: Waiting = field(default=lambda _text: None, repr=False)
    seconds: float = _SECONDS
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    def whose(self, key: str, secret: str, *, wait: bool = False) -> str:
        """The ARN of whose key it is; empty where AWS does not take it.

        Args:
            key: id.
            secret: of the key.
            wait: for a key that IAM lists as active: it may be so new that not every server knows it.

        Raises:
            EnvironmentFault: AWS could not be asked.
        """
        from botocore.exceptions import ClientError  # noqa: PLC0415

        sts = self.sts_as(key, secret)
        pauses = _pauses(self.seconds if wait else 0.0)
        with silent_logs(), aws_errors(f"nobody knows whose key {shown_key(key)} is", who="the key"):
            while True:
                try:
                    return str(sts.get_caller_identity()["Arn"])
                except ClientError as error:
                    if code_of(error) not in _DEAD:
                        raise
                    pause = next(pauses, None) if code_of(error) in _UNHEARD else None
                    if pause is None:
                        return ""
                    self.say(f"IAM does not know the key {shown_key(key)} yet")
                    self.sleep(pause)

    def prove(self, key: str, secret: str, *, user: str, assume: bool = True) -> None:
        """Wait until a key works, and until its user may take the test role.

        Args:
            key: id.
            secret: of the key.
            user: ARN of the user that it must be of.
            assume: whether the role lets the user in at all.

        Raises:
            EnvironmentFault: it does not, after the time, or it is somebody else's.
        """
        sts = self.sts_as(key, secret)
        arn = self._until(sts.get_caller_identity, _UNHEARD, f"IAM does not know the key {shown_key(key)} yet")["Arn"]
        if arn != user:
            raise EnvironmentFault(f"the key {shown_key(key)} is that of {arn}, not of {user}")
        if assume:
            said = {"ExternalId": self.external_id} if self.external_id else {}

            def take() -> Any:
                return sts.assume_role(RoleArn=self.role, RoleSessionName="sandgate-up", **said)

            self._until(take, _UNHEARD | _REFUSED, f"{user} may not assume {self.role} yet", in_a_row=1)

    def _until(self, ask: Callable[[], Any], not_yet: frozenset[str], why: str, *, in_a_row: int = _IN_A_ROW) -> Any:
        from botocore.exceptions import ClientError  # noqa: PLC0415

        pauses, answered = _pauses(self.seconds), 0
        with silent_logs(), aws_errors("the new key cannot be tried", who="the new key"):
            while True:
                try:
                    said = ask()
                    answered += 1
                    if answered == in_a_row:
                        return said
                    continue
                except ClientError as error:
                    if code_of(error) not in not_yet:
                        raise
                    answered, reason = 0, code_of(error)
                pause = next(pauses, None)
                if pause is None:
                    break
                self.say(f"{why} ({reason})")
                self.sleep(pause)
        raise EnvironmentFault(
            f"{why}, after {self.seconds:.0f} s: {reason}", hint="run the command again: it goes on where it stopped"
        )


def _pauses(seconds: float) -> Iterator[float]:
    """Seconds to wait between tries, until the time is over; never none at all where there is any time."""
    spent, pause = 0.0, _FIRST_WAIT
    while spent < seconds:
        yield pause
        spent += pause
        pause = min(pause * _SLOWING, _LONGEST_WAIT)
