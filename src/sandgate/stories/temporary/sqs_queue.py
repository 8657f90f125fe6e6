"""A queue; the variable holds its URL."""

from __future__ import annotations

from sandgate.stories.temporary._model import Clients, Temporary

__all__ = ["TEMPORARY"]


def _make(clients: Clients, name: str, _region: str) -> str:
    return str(clients("sqs").create_queue(QueueName=name)["QueueUrl"])


def _remove(clients: Clients, url: str) -> None:
    clients("sqs").delete_queue(QueueUrl=url)


TEMPORARY = Temporary(name="sqs-queue", make=_make, remove=_remove)
