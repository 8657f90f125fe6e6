"""AWS's clock, as far as it differs from this machine's: signatures hold the time, and are refused minutes off."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

__all__ = ["AwsClock"]

_log = logging.getLogger("sandgate.tiers.sandbox")
_TOLERATED = timedelta(minutes=4)
"""AWS takes five minutes, S3 fifteen ("Signature Version 4 troubleshooting", IAM User Guide)."""
_CODES = frozenset({
    "AuthFailure", "InvalidSignatureException", "RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
})  # fmt: skip
"""By which services say that a signature's time is wrong; most of them say other things with it too."""


def _here() -> datetime:
    return datetime.now(UTC)


class AwsClock:
    """The time for signatures.

    Args:
        here: this machine's clock.
    """

    def __init__(self, here: Callable[[], datetime] = _here) -> None:
        self._here = here
        self.offset = timedelta(0)

    def now(self) -> datetime:
        """The time by AWS's clock, as far as it is known."""
        return self._here() + self.offset

    def correct(self, code: str, date: str) -> bool:
        """Follow AWS's clock where a signature was refused and the clocks are minutes apart.

        Args:
            code: of the error.
            date: the Date header of that answer (RFC 9110, 6.6.1).

        Returns:
            Whether the clock has been corrected, so that a new signature holds another time.
        """
        if code not in _CODES:
            return False
        try:
            theirs = parsedate_to_datetime(date)
        except ValueError:
            return False
        if theirs.tzinfo is None or abs(theirs - self.now()) < _TOLERATED:
            return False
        self.offset = theirs - self._here()
        _log.warning(
            "this machine's clock is %.0f s off AWS's; signatures follow AWS's from now on: set the clock",
            -self.offset.total_seconds(),
        )
        return True
