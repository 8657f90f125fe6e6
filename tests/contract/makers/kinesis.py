"""Amazon Kinesis Data Streams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.contract.makers._model import Maker, World

__all__ = ["MAKERS"]


def _stream(world: World, name: str) -> None:
    world.client("kinesis").create_stream(StreamName=name, ShardCount=1)


def _container(world: World, name: str) -> Mapping[str, Any]:
    _stream(world, name)
    world.cleanup.append(lambda: world.client("kinesis").delete_stream(StreamName=name, EnforceConsumerDeletion=True))
    return {"StreamName": name}


def _consumer(world: World, name: str) -> None:
    kinesis = world.client("kinesis")
    arn = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="one")


MAKERS = {
    "kinesis-stream": Maker(make=_stream, fill=_consumer),
    "kinesis-stream-consumer": Maker(make=_consumer, container=_container),
}
