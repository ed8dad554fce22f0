"""Route tables, their routes, and what routes lead to: NAT gateways, addresses, endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types import schemas
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.network.ec2 import calls
from lambda_nb.engine.stacks.types.resource_type import ResourceType, changed, refuse_unknown
from lambda_nb.engine.stacks.types.values import with_text

_ALLOCATION = "eipalloc-"
_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")


class RouteTable(calls.Thing):
    """A route table."""

    name = "AWS::EC2::RouteTable"
    creates = "CreateRouteTable"
    deletes = "DeleteRouteTable"
    kind = "route-table"
    shown = "RouteTable"
    key = "RouteTableId"
    attributes: ClassVar[Mapping[str, str]] = {"RouteTableId": "RouteTableId"}
    gone = "InvalidRouteTableID.NotFound"


class Route(ResourceType):
    """A route: ``Ref`` is ``TABLE|DESTINATION``."""

    name = "AWS::EC2::Route"

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one."""
        self._check(properties)
        calls.client(context).create_route(**calls.parameters("CreateRoute", properties))
        found = next(str(properties[name]) for name in _DESTINATIONS if properties.get(name))
        block = str(properties.get("DestinationCidrBlock", ""))
        return Made(f"{properties['RouteTableId']}|{found}", {"CidrBlock": block})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Let it lead elsewhere."""
        self._check(new)
        calls.client(context).replace_route(**calls.parameters("ReplaceRoute", new))
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one."""
        with absence_is_fine("InvalidRoute.NotFound", "InvalidRouteTableID.NotFound"):
            calls.client(context).delete_route(**calls.parameters("DeleteRoute", properties))

    def _check(self, properties: Properties) -> None:
        idle = {"CoreNetworkArn", "OdbNetworkArn", "LocalGatewayId"}
        refuse_unknown(self.name, properties, schemas.of(self.name).settable - idle)


class SubnetRouteTableAssociation(ResourceType):
    """The route table of a subnet: ``Ref`` is the association's ID. Every change replaces it."""

    name = "AWS::EC2::SubnetRouteTableAssociation"

    def create(self, context: Context, properties: Properties) -> Made:
        """Associate them."""
        answer = calls.client(context).associate_route_table(
            **calls.parameters("AssociateRouteTable", properties)
        )
        return Made(answer["AssociationId"], {"Id": answer["AssociationId"]})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Nothing of it can change in place."""
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Let the subnet have the VPC's main route table again."""
        with absence_is_fine("InvalidAssociationID.NotFound"):
            calls.client(context).disassociate_route_table(AssociationId=made.physical_id)


