"""AWS Lambda."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

from tests.contract.makers._model import Maker, World

__all__ = ["MAKERS", "function"]

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def _code() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("one.py", "def handler(event, context):\n    return event\n")
    return packed.getvalue()


def function(world: World, name: str) -> None:
    """A function of its own role."""
    iam = world.client("iam")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_TRUST))["Role"]["Arn"]
    world.cleanup.append(lambda: iam.delete_role(RoleName=name))
    world.client("lambda").create_function(
        FunctionName=name, Runtime="python3.12", Handler="one.handler", Role=role, Code={"ZipFile": _code()}
    )


def _container(world: World, name: str) -> Mapping[str, Any]:
    function(world, name)
    world.cleanup.append(lambda: world.client("lambda").delete_function(FunctionName=name))
    return {"FunctionName": name}


def _alias(world: World, name: str) -> None:
    lambda_ = world.client("lambda")
    lambda_.publish_version(FunctionName=name)
    lambda_.create_alias(FunctionName=name, Name="one", FunctionVersion="1")


def _layer(world: World, name: str) -> None:
    world.client("lambda").publish_layer_version(LayerName=name, Content={"ZipFile": _code()})


def _mapping(world: World, name: str) -> None:
    _container(world, name)
    sqs = world.client("sqs")
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    world.cleanup.append(lambda: sqs.delete_queue(QueueUrl=queue))
    source = f"arn:aws:sqs:{world.region}:{world.account}:{name}"
    world.client("lambda").create_event_source_mapping(FunctionName=name, EventSourceArn=source)


MAKERS = {
    "lambda-function": Maker(make=function, fill=_alias),
    "lambda-alias": Maker(make=_alias, container=_container),
    "lambda-layer-version": Maker(make=_layer),
    "lambda-event-source-mapping": Maker(make=_mapping),
}
