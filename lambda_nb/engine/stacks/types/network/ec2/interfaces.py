"""``AWS::EC2::NetworkInterface``, and network ACLs with their entries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.network.ec2 import calls
from lambda_nb.engine.stacks.types.resource_type import ResourceType, changed
from lambda_nb.engine.stacks.types.values import is_true


class NetworkInterface(calls.Thing):
    """A network interface."""

    name = "AWS::EC2::NetworkInterface"
    creates = "CreateNetworkInterface"
    deletes = "DeleteNetworkInterface"
    kind = "network-interface"
    shown = "NetworkInterface"
    key = "NetworkInterfaceId"
    gone = "InvalidNetworkInterfaceID.NotFound"
    idle = frozenset(
        {
            "ConnectionTrackingSpecification",
            "EnablePrimaryIpv6",
            "Ipv4PrefixCount",
            "Ipv4Prefixes",
            "Ipv6AddressCount",
            "Ipv6Addresses",
            "Ipv6PrefixCount",
            "Ipv6Prefixes",
            "PrivateIpAddresses",
            "PublicIpDnsHostnameTypeSpecification",
            "SecondaryPrivateIpAddressCount",
        }
    )

    def creation(self, context: Context, properties: Properties) -> dict[str, Any]:
        """The parameters."""
        told = {**properties, "Groups": properties.get("GroupSet", [])}
        made = calls.parameters("CreateNetworkInterface", told)
        return {name: value for name, value in made.items() if value != []}

    def settle(self, context: Context, thing: str, old: Properties, new: Properties) -> None:
        """Change its groups, description and check of addresses."""
        ec2 = calls.client(context)
        if old and changed(old, new, "GroupSet"):
            ec2.modify_network_interface_attribute(
                NetworkInterfaceId=thing, Groups=new.get("GroupSet", [])
            )
        if old and changed(old, new, "Description"):
            ec2.modify_network_interface_attribute(
                NetworkInterfaceId=thing, Description={"Value": new.get("Description", "")}
            )
        if changed({"SourceDestCheck": True, **old}, new, "SourceDestCheck"):
            wanted = is_true(new.get("SourceDestCheck"), True)
            ec2.modify_network_interface_attribute(
                NetworkInterfaceId=thing, SourceDestCheck={"Value": wanted}
            )

    def read_attributes(
        self, context: Context, thing: str, shown: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The attributes."""
        addresses = shown.get("PrivateIpAddresses", ())
        return {
            "Id": thing,
            "VpcId": shown.get("VpcId", ""),
            "PrimaryPrivateIpAddress": shown.get("PrivateIpAddress", ""),
            "PrimaryIpv6Address": "",
            "PublicIpDnsNameOptions": {},
            "SecondaryPrivateIpAddresses": [
                one["PrivateIpAddress"] for one in addresses if not one.get("Primary")
            ],
        }


class NetworkAcl(calls.Thing):
    """A network ACL."""

    name = "AWS::EC2::NetworkAcl"
    creates = "CreateNetworkAcl"
    deletes = "DeleteNetworkAcl"
    kind = "network-acl"
    shown = "NetworkAcl"
    key = "NetworkAclId"
    attributes: ClassVar[Mapping[str, str]] = {"Id": "NetworkAclId"}
    gone = "InvalidNetworkAclID.NotFound"


class NetworkAclEntry(ResourceType):
    """A rule of a network ACL: ``Ref`` is an ID of its own."""

    name = "AWS::EC2::NetworkAclEntry"

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one."""
        calls.client(context).create_network_acl_entry(**_entry("Create", properties))
        made = context.name(40)
        return Made(made, {"Id": made})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Put another in its place."""
        calls.client(context).replace_network_acl_entry(**_entry("Replace", new))
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one."""
        told, ec2 = _entry("Delete", properties), calls.client(context)
        with absence_is_fine("InvalidNetworkAclID.NotFound"):
            (acl,) = ec2.describe_network_acls(NetworkAclIds=[told["NetworkAclId"]])["NetworkAcls"]
            # moto fails when it deletes one twice.
            if any(
                (one["RuleNumber"], one["Egress"]) == (told["RuleNumber"], told["Egress"])
                for one in acl["Entries"]
            ):
                ec2.delete_network_acl_entry(**told)


class SubnetNetworkAclAssociation(ResourceType):
    """The network ACL of a subnet: ``Ref`` is the association's ID."""

    name = "AWS::EC2::SubnetNetworkAclAssociation"

    def create(self, context: Context, properties: Properties) -> Made:
        """Let the subnet have the network ACL in place of the one it has."""
        ec2, subnet = calls.client(context), str(properties["SubnetId"])
        within = [{"Name": "association.subnet-id", "Values": [subnet]}]
        now = next(
            one["NetworkAclAssociationId"]
            for acl in ec2.describe_network_acls(Filters=within)["NetworkAcls"]
            for one in acl["Associations"]
            if one.get("SubnetId") == subnet
        )
        answer = ec2.replace_network_acl_association(
            AssociationId=now, NetworkAclId=properties["NetworkAclId"]
        )
        made = answer["NewAssociationId"]
        return Made(made, {"AssociationId": made})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Nothing of it can change in place."""
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Let the subnet have the VPC's own network ACL again."""
        ec2 = calls.client(context)
        with absence_is_fine("InvalidAssociationID.NotFound", "InvalidNetworkAclID.NotFound"):
            named = [str(properties["NetworkAclId"])]
            (acl,) = ec2.describe_network_acls(NetworkAclIds=named)["NetworkAcls"]
            within = [{"Name": "vpc-id", "Values": [acl["VpcId"]]}]
            first = [*within, {"Name": "default", "Values": ["true"]}]
            (own,) = ec2.describe_network_acls(Filters=first)["NetworkAcls"]
            # moto fails when an association is not there any more.
            if any(
                one["NetworkAclAssociationId"] == made.physical_id for one in acl["Associations"]
            ):
                ec2.replace_network_acl_association(
                    AssociationId=made.physical_id, NetworkAclId=own["NetworkAclId"]
                )


def _entry(verb: str, properties: Properties) -> dict[str, Any]:
    told = {"Egress": False, **properties, "IcmpTypeCode": properties.get("Icmp")}
    return calls.parameters(f"{verb}NetworkAclEntry", told)


TYPES = (NetworkInterface(), NetworkAcl(), NetworkAclEntry(), SubnetNetworkAclAssociation())
