"""``AWS::ElasticLoadBalancingV2::LoadBalancer``."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types import schemas
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import (
    ResourceType,
    changed,
    refuse_unknown,
    with_name,
)
from lambda_nb.engine.stacks.types.web.load_balancer import calls

_LONGEST_NAME = 32
"""Characters (API reference, ``CreateLoadBalancer``, 2026)."""
_IDLE = {
    "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic",
    "EnablePrefixForIpv6SourceNat",
    "Ipv4IpamPoolId",
    "MinimumLoadBalancerCapacity",
}


class LoadBalancer(ResourceType):
    """A load balancer: ``Ref`` is its ARN."""

    name = "AWS::ElasticLoadBalancingV2::LoadBalancer"

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one."""
        refuse_unknown(self.name, properties, schemas.of(self.name).settable - _IDLE)
        told = with_name(context, properties, "Name", _LONGEST_NAME)
        answer = calls.client(context).create_load_balancer(
            **calls.parameters("CreateLoadBalancer", told), **calls.tagged(context, properties)
        )
        (shown,) = answer["LoadBalancers"]
        arn = shown["LoadBalancerArn"]
        context.made(arn)
        self._set_attributes(context, arn, properties)
        return _made(shown)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change one in place."""
        refuse_unknown(self.name, new, schemas.of(self.name).settable - _IDLE)
        client, arn = calls.client(context), made.physical_id
        if changed(old, new, "Subnets", "SubnetMappings"):
            client.set_subnets(LoadBalancerArn=arn, **calls.parameters("SetSubnets", new))
        if changed(old, new, "SecurityGroups") and new.get("SecurityGroups"):
            client.set_security_groups(LoadBalancerArn=arn, SecurityGroups=new["SecurityGroups"])
        if changed(old, new, "IpAddressType"):
            client.set_ip_address_type(
                LoadBalancerArn=arn, IpAddressType=new.get("IpAddressType", "ipv4")
            )
        if changed(old, new, "LoadBalancerAttributes"):
            self._set_attributes(context, arn, new)
        calls.tag_again(context, arn, old, new)
        (shown,) = client.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"]
        return _made(shown)

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one."""
        with absence_is_fine("LoadBalancerNotFound"):
            calls.client(context).delete_load_balancer(LoadBalancerArn=made.physical_id)

    def _set_attributes(self, context: Context, arn: str, properties: Properties) -> None:
        found = calls.attributes(properties, "LoadBalancerAttributes")
        if found:
            calls.client(context).modify_load_balancer_attributes(
                LoadBalancerArn=arn, Attributes=found
            )


def _made(shown: dict[str, Any]) -> Made:
    arn = shown["LoadBalancerArn"]
    return Made(
        arn,
        {
            "LoadBalancerArn": arn,
            "LoadBalancerName": shown["LoadBalancerName"],
            "LoadBalancerFullName": arn.partition(":loadbalancer/")[2],
            "CanonicalHostedZoneID": shown["CanonicalHostedZoneId"],
            "DNSName": shown["DNSName"],
        },
    )


TYPES = (LoadBalancer(),)
