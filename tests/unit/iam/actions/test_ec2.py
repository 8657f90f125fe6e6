"""EC2: Describe, security groups, tags by id, launches, copies and roles."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandgate.iam.actions import Unresolvable
from sandgate.iam.request import AccessRequest

Needs = Callable[..., list[str]]
Asked = Callable[..., tuple[AccessRequest, ...]]

C = "arn:aws:ec2:::"
SG = "sg-1234567890abcdef0"
ROLE = "arn:aws:iam::000000000000:role/admin"
RULES = ["Authorize", "Revoke"]


@pytest.mark.parametrize("what", ["Instances", "SecurityGroups", "Vpcs", "Subnets", "Images", "SecurityGroupRules"])
def test_describe_has_no_resource(needs: Needs, what: str) -> None:
    assert needs(f"ec2.Describe{what}") == [f"ec2:Describe{what} *"]


@pytest.mark.parametrize("verb", RULES)
@pytest.mark.parametrize("way", ["Ingress", "Egress"])
def test_rules_are_on_their_group(needs: Needs, verb: str, way: str) -> None:
    call = f"ec2.{verb}SecurityGroup{way}"
    assert needs(call, GroupId=SG, IpPermissions=[]) == [f"{call.replace('.', ':')} {C}security-group/{SG}"]
    other = f"arn:aws:ec2:us-east-1:000000000000:security-group/{SG}"
    assert needs(call, GroupId=other) == [f"{call.replace('.', ':')} {other}"]
    for wrong in ("", "*", "sg-*", "a/b", "a:b", f"{SG}\n", 7):
        with pytest.raises(Unresolvable):
            needs(call, GroupId=wrong)
    with pytest.raises(Unresolvable):
        needs(call, IpPermissions=[])


def test_a_group_is_also_known_by_name(needs: Needs) -> None:
    assert needs("ec2.DeleteSecurityGroup", GroupName="test g") == [f"ec2:DeleteSecurityGroup {C}security-group/test g"]
    with pytest.raises(Unresolvable):
        needs("ec2.DeleteSecurityGroup", GroupName="test_*")


def test_a_new_group_is_asked_in_its_vpc_with_tags(asked: Asked) -> None:
    tags = [{"ResourceType": "security-group", "Tags": [{"Key": "Team", "Value": "a"}]}]
    found = asked("ec2.CreateSecurityGroup", GroupName="test_g", VpcId="vpc-1", TagSpecifications=tags)
    assert [(request.action, request.resource.partition("111122223333:")[2]) for request in found] == [
        ("ec2:CreateSecurityGroup", "security-group/*"),
        ("ec2:CreateSecurityGroup", "vpc/vpc-1"),
        ("ec2:CreateTags", "security-group/*"),
    ]
    assert {request.context["aws:requesttag/team"] for request in found if "/*" in request.resource} == {("a",)}
    assert found[2].context["ec2:createaction"] == ("CreateSecurityGroup",)


def test_each_rule_that_is_changed_is_asked_for(needs: Needs) -> None:
    rules = [{"SecurityGroupRuleId": "sgr-1", "SecurityGroupRule": {"PrefixListId": "pl-1"}}]
    assert needs("ec2.ModifySecurityGroupRules", GroupId=SG, SecurityGroupRules=rules) == [
        f"ec2:ModifySecurityGroupRules {C}security-group/{SG}",
        f"ec2:ModifySecurityGroupRules {C}security-group-rule/sgr-1",
        f"ec2:ModifySecurityGroupRules {C}prefix-list/pl-1",
    ]


@pytest.mark.parametrize("operation", ["CreateTags", "DeleteTags"])
def test_the_id_says_what_is_tagged(needs: Needs, operation: str) -> None:
    ids = ["i-1234567890abcdef0", SG, "ami-12345678", "snap-1234567890abcdef0", "vpce-svc-1234567890abcdef0"]
    assert sorted(needs(f"ec2.{operation}", Resources=ids, Tags=[])) == sorted(
        [
            f"ec2:{operation} {C}instance/i-1234567890abcdef0",
            f"ec2:{operation} {C}security-group/{SG}",
            f"ec2:{operation} arn:aws:ec2:eu-west-1::image/ami-12345678",
            f"ec2:{operation} arn:aws:ec2:eu-west-1::snapshot/snap-1234567890abcdef0",
            f"ec2:{operation} {C}vpc-endpoint-service/vpce-svc-1234567890abcdef0",
        ]
    )
    for wrong in ("", "*", "i-*", "prod", "zz-1234567890abcdef0", "i-1234567890abcdef0\n", 7):
        with pytest.raises(Unresolvable):
            needs(f"ec2.{operation}", Resources=["i-1234567890abcdef0", wrong], Tags=[])


@pytest.mark.parametrize("operation", ["StartInstances", "StopInstances", "TerminateInstances", "RebootInstances"])
def test_each_instance_is_asked_for(needs: Needs, operation: str) -> None:
    assert needs(f"ec2.{operation}", InstanceIds=["i-1", "i-2"]) == [
        f"ec2:{operation} {C}instance/i-1",
        f"ec2:{operation} {C}instance/i-2",
    ]
    for wrong in ([], ["i-1", "i-*"], [""]):
        with pytest.raises(Unresolvable):
            needs(f"ec2.{operation}", InstanceIds=wrong)


def test_a_launch_is_asked_on_all_that_it_names(needs: Needs) -> None:
    found = needs(
        "ec2.RunInstances",
        ImageId="ami-1",
        KeyName="test key",
        NetworkInterfaces=[{"SubnetId": "subnet-1", "Groups": [SG]}],
        BlockDeviceMappings=[{"Ebs": {"SnapshotId": "snap-1"}}],
        LaunchTemplate={"LaunchTemplateName": "test_t"},
    )
    assert set(found) == {
        f"ec2:RunInstances {C}instance/*",
        f"ec2:RunInstances {C}network-interface/*",
        f"ec2:RunInstances {C}volume/*",
        "ec2:RunInstances arn:aws:ec2:eu-west-1::image/ami-1",
        f"ec2:RunInstances {C}key-pair/test key",
        f"ec2:RunInstances {C}subnet/subnet-1",
        f"ec2:RunInstances {C}security-group/{SG}",
        "ec2:RunInstances arn:aws:ec2:eu-west-1::snapshot/snap-1",
        f"ec2:RunInstances {C}launch-template/test_t",
    }


@pytest.mark.parametrize("operation", ["RunInstances", "AssociateIamInstanceProfile"])
@pytest.mark.parametrize("profile", [{"Name": "p"}, {"Arn": "arn:aws:iam::000000000000:instance-profile/p"}])
def test_an_instance_profile_is_refused(needs: Needs, operation: str, profile: dict[str, str]) -> None:
    with pytest.raises(Unresolvable, match="instance profile"):
        needs(f"ec2.{operation}", InstanceId="i-1", IamInstanceProfile=profile)


def test_a_copy_is_asked_where_its_source_is(needs: Needs) -> None:
    assert needs("ec2.CopySnapshot", SourceSnapshotId="snap-1", SourceRegion="us-east-1") == [
        "ec2:CopySnapshot arn:aws:ec2:eu-west-1::snapshot/*",
        "ec2:CopySnapshot arn:aws:ec2:us-east-1::snapshot/snap-1",
    ]


def test_a_peer_is_asked_in_its_account(needs: Needs) -> None:
    found = needs("ec2.CreateVpcPeeringConnection", VpcId="vpc-1", PeerVpcId="vpc-2", PeerOwnerId="000000000000")
    assert found[1:] == [
        f"ec2:CreateVpcPeeringConnection {C}vpc/vpc-1",
        "ec2:CreateVpcPeeringConnection arn:aws:ec2:eu-west-1:000000000000:vpc/vpc-2",
    ]


def test_flow_logs_pass_their_roles(asked: Asked) -> None:
    found = asked("ec2.CreateFlowLogs", ResourceIds=["vpc-12345678"], DeliverLogsPermissionArn=ROLE)
    assert [(request.action, request.resource.rpartition(":")[2]) for request in found] == [
        ("ec2:CreateFlowLogs", "vpc-flow-log/*"),
        ("ec2:CreateFlowLogs", "vpc/vpc-12345678"),
        ("iam:PassRole", "role/admin"),
    ]
    assert found[2].context["iam:passedtoservice"] == ("vpc-flow-logs.amazonaws.com",)


def test_a_gateway_is_what_its_id_says(needs: Needs) -> None:
    for gateway, kind in (("igw-1", "internet-gateway"), ("vgw-1", "vpn-gateway")):
        assert set(needs("ec2.AssociateRouteTable", RouteTableId="rtb-1", GatewayId=gateway)) == {
            f"ec2:AssociateRouteTable {C}route-table/rtb-1",
            f"ec2:AssociateRouteTable {C}{kind}/{gateway}",
        }


def test_the_key_of_a_volume_is_seen(needs: Needs) -> None:
    key = "arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    assert f"kms:CreateGrant {key}" in needs("ec2.CreateVolume", AvailabilityZone="a", KmsKeyId=key)


def test_an_address_is_its_allocation_or_stands_for_it(needs: Needs) -> None:
    assert needs("ec2.DisassociateAddress", AssociationId="eipassoc-1") == [
        f"ec2:DisassociateAddress {C}elastic-ip/eipassoc-1"
    ]
    assert needs("ec2.DisassociateAddress", PublicIp="192.0.2.1") == [
        f"ec2:DisassociateAddress {C}elastic-ip/192.0.2.1"
    ]
    assert needs("ec2.AssociateAddress", PublicIp="192.0.2.1", InstanceId="i-1")[0] == (
        f"ec2:AssociateAddress {C}elastic-ip/192.0.2.1"
    )
