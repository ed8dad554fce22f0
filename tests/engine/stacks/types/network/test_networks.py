"""``AWS::EC2::*`` and ``AWS::EFS::*``: a function of a stack runs in its VPC and keeps files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from engine_fixtures import Engine, error_of
from stack_types_lab import Lab, Resource

from lambda_nb.engine.stacks.model import Properties, Refused
from lambda_nb.engine.stacks.types.registry import find
from lambda_nb.engine.stacks.types.resource_type import ResourceType

KEEPER = """
import pathlib

def handler(event, context):
    path = pathlib.Path("/mnt/files/kept")
    if event:
        path.write_text(event["keep"])
    return path.read_text()
"""


def kind(name: str) -> ResourceType:
    """The class of a type, ``EC2::VPC``."""
    found = find(f"AWS::{name}")
    assert found is not None
    return found


def bare(lab: Lab, name: str, logical_id: str, properties: Properties) -> Resource:
    """Something whose schema has attributes that only few such things have: the lab wants all."""
    type_, context = kind(name), lab.context(logical_id)
    return Resource(type_, context, properties, type_.create(context, properties))


class Network:
    """A VPC of one stack, and what is made in it."""

    def __init__(self, engine: Engine, **properties: Any) -> None:
        self.lab = Lab(engine, {"team": "web"})
        self.ec2 = engine.client("ec2")
        self.made: list[Resource] = []
        told = {"CidrBlock": "10.9.0.0/16", **properties}
        self.vpc = bare(self.lab, "EC2::VPC", "Vpc", told)
        self.made.append(self.vpc)

    def make(self, name: str, logical_id: str, properties: Properties) -> Resource:
        """Make something."""
        self.made.append(self.lab.create(kind(name), properties, logical_id))
        return self.made[-1]

    def subnet(self, block: str = "10.9.1.0/24") -> Resource:
        """Make a subnet."""
        told = {"VpcId": self.vpc.ref, "CidrBlock": block, "MapPublicIpOnLaunch": "true"}
        return self.make("EC2::Subnet", "Subnet", told)

    def group(self, **properties: Any) -> Resource:
        """Make a security group."""
        told = {"GroupDescription": "mine", "VpcId": self.vpc.ref, **properties}
        return self.make("EC2::SecurityGroup", "Group", told)

    def tags(self, thing: str) -> Mapping[str, str]:
        """What tags something has."""
        only = [{"Name": "resource-id", "Values": [thing]}]
        return {one["Key"]: one["Value"] for one in self.ec2.describe_tags(Filters=only)["Tags"]}

    def delete(self) -> None:
        """Delete all, the last one first."""
        for one in reversed(self.made):
            self.lab.delete(one)


def test_a_function_in_a_vpc_mounts_the_files_of_a_stack(engine: Engine) -> None:
    network = Network(engine)
    subnet, group = network.subnet(), network.group()
    files = bare(network.lab, "EFS::FileSystem", "Files", {"Encrypted": "true"})
    network.made.append(files)
    target = network.make(
        "EFS::MountTarget",
        "Target",
        {
            "FileSystemId": files.ref,
            "SubnetId": subnet.ref,
            "SecurityGroups": [group.attribute("GroupId")],
        },
    )
    assert target.made.attributes["IpAddress"].startswith("10.9.1.")
    point = network.make(
        "EFS::AccessPoint",
        "Point",
        {
            "FileSystemId": files.ref,
            "PosixUser": {"Uid": "1000", "Gid": "1000"},
            "RootDirectory": {
                "Path": "/kept",
                "CreationInfo": {"OwnerUid": "1000", "OwnerGid": "1000", "Permissions": "755"},
            },
        },
    )
    mount = {"Arn": point.attribute("Arn"), "LocalMountPath": "/mnt/files"}
    place = {"SubnetIds": [subnet.ref], "SecurityGroupIds": [group.ref]}
    name = engine.create(KEEPER, VpcConfig=place, FileSystemConfigs=[mount])
    config = engine.client().get_function_configuration(FunctionName=name)
    assert config["VpcConfig"]["VpcId"] == network.vpc.ref
    client = engine.client()
    client.invoke(FunctionName=name, Payload=b'{"keep": "it"}')
    engine.update(name, KEEPER + "\n")
    assert client.invoke(FunctionName=name, Payload=b"{}")["Payload"].read() == b'"it"'
    client.delete_function(FunctionName=name)
    network.delete()
    gone = error_of(lambda: network.ec2.describe_vpcs(VpcIds=[network.vpc.ref]))
    assert gone[0] == "InvalidVpcID.NotFound"


def test_a_vpc_has_its_switches_and_attributes(engine: Engine) -> None:
    network = Network(engine, EnableDnsHostnames="true", Tags=[{"Key": "k", "Value": "v"}])
    vpc = network.vpc
    assert network.tags(vpc.ref)["k"] == "v"
    assert network.tags(vpc.ref)["aws:cloudformation:stack-name"] == network.lab.stack_name
    assert vpc.attribute("DefaultSecurityGroup").startswith("sg-")
    assert vpc.attribute("DefaultNetworkAcl").startswith("acl-")

    def switched() -> bool:
        name = "enableDnsHostnames"
        told = network.ec2.describe_vpc_attribute(VpcId=vpc.ref, Attribute=name)
        return bool(told["EnableDnsHostnames"]["Value"])

    assert switched()
    network.lab.update(vpc, {"CidrBlock": "10.9.0.0/16"})
    assert not switched()
    assert "k" not in network.tags(vpc.ref)
    dedicated = {"InstanceTenancy": "dedicated"}
    assert vpc.type.replacing({}, dedicated) == {"InstanceTenancy"}
    assert vpc.type.replacing(dedicated, {}) == set()
    network.delete()


def test_rules_of_groups_change(engine: Engine) -> None:
    network = Network(engine)
    web = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": "80", "CidrIp": "0.0.0.0/0"}
    out = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/8"}
    group = network.group(SecurityGroupIngress=[web], SecurityGroupEgress=[out])

    def rules() -> tuple[list[Any], list[Any]]:
        (shown,) = network.ec2.describe_security_groups(GroupIds=[group.ref])["SecurityGroups"]
        return tuple(
            sorted((rule["IpProtocol"], rule.get("FromPort", 0)) for rule in shown[member])
            for member in ("IpPermissions", "IpPermissionsEgress")
        )

    assert rules() == ([("tcp", 80)], [("tcp", 443)])
    told = {"GroupDescription": "mine", "VpcId": network.vpc.ref}
    group = network.lab.update(group, {**told, "SecurityGroupIngress": [{**web, "ToPort": 90}]})
    assert rules() == ([("tcp", 80)], [("-1", 0)])
    rule = network.make(
        "EC2::SecurityGroupIngress",
        "Rule",
        {
            "GroupId": group.ref,
            "IpProtocol": "udp",
            "FromPort": 53,
            "ToPort": 53,
            "SourceSecurityGroupId": group.ref,
        },
    )
    away = network.make(
        "EC2::SecurityGroupEgress",
        "Away",
        {
            "GroupId": group.ref,
            "IpProtocol": "tcp",
            "FromPort": 22,
            "ToPort": 22,
            "CidrIp": "10.0.0.0/8",
        },
    )
    assert rules() == ([("tcp", 80), ("udp", 53)], [("-1", 0), ("tcp", 22)])
    rule = network.lab.update(rule, {**rule.properties, "Description": "names"})
    for one in (away, rule):
        network.lab.delete(one)
    assert rules() == ([("tcp", 80)], [("-1", 0)])
    network.delete()


def test_a_private_subnet_reaches_out(engine: Engine) -> None:
    network = Network(engine)
    vpc, subnet = {"VpcId": network.vpc.ref}, network.subnet()
    gateway = network.make("EC2::InternetGateway", "Gateway", {})
    attached = {**vpc, "InternetGatewayId": gateway.ref}
    attachment = network.make("EC2::VPCGatewayAttachment", "Attachment", attached)
    assert attachment.ref == f"IGW|{network.vpc.ref}"
    address = network.make("EC2::EIP", "Address", {"Domain": "vpc"})
    nat = network.make(
        "EC2::NatGateway",
        "Nat",
        {"SubnetId": subnet.ref, "AllocationId": address.attribute("AllocationId")},
    )
    table = network.make("EC2::RouteTable", "Table", vpc)
    anywhere = {"RouteTableId": table.ref, "DestinationCidrBlock": "0.0.0.0/0"}
    route = network.make("EC2::Route", "Route", {**anywhere, "GatewayId": gateway.ref})
    assert route.ref == f"{table.ref}|0.0.0.0/0"
    network.make(
        "EC2::SubnetRouteTableAssociation",
        "Association",
        {"SubnetId": subnet.ref, "RouteTableId": table.ref},
    )
    network.lab.update(route, {**anywhere, "NatGatewayId": nat.ref})
    (shown,) = network.ec2.describe_route_tables(RouteTableIds=[table.ref])["RouteTables"]
    leads = {one["DestinationCidrBlock"]: one for one in shown["Routes"]}
    assert leads["0.0.0.0/0"]["NatGatewayId"] == nat.ref
    assert shown["Associations"][0]["SubnetId"] == subnet.ref
    told = {**vpc, "ServiceName": f"com.amazonaws.{engine.region}.s3"}
    endpoint = network.make("EC2::VPCEndpoint", "Endpoint", {**told, "RouteTableIds": [table.ref]})
    network.lab.update(endpoint, {**told, "RouteTableIds": [], "PolicyDocument": {"Statement": []}})
    (shown,) = network.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint.ref])["VpcEndpoints"]
    assert shown["RouteTableIds"] == []
    network.delete()


def test_interfaces_and_access_lists(engine: Engine) -> None:
    network = Network(engine)
    subnet, group = network.subnet(), network.group()
    told = {"SubnetId": subnet.ref, "GroupSet": [group.ref], "SourceDestCheck": False}
    interface = network.make("EC2::NetworkInterface", "Interface", told)
    assert interface.attribute("PrimaryPrivateIpAddress").startswith("10.9.1.")
    acl = network.make("EC2::NetworkAcl", "Acl", {"VpcId": network.vpc.ref})
    entry = {
        "NetworkAclId": acl.ref,
        "RuleNumber": "100",
        "Protocol": 6,
        "RuleAction": "allow",
        "CidrBlock": "0.0.0.0/0",
        "PortRange": {"From": 80, "To": 80},
    }
    rule = network.make("EC2::NetworkAclEntry", "Entry", entry)
    network.lab.update(rule, {**entry, "RuleAction": "deny"})
    network.make(
        "EC2::SubnetNetworkAclAssociation",
        "Association",
        {"SubnetId": subnet.ref, "NetworkAclId": acl.ref},
    )
    (shown,) = network.ec2.describe_network_acls(NetworkAclIds=[acl.ref])["NetworkAcls"]
    assert [one["RuleAction"] for one in shown["Entries"] if one["RuleNumber"] == 100] == ["deny"]
    assert shown["Associations"][0]["SubnetId"] == subnet.ref
    network.delete()


def test_a_file_system_keeps_its_policies(engine: Engine) -> None:
    lab, efs = Lab(engine, {"team": "web"}), engine.client("efs")
    files = kind("EFS::FileSystem")
    policy = {"Version": "2012-10-17", "Statement": []}
    made = bare(
        lab,
        "EFS::FileSystem",
        "Files",
        {
            "LifecyclePolicies": [{"TransitionToIA": "AFTER_30_DAYS"}],
            "FileSystemPolicy": policy,
            "FileSystemTags": [{"Key": "k", "Value": "v"}],
        },
    )
    told = efs.describe_lifecycle_configuration(FileSystemId=made.ref)["LifecyclePolicies"]
    assert told == [{"TransitionToIA": "AFTER_30_DAYS"}]
    assert "Statement" in efs.describe_file_system_policy(FileSystemId=made.ref)["Policy"]
    lab.update(made, {"FileSystemPolicy": policy})
    assert efs.describe_lifecycle_configuration(FileSystemId=made.ref)["LifecyclePolicies"] == []
    tags = efs.list_tags_for_resource(ResourceId=made.ref)["Tags"]
    assert "k" not in {tag["Key"] for tag in tags}
    # A file system that is replaced loses its files: what cannot be changed here is refused.
    faster = {"FileSystemPolicy": policy, "ThroughputMode": "elastic"}
    assert files.replacing({"FileSystemPolicy": policy}, faster) == set()
    with pytest.raises(Refused, match="cannot change ThroughputMode of a file system"):
        files.update(lab.context(), made.made, {"FileSystemPolicy": policy}, faster)
    with pytest.raises(Refused, match="cannot change FileSystemPolicy"):
        files.update(lab.context(), made.made, {"FileSystemPolicy": policy}, {})
    lab.delete(made)
    with pytest.raises(Refused, match="ReplicationConfiguration"):
        lab.create(files, {"ReplicationConfiguration": {"Destinations": [{"Region": "eu-west-1"}]}})
