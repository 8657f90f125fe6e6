"""Amazon EC2, as far as the guard has it."""

from __future__ import annotations

from typing import Any

from tests.contract.makers._model import Maker, World

__all__ = ["MAKERS"]


def _new(world: World, name: str) -> str:
    return str(world.client("ec2").create_security_group(GroupName=name, Description="of a test")["GroupId"])


def _group(world: World, name: str) -> None:
    _new(world, name)


def _rules(world: World, name: str) -> None:
    ec2: Any = world.client("ec2")
    groups = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [name]}])["SecurityGroups"]
    itself = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "UserIdGroupPairs": [{"GroupId": groups[0]["GroupId"]}]}
    ec2.authorize_security_group_ingress(GroupId=groups[0]["GroupId"], IpPermissions=[itself])


MAKERS = {"ec2-security-group": Maker(make=_group, fill=_rules)}
