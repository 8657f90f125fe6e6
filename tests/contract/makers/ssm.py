"""AWS Systems Manager."""

from __future__ import annotations

from tests.contract.makers._model import Maker, World

__all__ = ["MAKERS"]


def _parameter(world: World, name: str) -> None:
    world.client("ssm").put_parameter(Name=name, Value="one", Type="String")


def _version(world: World, name: str) -> None:
    world.client("ssm").put_parameter(Name=name, Value="two", Type="String", Overwrite=True)


MAKERS = {"ssm-parameter": Maker(make=_parameter, fill=_version)}
