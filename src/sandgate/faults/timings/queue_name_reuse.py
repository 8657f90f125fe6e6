"""The name of a queue is not free for sixty seconds after the queue was deleted.

Amazon SQS API Reference: DeleteQueue, and CreateQueue with its error QueueDeletedRecently.
"""

from __future__ import annotations

from sandgate.core.call import Call
from sandgate.faults._model import Asked, Asks, Clock, Failure, Timing
from sandgate.faults.fresh import Fresh

__all__ = ["TIMING"]

_TOO_SOON = Failure(
    code="QueueDeletedRecently",
    query_code="AWS.SimpleQueueService.QueueDeletedRecently",
    status=400,
    message="You must wait 60 seconds after deleting a queue before you can create another with the same name.",
)


class _Queues:
    """The queues that tests have deleted.

    Args:
        seconds: how long their names stay taken.
        clock: the time.
    """

    def __init__(self, seconds: float, clock: Clock) -> None:
        self._deleted = Fresh(seconds, clock)

    async def before(self, asked: Asked) -> Failure | bytes | None:
        call = asked.call
        made = call.operation == "CreateQueue"
        return _TOO_SOON if made and (call.region, call.parameters.get("QueueName")) in self._deleted else None

    def reads(self, call: Call) -> bool:
        return call.operation == "DeleteQueue"

    def after(self, asked: Asked, body: bytes) -> bytes:
        call = asked.call
        self._deleted.add((call.region, str(call.parameters.get("QueueUrl")).rpartition("/")[2]))
        return body


def _start(seconds: float, clock: Clock, _asks: Asks) -> _Queues:
    return _Queues(seconds, clock)


TIMING = Timing(
    name="queue-name-reuse",
    summary="a queue's name is not free again until a minute after SQS has deleted it",
    source="Amazon SQS API Reference: DeleteQueue, CreateQueue",
    seconds=60.0,
    services=frozenset({"sqs"}),
    start=_start,
)
