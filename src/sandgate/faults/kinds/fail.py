"""`faults.fail`: the service fails, or answers with a named error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from sandgate.faults._model import Failure, Fault, Strike
from sandgate.faults.errors import failure_of

__all__ = ["FAULT"]

_STATUSES = range(400, 600)
_DEFAULTS: Mapping[int, str] = {500: "internal", 503: "unavailable"}
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,127}")


def _strike(service: str, operation: str, protocol: str, said: Mapping[str, object]) -> Strike:
    code, status = str(said.get("code") or ""), said.get("status") or 0
    if not isinstance(status, int) or (status and status not in _STATUSES):
        raise ValueError(f"status must be an HTTP status from 400 to 599, not {status!r}")
    if code and not _CODE.fullmatch(code):
        raise ValueError(f"code must be the name of an error, not {code!r}")
    status = status or (400 if code else 500)
    if not code and status not in _DEFAULTS:
        raise ValueError(f"status {status} needs a code, such as code='ValidationException'")
    message = str(said.get("message") or "")
    if code:
        failure = Failure(code=code, status=status, message=message or "a fault that the test has set")
    else:
        failure = failure_of(_DEFAULTS[status], service, operation, protocol)
        failure = replace(failure, message=message or failure.message)
    return Strike(fault="fail", failure=failure)


FAULT = Fault(
    name="fail",
    summary="answers with 500 or 503 as the service names them, or with a named error",
    strike=_strike,
)
