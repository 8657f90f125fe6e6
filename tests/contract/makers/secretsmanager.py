"""AWS Secrets Manager."""

from __future__ import annotations

from tests.contract.makers._model import Maker, World

__all__ = ["MAKERS"]


def _secret(world: World, name: str) -> None:
    world.client("secretsmanager").create_secret(Name=name, SecretString="none")


def _version(world: World, name: str) -> None:
    world.client("secretsmanager").put_secret_value(SecretId=name, SecretString="another")


MAKERS = {"secretsmanager-secret": Maker(make=_secret, fill=_version)}
