"""Amazon CloudWatch Logs."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from tests.contract.makers._model import Maker, World

__all__ = ["MAKERS"]


def _group(world: World, name: str) -> None:
    world.client("logs").create_log_group(logGroupName=name)


def _events(world: World, name: str) -> None:
    logs = world.client("logs")
    logs.create_log_stream(logGroupName=name, logStreamName="one")
    logs.put_log_events(
        logGroupName=name,
        logStreamName="one",
        logEvents=[{"timestamp": int(time.time() * 1000), "message": "one"}],
    )


def _group_around(world: World, name: str) -> Mapping[str, Any]:
    _group(world, name)
    world.cleanup.append(lambda: world.client("logs").delete_log_group(logGroupName=name))
    return {"logGroupName": name}


def _stream(world: World, name: str) -> None:
    world.client("logs").create_log_stream(logGroupName=name, logStreamName=name)


def _destination(world: World, name: str) -> None:
    world.client("logs").put_destination(
        destinationName=name,
        targetArn=f"arn:aws:kinesis:{world.region}:{world.account}:stream/{name}",
        roleArn=f"arn:aws:iam::{world.account}:role/{name}",
    )


def _resource_policy(world: World, name: str) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "logs:PutLogEvents",
        "Resource": f"arn:aws:logs:{world.region}:{world.account}:log-group:{name}:*",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    world.client("logs").put_resource_policy(policyName=name, policyDocument=document)


def _delivery_source(world: World, name: str) -> None:
    world.client("logs").put_delivery_source(
        name=name,
        resourceArn=f"arn:aws:events:{world.region}:{world.account}:event-bus/{name}",
        logType="INFO_LOGS",
    )


def _delivery_destination(world: World, name: str) -> None:
    group = f"arn:aws:logs:{world.region}:{world.account}:log-group:{name}"
    world.client("logs").put_delivery_destination(
        name=name, deliveryDestinationConfiguration={"destinationResourceArn": group}
    )


def _delivery(world: World, name: str) -> None:
    logs = world.client("logs")
    _delivery_source(world, name)
    world.cleanup.append(lambda: logs.delete_delivery_source(name=name))
    _delivery_destination(world, name)
    world.cleanup.append(lambda: logs.delete_delivery_destination(name=name))
    destination = f"arn:aws:logs:{world.region}:{world.account}:delivery-destination:{name}"
    logs.create_delivery(deliverySourceName=name, deliveryDestinationArn=destination)


MAKERS = {
    "logs-log-group": Maker(make=_group, fill=_events),
    "logs-log-stream": Maker(make=_stream, container=_group_around),
    "logs-destination": Maker(make=_destination),
    "logs-resource-policy": Maker(make=_resource_policy, allow=("logs:PutResourcePolicy", "logs:DeleteResourcePolicy")),
    "logs-delivery-source": Maker(make=_delivery_source),
    "logs-delivery-destination": Maker(make=_delivery_destination),
    "logs-delivery": Maker(make=_delivery, allow=("logs:CreateDelivery", "logs:DeleteDelivery")),
}
