"""Amazon SQS."""

from __future__ import annotations

from tests.contract.makers._model import Maker, World

__all__ = ["MAKERS"]


def _queue(world: World, name: str) -> None:
    world.client("sqs").create_queue(QueueName=name)


def _message(world: World, name: str) -> None:
    sqs = world.client("sqs")
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"], MessageBody="one")


MAKERS = {"sqs-queue": Maker(make=_queue, fill=_message)}