class NatGateway(calls.Thing):
    """A NAT gateway."""

    name = "AWS::EC2::NatGateway"
    creates = "CreateNatGateway"
    deletes = "DeleteNatGateway"
    kind = "natgateway"
    shown = "NatGateway"
    key = "NatGatewayId"
    gone = "NatGatewayNotFound"
    idle = frozenset(
        {
            "AvailabilityMode",
            "AvailabilityZoneAddresses",
            "MaxDrainDurationSeconds",
            "SecondaryAllocationIds",
            "SecondaryPrivateIpAddressCount",
            "SecondaryPrivateIpAddresses",
            "VpcId",
        }
    )

    def read_attributes(
        self, context: Context, thing: str, shown: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The attributes."""
        addresses = shown.get("NatGatewayAddresses") or [{}]
        return {
            "NatGatewayId": thing,
            "EniId": addresses[0].get("NetworkInterfaceId", ""),
            "RouteTableId": "",
            "AutoScalingIps": "",
            "AutoProvisionZones": "",
        }


class ElasticIp(ResourceType):
    """A public address: ``Ref`` is the address."""

    name = "AWS::EC2::EIP"

    def create(self, context: Context, properties: Properties) -> Made:
        """Allocate one."""
        idle = {"Address", "IpamPoolId", "NetworkBorderGroup", "TransferAddress"}
        refuse_unknown(self.name, properties, schemas.of(self.name).settable - idle)
        told = calls.parameters("AllocateAddress", {"Domain": "vpc", **properties})
        tags = calls.tagged(context, "elastic-ip", properties)
        made = calls.client(context).allocate_address(**told, **tags)
        context.made(made["PublicIp"])
        self._associate(context, made["AllocationId"], {}, properties)
        attributes = {"PublicIp": made["PublicIp"], "AllocationId": made["AllocationId"]}
        return Made(made["PublicIp"], attributes)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change its instance and its tags."""
        self._associate(context, made.attributes["AllocationId"], old, new)
        calls.tag(context, made.attributes["AllocationId"], old, new)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Give it back."""
        ec2 = calls.client(context)
        with absence_is_fine("InvalidAddress.NotFound", "InvalidAllocationID.NotFound"):
            lost = made.physical_id.startswith(_ALLOCATION)  # found again by its tags
            which = {"AllocationIds" if lost else "PublicIps": [made.physical_id]}
            (found,) = ec2.describe_addresses(**which)["Addresses"]
            ec2.release_address(AllocationId=found["AllocationId"])

    def _associate(
        self, context: Context, allocation: str, old: Properties, new: Properties
    ) -> None:
        if new.get("InstanceId") and changed(old, new, "InstanceId"):
            calls.client(context).associate_address(
                AllocationId=allocation, InstanceId=new["InstanceId"]
            )


class VpcEndpoint(calls.Thing):
    """A way from a VPC to a service of AWS."""

    name = "AWS::EC2::VPCEndpoint"
    creates = "CreateVpcEndpoint"
    deletes = "DeleteVpcEndpoints"
    kind = "vpc-endpoint"
    shown = "VpcEndpoint"
    key = "VpcEndpointId"
    gone = "InvalidVpcEndpointId.NotFound"
    idle = frozenset(
        {
            "DnsOptions",
            "IpAddressType",
            "ResourceConfigurationArn",
            "ServiceNetworkArn",
            "ServiceRegion",
        }
    )

    def creation(self, context: Context, properties: Properties) -> dict[str, Any]:
        """The parameters, the policy as a text; moto cannot delete one without a type."""
        told = {"VpcEndpointType": "Gateway", **with_text(properties, "PolicyDocument")}
        return calls.parameters("CreateVpcEndpoint", told)

    def settle(self, context: Context, thing: str, old: Properties, new: Properties) -> None:
        """Add and remove route tables, subnets and security groups, and set the policy."""
        if not old:
            return
        before, after = with_text(old, "PolicyDocument"), with_text(new, "PolicyDocument")
        told: dict[str, Any] = {}
        for name in ("RouteTableIds", "SubnetIds", "SecurityGroupIds"):
            were, wanted = before.get(name, []), after.get(name, [])
            coming = [one for one in wanted if one not in were]
            leaving = [one for one in were if one not in wanted]
            told |= {f"Add{name}": coming} if coming else {}
            told |= {f"Remove{name}": leaving} if leaving else {}
        if changed(before, after, "PolicyDocument"):
            policy = after.get("PolicyDocument")
            told |= {"PolicyDocument": policy} if policy else {"ResetPolicy": True}
        if changed(before, after, "PrivateDnsEnabled"):
            told["PrivateDnsEnabled"] = after.get("PrivateDnsEnabled", False)
        if told:
            shaped = calls.parameters("ModifyVpcEndpoint", told)
            calls.client(context).modify_vpc_endpoint(VpcEndpointId=thing, **shaped)

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one."""
        ec2, named = calls.client(context), {"VpcEndpointIds": [made.physical_id]}
        with absence_is_fine(self.gone):
            (shown,) = ec2.describe_vpc_endpoints(**named)["VpcEndpoints"]
            if shown["State"] != "deleted":
                ec2.delete_vpc_endpoints(**named)

    def read_attributes(
        self, context: Context, thing: str, shown: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The attributes."""
        return {
            "Id": thing,
            "CreationTimestamp": str(shown.get("CreationTimestamp", "")),
            "NetworkInterfaceIds": shown.get("NetworkInterfaceIds", []),
            "DnsEntries": [
                f"{entry.get('HostedZoneId', '')}:{entry.get('DnsName', '')}"
                for entry in shown.get("DnsEntries", ())
            ],
        }


TYPES = (
    RouteTable(),
    Route(),
    SubnetRouteTableAssociation(),
    NatGateway(),
    ElasticIp(),
    VpcEndpoint(),
)
