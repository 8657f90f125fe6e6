"""Amazon SNS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.contract.makers._model import Maker, World

__all__ = ["MAKERS"]


def _made(world: World, name: str) -> str:
    """A topic; its ARN."""
    arn: str = world.client("sns").create_topic(Name=name)["TopicArn"]
    return arn


def _topic(world: World, name: str) -> None:
    _made(world, name)


def _subscribed(world: World, name: str) -> None:
    arn = _made(world, name)
    endpoint = f"arn:aws:sqs:{world.region}:{world.account}:{name}"
    world.client("sns").subscribe(TopicArn=arn, Protocol="sqs", Endpoint=endpoint)


def _application(world: World, name: str) -> None:
    world.client("sns").create_platform_application(
        Name=name, Platform="GCM", Attributes={"PlatformCredential": "none"}
    )


def _container(world: World, name: str) -> Mapping[str, Any]:
    arn = _made(world, name)
    world.cleanup.append(lambda: world.client("sns").delete_topic(TopicArn=arn))
    return {"Name": name}


MAKERS = {
    "sns-topic": Maker(make=_topic, fill=_subscribed),
    "sns-subscription": Maker(make=_subscribed, container=_container),
    "sns-platform-application": Maker(make=_application, allow=("sns:*PlatformApplication*",)),
}
