"""``AWS::ApiGatewayV2::DomainName``, its mappings and rules, and VPC links."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType
from lambda_nb.engine.stacks.types.web.http_api import calls


class DomainName(ResourceType):
    """A custom domain name: ``Ref`` is the name."""

    name = "AWS::ApiGatewayV2::DomainName"

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one."""
        made = calls.client(context).create_domain_name(
            **calls.parameters("CreateDomainName", properties), **calls.tagged(context, properties)
        )
        return _shown(made)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change one in place."""
        told = calls.changes("UpdateDomainName", old, new, {"RoutingMode": "API_MAPPING_ONLY"})
        client, place = calls.client(context), {"DomainName": made.physical_id}
        if told:
            client.update_domain_name(**{**told, **place})
        calls.tag_again(context, f"/domainnames/{made.physical_id}", old, new)
        return _shown(client.get_domain_name(**place))

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one."""
        with absence_is_fine():
            calls.client(context).delete_domain_name(DomainName=made.physical_id)


class ApiMapping(calls.Part):
    """A path of a domain name: ``Ref`` is the mapping's ID."""

    name = "AWS::ApiGatewayV2::ApiMapping"
    noun = "ApiMapping"
    parents = ("DomainName",)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change one in place; the call always wants the API."""
        told = calls.changes("UpdateApiMapping", old, new)
        if told:
            place = {**self._place(made, new), "ApiId": str(new["ApiId"])}
            calls.client(context).update_api_mapping(**{**told, **place})
        return made


class RoutingRule(ResourceType):
    """A rule of a domain name: ``Ref`` is its ARN."""

    name = "AWS::ApiGatewayV2::RoutingRule"

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one."""
        made = calls.client(context).create_routing_rule(
            **calls.parameters("CreateRoutingRule", properties), **_domain(properties)
        )
        arn = made["RoutingRuleArn"]
        return Made(arn, {"RoutingRuleArn": arn, "RoutingRuleId": made["RoutingRuleId"]})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Put it as it is to be."""
        calls.client(context).put_routing_rule(
            **calls.parameters("PutRoutingRule", new), **_rule(made, new)
        )
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one."""
        with absence_is_fine():
            calls.client(context).delete_routing_rule(**_rule(made, properties))


class VpcLink(calls.Part):
    """A way into a VPC: ``Ref`` is its ID."""

    name = "AWS::ApiGatewayV2::VpcLink"
    noun = "VpcLink"
    parents = ()
    tags_at = "/vpclinks/{}"


def _domain(properties: Properties) -> dict[str, str]:
    """A domain name in calls; its ARN ends with ``/domainnames/NAME``, perhaps ``+ID``."""
    found = str(properties["DomainNameArn"]).rpartition("/")[2]
    name, plus, identifier = found.partition("+")
    return {"DomainName": name, **({"DomainNameId": identifier} if plus else {})}


def _rule(made: Made, properties: Properties) -> dict[str, Any]:
    return {**_domain(properties), "RoutingRuleId": made.physical_id.rpartition("/")[2]}


def _shown(answer: Mapping[str, Any]) -> Made:
    first = answer["DomainNameConfigurations"][0]
    return Made(
        answer["DomainName"],
        {
            "DomainNameArn": answer["DomainNameArn"],
            "RegionalDomainName": first["ApiGatewayDomainName"],
            "RegionalHostedZoneId": first["HostedZoneId"],
        },
    )


TYPES = (DomainName(), ApiMapping(), RoutingRule(), VpcLink())
