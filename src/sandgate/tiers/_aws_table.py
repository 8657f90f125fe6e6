"""The table of the shared ledger on AWS: one connection that stays open, and calls that are tried again."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import threading
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from sandgate.core.table import TableError
from sandgate.tiers._aws_endpoints import NoPlaceError
from sandgate.tiers._aws_sts import AwsCalls
from sandgate.tiers._model import Aim, Denial
from sandgate.wire.signing.credential import Credential
from sandgate.wire.signing.sign import sign

__all__ = ["AwsTable"]

_TARGET = "DynamoDB_20120810"
_SECONDS = 10.0
_TRIES = 4
_PAUSE = 0.1
_OK = 200
_PASSING = frozenset({
    "InternalServerError", "ProvisionedThroughputExceededException", "RequestLimitExceeded", "ServiceUnavailable",
    "ServiceUnavailableException", "ThrottlingException", "TransactionConflictException",
    "TransactionInProgressException", "Unreachable",
})  # fmt: skip
"""Worth another try: what a call asks for is conditional, so that twice is as once."""
_MEANWHILE = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
"""Reasons for which a transaction is cancelled that pass by themselves (DynamoDB API Reference, TransactWriteItems)."""


class AwsTable:
    """One table.

    Args:
        name: of the table.
        calls: whose endpoints, clock and authorities are used.
        credential: to sign with, asked each time.
        account: that it is in.
        mend: told of a signature that AWS has not taken, whether another one may be; blocks.
        pause: waits so many seconds.
    """

    def __init__(
        self,
        name: str,
        calls: AwsCalls,
        credential: Callable[[], Credential],
        account: str,
        *,
        mend: Callable[[Denial], bool] = lambda _denial: False,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self.where = f"account {account}, region {calls.region}"
        self._calls = calls
        self._credential = credential
        self._mend = mend
        self._pause = pause
        self._connection: http.client.HTTPSConnection | None = None
        self._ahead: float | None = None
        self._one = threading.Lock()

    def now(self) -> float:
        """The time by AWS's clock, as its last answer told it."""
        if self._ahead is None:
            return self._calls.clock.now().timestamp()
        return time.time() + self._ahead

    def call(self, operation: str, parameters: Mapping[str, Any], /) -> Mapping[str, Any]:
        """One call, tried again where that may help.

        Raises:
            TableError: it failed.
        """
        body = json.dumps(parameters).encode()
        with self._one:
            for attempt in range(_TRIES):
                credential = self._credential()
                try:
                    return self._send(operation, body, credential)
                except _DatedError as failed:
                    error = failed.error
                    corrected = self._calls.clock.correct(error.code, failed.date)
                    if attempt == _TRIES - 1:
                        raise error from None
                    denial = Denial(code=error.code, message=error.message, date=failed.date, credential=credential)
                    if not (corrected or _passes(error) or self._mend(denial)):
                        raise error from None
                self._pause(_PAUSE * 4**attempt)
        raise AssertionError

    def _send(self, operation: str, body: bytes, credential: Credential) -> Mapping[str, Any]:
        calls = self._calls
        try:
            place = calls.endpoints.place(Aim(service="dynamodb", signing_name="dynamodb", region=calls.region))
        except NoPlaceError as error:
            raise _DatedError(TableError("NoPlace", str(error)), "") from None
        fields = [
            ("host", place.host),
            ("content-type", "application/x-amz-json-1.0"),
            ("accept-encoding", "identity"),
            ("x-amz-target", f"{_TARGET}.{operation}"),
        ]
        headers = sign(
            "POST", "/", "", fields, credential, region=place.region, service=place.signing_name,
            payload=hashlib.sha256(body).hexdigest(), now=calls.clock.now(),
        )  # fmt: skip
        status, date, data = self._exchange(place.host, dict(headers), body)
        try:
            answer = json.loads(data)
        except ValueError:
            answer = {}
        if status == _OK and isinstance(answer, dict):
            return answer
        raise _DatedError(_error(status, answer), date)

    def _exchange(self, host: str, headers: dict[str, str], body: bytes) -> tuple[int, str, bytes]:
        """Send and read; a connection that was closed meanwhile is opened again by the next try."""
        if self._connection is None:
            self._connection = http.client.HTTPSConnection(host, timeout=_SECONDS, context=self._calls.trust)
        try:
            self._connection.request("POST", "/", body=body, headers=headers)
            answer = self._connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            self._connection = None
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise _DatedError(TableError("Unreachable", f"{host}: {reason}"), "") from error
        date = answer.headers.get("date", "")
        with contextlib.suppress(ValueError):
            self._ahead = parsedate_to_datetime(date).timestamp() - time.time()
        return answer.status, date, data


class _DatedError(Exception):
    """An error, and AWS's clock at that."""

    def __init__(self, error: TableError, date: str) -> None:
        super().__init__(str(error))
        self.error = error
        self.date = date


def _passes(error: TableError) -> bool:
    return error.code in _PASSING or bool(_MEANWHILE.intersection(error.reasons))


def _error(status: int, answer: Any) -> TableError:
    said = answer if isinstance(answer, dict) else {}
    code = str(said.get("__type", "")).rpartition("#")[2] or ("ServiceUnavailable" if status >= 500 else str(status))  # noqa: PLR2004
    message = str(said.get("message", said.get("Message", "")))
    reasons = tuple(str(reason.get("Code", "")) for reason in said.get("CancellationReasons", ()))
    return TableError(code, message, reasons)
