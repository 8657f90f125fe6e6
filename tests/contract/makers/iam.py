"""AWS IAM."""

from __future__ import annotations

from tests.contract.makers._model import Maker, World

__all__ = ["MAKERS"]


def _user(world: World, name: str) -> None:
    world.client("iam").create_user(UserName=name)


def _inside_user(world: World, name: str) -> None:
    iam = world.client("iam")
    iam.create_access_key(UserName=name)
    iam.put_user_policy(
        UserName=name,
        PolicyName="inline",
        PolicyDocument='{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}',
    )


MAKERS = {"iam-user": Maker(make=_user, fill=_inside_user)}
