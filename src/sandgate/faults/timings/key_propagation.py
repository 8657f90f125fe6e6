"""A new access key is not known to every service for some seconds.

AWS IAM User Guide, "Troubleshoot IAM", "Changes that I make are not always immediately visible". What services say to a
key that they do not know: AWS IAM API Reference, "Common errors" (InvalidClientTokenId, 403); Amazon S3 API Reference,
"Error responses" (InvalidAccessKeyId, 403). JSON services say UnrecognizedClientException.
"""

from __future__ import annotations

import re

from sandgate.core.call import Call
from sandgate.faults._model import Asked, Asks, Clock, Failure, Timing
from sandgate.faults.fresh import Fresh

__all__ = ["TIMING"]

_KEY_ID = re.compile(rb"<AccessKeyId>([A-Z0-9]{16,128})</AccessKeyId>")
_CODES = {"s3": "InvalidAccessKeyId"}
_JSON = frozenset({"json", "rest-json", "rpc-v2-cbor", "smithy-rpc-v2-cbor"})


class _AccessKeys:
    """The access keys that tests have made, by the ids that the tests know.

    Args:
        seconds: how long nobody knows them.
        clock: the time.
    """

    def __init__(self, seconds: float, clock: Clock) -> None:
        self._new = Fresh(seconds, clock)

    async def before(self, asked: Asked) -> Failure | bytes | None:
        if asked.key_id not in self._new:
            return None
        usual = "UnrecognizedClientException" if asked.protocol in _JSON else "InvalidClientTokenId"
        code = _CODES.get(asked.call.service, usual)
        status = 400 if code == "UnrecognizedClientException" else 403
        return Failure(code=code, status=status, message="The security token included in the request is invalid.")

    def reads(self, call: Call) -> bool:
        return (call.service, call.operation) == ("iam", "CreateAccessKey")

    def after(self, _asked: Asked, body: bytes) -> bytes:
        if found := _KEY_ID.search(body):
            self._new.add(found[1].decode("ascii"))
        return body


def _start(seconds: float, clock: Clock, _asks: Asks) -> _AccessKeys:
    return _AccessKeys(seconds, clock)


TIMING = Timing(
    name="key-propagation",
    summary="a new access key of an IAM user is not known to any service",
    source='AWS IAM User Guide: "Changes that I make are not always immediately visible"',
    seconds=10.0,
    services=frozenset(),
    start=_start,
)
