"""Amazon EventBridge."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from tests.contract.makers._model import Maker, World

__all__ = ["MAKERS"]


def _bus(world: World, name: str) -> None:
    world.client("events").create_event_bus(Name=name)


_BUSES = itertools.cycle(("default", ""))


def _rule(world: World, name: str) -> None:
    """One on the default bus, the next one on a bus of its own name."""
    _rule_on(world, name, next(_BUSES) or name)


def _rule_on(world: World, name: str, bus: str) -> None:
    if bus != "default":
        _bus(world, bus)
        world.cleanup.append(lambda: world.client("events").delete_event_bus(Name=bus))
    world.client("events").put_rule(Name=name, EventBusName=bus, EventPattern='{"source": ["test"]}')


def _target_of_default(world: World, name: str) -> None:
    queue = f"arn:aws:sqs:{world.region}:{world.account}:{name}"
    world.client("events").put_targets(Rule=name, Targets=[{"Id": each, "Arn": queue} for each in ("one", "two")])


def _target(world: World, name: str) -> None:
    queue = f"arn:aws:sqs:{world.region}:{world.account}:{name}"
    world.client("events").put_targets(Rule=name, EventBusName=name, Targets=[{"Id": "one", "Arn": queue}])


def _rule_around(world: World, name: str) -> Mapping[str, Any]:
    _rule_on(world, name, name)
    return {"EventBusName": name, "Name": name}


def _archive(world: World, name: str) -> None:
    _bus(world, name)
    world.cleanup.append(lambda: world.client("events").delete_event_bus(Name=name))
    bus = f"arn:aws:events:{world.region}:{world.account}:event-bus/{name}"
    world.client("events").create_archive(ArchiveName=name, EventSourceArn=bus)


def _connection(world: World, name: str) -> None:
    world.client("events").create_connection(
        Name=name,
        AuthorizationType="API_KEY",
        AuthParameters={"ApiKeyAuthParameters": {"ApiKeyName": "x-key", "ApiKeyValue": "x"}},
    )


def _destination(world: World, name: str) -> None:
    events = world.client("events")
    _connection(world, name)
    world.cleanup.append(lambda: events.delete_connection(Name=name))
    events.create_api_destination(
        Name=name,
        ConnectionArn=events.describe_connection(Name=name)["ConnectionArn"],
        InvocationEndpoint="https://service.example/events",
        HttpMethod="POST",
    )


def _endpoint(world: World, name: str) -> None:
    bus = f"arn:aws:events:{world.region}:{world.account}:event-bus/{name}"
    world.client("events").create_endpoint(
        Name=name,
        RoutingConfig={
            "FailoverConfig": {
                "Primary": {"HealthCheck": "arn:aws:route53:::healthcheck/0f8fad5b"},
                "Secondary": {"Route": "us-west-2"},
            }
        },
        # The other one would be in the other region, which is outside of the sandbox.
        EventBuses=[{"EventBusArn": bus}, {"EventBusArn": bus}],
        ReplicationConfig={"State": "DISABLED"},
    )


MAKERS = {
    "events-event-bus": Maker(make=_bus),
    "events-rule": Maker(make=_rule, fill=_target_of_default),
    "events-target": Maker(make=_target, container=_rule_around),
    "events-archive": Maker(make=_archive),
    "events-connection": Maker(make=_connection),
    "events-api-destination": Maker(make=_destination),
    "events-endpoint": Maker(make=_endpoint),
}
