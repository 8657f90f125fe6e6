"""Amazon Data Firehose."""

from __future__ import annotations

from tests.contract.makers._model import Maker, World

__all__ = ["MAKERS"]


def _stream(world: World, name: str) -> None:
    world.client("firehose").create_delivery_stream(DeliveryStreamName=name)


MAKERS = {"firehose-delivery-stream": Maker(make=_stream)}
