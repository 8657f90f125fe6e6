"""AWS IAM."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.contract.makers._model import Maker, World

__all__ = ["MAKERS", "trusting"]

_DENY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]})


def trusting(service: str) -> str:
    """A trust policy for one service, `lambda.amazonaws.com`."""
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
        }
    )


def _user(world: World, name: str) -> None:
    world.client("iam").create_user(UserName=name)


def _role(world: World, name: str) -> None:
    world.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trusting("ec2.amazonaws.com"))


def _group(world: World, name: str) -> None:
    world.client("iam").create_group(GroupName=name)


def _policy(world: World, name: str) -> None:
    world.client("iam").create_policy(PolicyName=name, PolicyDocument=_DENY)


def _profile(world: World, name: str) -> None:
    world.client("iam").create_instance_profile(InstanceProfileName=name)


def _oidc_provider(world: World, name: str) -> None:
    world.client("iam").create_open_id_connect_provider(Url=f"https://{name}", ThumbprintList=["0" * 40])


def _saml_provider(world: World, name: str) -> None:
    world.client("iam").create_saml_provider(Name=name, SAMLMetadataDocument=f"<x>{'y' * 1000}</x>")


def _device(world: World, name: str) -> None:
    world.client("iam").create_virtual_mfa_device(VirtualMFADeviceName=name)


def _arn(world: World, kind: str, name: str) -> str:
    return f"arn:aws:iam::{world.account}:{kind}/{name}"


def _policy_beside(world: World, name: str) -> str:
    """A managed policy to attach, that stays until the end."""
    iam = world.client("iam")
    arn = str(iam.create_policy(PolicyName=f"{name}-beside", PolicyDocument=_DENY)["Policy"]["Arn"])
    world.cleanup.append(lambda: iam.delete_policy(PolicyArn=arn))
    return arn


def _around(world: World, name: str) -> Any:
    """A user, a role and a group of one name, that stay until the end."""
    iam = world.client("iam")
    beside = f"{name}-beside"
    _user(world, beside)
    _role(world, beside)
    _group(world, beside)
    world.cleanup += [
        lambda: iam.delete_user(UserName=beside),
        lambda: iam.delete_role(RoleName=beside),
        lambda: iam.delete_group(GroupName=beside),
    ]
    return iam


def _into_user(world: World, name: str) -> None:
    iam, policy = world.client("iam"), _policy_beside(world, name)
    group = f"{name}-beside"
    iam.create_group(GroupName=group)
    world.cleanup.append(lambda: iam.delete_group(GroupName=group))
    iam.create_access_key(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="inline", PolicyDocument=_DENY)
    iam.attach_user_policy(UserName=name, PolicyArn=policy)
    iam.add_user_to_group(UserName=name, GroupName=group)
    iam.create_login_profile(UserName=name, Password="long enough, 1 of Them")


def _into_role(world: World, name: str) -> None:
    iam, policy = world.client("iam"), _policy_beside(world, name)
    iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=_DENY)
    iam.attach_role_policy(RoleName=name, PolicyArn=policy)
    iam.create_instance_profile(InstanceProfileName=name)
    world.cleanup.append(lambda: iam.delete_instance_profile(InstanceProfileName=name))
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)


def _into_group(world: World, name: str) -> None:
    policy = _policy_beside(world, name)
    iam = world.client("iam")
    iam.create_user(UserName=name)
    world.cleanup.append(lambda: iam.delete_user(UserName=name))
    iam.add_user_to_group(GroupName=name, UserName=name)
    iam.put_group_policy(GroupName=name, PolicyName="inline", PolicyDocument=_DENY)
    iam.attach_group_policy(GroupName=name, PolicyArn=policy)


def _onto_policy(world: World, name: str) -> None:
    iam, arn = _around(world, name), _arn(world, "policy", name)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=_DENY, SetAsDefault=True)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=_DENY)
    iam.attach_user_policy(UserName=f"{name}-beside", PolicyArn=arn)
    iam.attach_role_policy(RoleName=f"{name}-beside", PolicyArn=arn)
    iam.attach_group_policy(GroupName=f"{name}-beside", PolicyArn=arn)


def _into_profile(world: World, name: str) -> None:
    iam = world.client("iam")
    _role(world, name)
    world.cleanup.append(lambda: iam.delete_role(RoleName=name))
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)


def _onto_user(world: World, name: str) -> None:
    iam = world.client("iam")
    iam.create_user(UserName=name)
    world.cleanup.append(lambda: iam.delete_user(UserName=name))
    iam.enable_mfa_device(
        UserName=name, SerialNumber=_arn(world, "mfa", name), AuthenticationCode1="123456", AuthenticationCode2="654321"
    )


def _user_around(world: World, name: str) -> Mapping[str, Any]:
    _user(world, name)
    world.cleanup.append(lambda: world.client("iam").delete_user(UserName=name))
    return {"UserName": name}


def _access_key(world: World, name: str) -> None:
    world.client("iam").create_access_key(UserName=name)


def _role_around(world: World, name: str) -> Mapping[str, Any]:
    _role(world, name)
    world.cleanup.append(lambda: world.client("iam").delete_role(RoleName=name))
    return {"RoleName": name}


def _group_around(world: World, name: str) -> Mapping[str, Any]:
    _group(world, name)
    world.cleanup.append(lambda: world.client("iam").delete_group(GroupName=name))
    return {"GroupName": name}


def _role_policy(world: World, name: str) -> None:
    world.client("iam").put_role_policy(RoleName=name, PolicyName="one", PolicyDocument=_DENY)


def _user_policy(world: World, name: str) -> None:
    world.client("iam").put_user_policy(UserName=name, PolicyName="one", PolicyDocument=_DENY)


def _group_policy(world: World, name: str) -> None:
    world.client("iam").put_group_policy(GroupName=name, PolicyName="one", PolicyDocument=_DENY)


MAKERS = {
    "iam-group-policy": Maker(make=_group_policy, container=_group_around),
    "iam-role-policy": Maker(make=_role_policy, container=_role_around),
    "iam-user-policy": Maker(make=_user_policy, container=_user_around),
    "iam-access-key": Maker(make=_access_key, container=_user_around),
    "iam-group": Maker(make=_group, fill=_into_group),
    "iam-instance-profile": Maker(make=_profile, fill=_into_profile),
    "iam-oidc-provider": Maker(make=_oidc_provider, allow=("iam:*OpenIDConnectProvider",)),
    "iam-policy": Maker(make=_policy, fill=_onto_policy),
    "iam-role": Maker(make=_role, fill=_into_role),
    "iam-saml-provider": Maker(make=_saml_provider, allow=("iam:*SAMLProvider",)),
    "iam-user": Maker(make=_user, fill=_into_user, allow=("iam:*LoginProfile",)),
    "iam-virtual-mfa-device": Maker(make=_device, fill=_onto_user, allow=("iam:*MFADevice",)),
}
