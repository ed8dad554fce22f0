"""``AWS::EC2::VPC``, ``Subnet`` and the gateways of a VPC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.network.ec2 import calls
from lambda_nb.engine.stacks.types.resource_type import ResourceType, changed

_SWITCHES = {"EnableDnsSupport": True, "EnableDnsHostnames": False}
"""What can be switched of a VPC, and how it is unless a template says it."""


class Vpc(calls.Thing):
    """A VPC."""

    name = "AWS::EC2::VPC"
    creates = "CreateVpc"
    deletes = "DeleteVpc"
    kind = "vpc"
    shown = "Vpc"
    key = "VpcId"
    gone = "InvalidVpcID.NotFound"
    idle = frozenset({"Ipv4IpamPoolId", "Ipv4NetmaskLength", "VpcEncryptionControl"})

    def settle(self, context: Context, thing: str, old: Properties, new: Properties) -> None:
        """Switch DNS on or off, and change the tenancy."""
        ec2 = calls.client(context)
        for name, default in _SWITCHES.items():
            if changed({name: default, **old}, {name: default, **new}, name):
                wanted = {name: {"Value": new.get(name, default)}}
                shaped = calls.parameters("ModifyVpcAttribute", wanted)
                ec2.modify_vpc_attribute(VpcId=thing, **shaped)
        if old and changed(old, new, "InstanceTenancy"):
            ec2.modify_vpc_tenancy(VpcId=thing, InstanceTenancy="default")

    def read_attributes(
        self, context: Context, thing: str, shown: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The attributes: also what AWS makes with a VPC."""
        ec2, within = calls.client(context), [{"Name": "vpc-id", "Values": [thing]}]
        named = [*within, {"Name": "group-name", "Values": ["default"]}]
        group = ec2.describe_security_groups(Filters=named)["SecurityGroups"][0]["GroupId"]
        first = [*within, {"Name": "default", "Values": ["true"]}]
        lists = ec2.describe_network_acls(Filters=first)["NetworkAcls"]
        (vpc,) = ec2.describe_vpcs(VpcIds=[thing])["Vpcs"]
        return {
            "VpcId": thing,
            "CidrBlock": vpc["CidrBlock"],
            "CidrBlockAssociations": [
                one["AssociationId"] for one in vpc.get("CidrBlockAssociationSet", ())
            ],
            "Ipv6CidrBlocks": [
                one["Ipv6CidrBlock"] for one in vpc.get("Ipv6CidrBlockAssociationSet", ())
            ],
            "DefaultSecurityGroup": group,
            "DefaultNetworkAcl": lists[0]["NetworkAclId"] if lists else "",
        }

    def replacing(self, old: Properties, new: Properties) -> set[str]:
        """Only from ``dedicated`` to ``default`` can the tenancy change in place."""
        before, after = (one.get("InstanceTenancy", "default") for one in (old, new))
        kept = before == after or (before, after) == ("dedicated", "default")
        return super().replacing(old, new) | (set() if kept else {"InstanceTenancy"})


class Subnet(calls.Thing):
    """A subnet."""

    name = "AWS::EC2::Subnet"
    creates = "CreateSubnet"
    deletes = "DeleteSubnet"
    kind = "subnet"
    shown = "Subnet"
    key = "SubnetId"
    gone = "InvalidSubnetID.NotFound"
    idle = frozenset(
        {
            "EnableDns64",
            "EnableLniAtDeviceIndex",
            "Ipv4IpamPoolId",
            "Ipv4NetmaskLength",
            "Ipv6IpamPoolId",
            "Ipv6Native",
            "Ipv6NetmaskLength",
            "OutpostArn",
            "PrivateDnsNameOptionsOnLaunch",
        }
    )

    def settle(self, context: Context, thing: str, old: Properties, new: Properties) -> None:
        """Say which addresses what is launched there gets."""
        ec2 = calls.client(context)
        for name in ("MapPublicIpOnLaunch", "AssignIpv6AddressOnCreation"):
            if changed({name: False, **old}, {name: False, **new}, name):
                wanted = {name: {"Value": new.get(name, False)}}
                shaped = calls.parameters("ModifySubnetAttribute", wanted)
                ec2.modify_subnet_attribute(SubnetId=thing, **shaped)

    def read_attributes(
        self, context: Context, thing: str, shown: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The attributes, also of the network ACL that a new subnet has."""
        within = [{"Name": "association.subnet-id", "Values": [thing]}]
        found = calls.client(context).describe_network_acls(Filters=within)["NetworkAcls"]
        association = next(
            (
                one["NetworkAclAssociationId"]
                for acl in found
                for one in acl["Associations"]
                if one.get("SubnetId") == thing
            ),
            "",
        )
        return {
            "SubnetId": thing,
            "VpcId": shown["VpcId"],
            "CidrBlock": shown.get("CidrBlock", ""),
            "AvailabilityZone": shown["AvailabilityZone"],
            "AvailabilityZoneId": shown.get("AvailabilityZoneId", ""),
            "NetworkAclAssociationId": association,
            "Ipv6CidrBlocks": [
                one["Ipv6CidrBlock"] for one in shown.get("Ipv6CidrBlockAssociationSet", ())
            ],
            "BlockPublicAccessStates": [],
        }


class InternetGateway(calls.Thing):
    """A gateway to the internet."""

    name = "AWS::EC2::InternetGateway"
    creates = "CreateInternetGateway"
    deletes = "DeleteInternetGateway"
    kind = "internet-gateway"
    shown = "InternetGateway"
    key = "InternetGatewayId"
    attributes: ClassVar[Mapping[str, str]] = {"InternetGatewayId": "InternetGatewayId"}
    gone = "InvalidInternetGatewayID.NotFound"


class VpcGatewayAttachment(ResourceType):
    """A gateway that a VPC has: ``Ref`` is ``IGW|VPC`` or ``VGW|VPC``."""

    name = "AWS::EC2::VPCGatewayAttachment"

    def create(self, context: Context, properties: Properties) -> Made:
        """Attach it."""
        if bool(properties.get("InternetGatewayId")) == bool(properties.get("VpnGatewayId")):
            raise Refused("Give one of InternetGatewayId and VpnGatewayId.", "InvalidRequest")
        kind = "Internet" if properties.get("InternetGatewayId") else "Vpn"
        calls.call(context, f"Attach{kind}Gateway", _attachment(properties))
        short = "IGW" if kind == "Internet" else "VGW"
        return Made(f"{short}|{properties['VpcId']}", {"AttachmentType": short})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Attach another gateway in its place."""
        if changed(old, new, "InternetGatewayId", "VpnGatewayId"):
            self.delete(context, made, old)
            return self.create(context, new)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Detach it."""
        kind = "Internet" if properties.get("InternetGatewayId") else "Vpn"
        codes = (
            "Gateway.NotAttached",
            "InvalidInternetGatewayID.NotFound",
            "InvalidVpnGatewayID.NotFound",
            "InvalidVpcID.NotFound",
        )
        with absence_is_fine(*codes):
            calls.call(context, f"Detach{kind}Gateway", _attachment(properties))


def _attachment(properties: Properties) -> dict[str, str]:
    names = ("InternetGatewayId", "VpnGatewayId", "VpcId")
    return {name: str(properties[name]) for name in names if properties.get(name)}


TYPES = (Vpc(), Subnet(), InternetGateway(), VpcGatewayAttachment())
