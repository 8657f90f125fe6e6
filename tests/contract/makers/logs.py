"""Amazon CloudWatch Logs."""

from __future__ import annotations

import time

from tests.contract.makers._model import Maker, World

__all__ = ["MAKERS"]


def _group(world: World, name: str) -> None:
    world.client("logs").create_log_group(logGroupName=name)


def _stream(world: World, name: str) -> None:
    logs = world.client("logs")
    logs.create_log_stream(logGroupName=name, logStreamName="one")
    logs.put_log_events(
        logGroupName=name,
        logStreamName="one",
        logEvents=[{"timestamp": int(time.time() * 1000), "message": "one"}],
    )


MAKERS = {"logs-log-group": Maker(make=_group, fill=_stream)}
