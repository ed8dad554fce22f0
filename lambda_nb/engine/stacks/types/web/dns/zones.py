"""``AWS::Route53::HostedZone``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types import schemas
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType, changed, given, refuse_unknown
from lambda_nb.engine.stacks.types.tagging import LISTED

GONE = "NoSuchHostedZone"
_IDLE = {"HostedZoneFeatures"}


class HostedZone(ResourceType):
    """A zone: ``Ref`` is its ID."""

    name = "AWS::Route53::HostedZone"

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one."""
        refuse_unknown(self.name, properties, schemas.of(self.name).settable - _IDLE)
        client = context.client("route53")
        vpcs = _vpcs(properties)
        made = client.create_hosted_zone(
            Name=properties["Name"],
            CallerReference=context.token,
            HostedZoneConfig={"Comment": _comment(properties), "PrivateZone": bool(vpcs)},
            **given(VPC=next(iter(vpcs), None), DelegationSetId=properties.get("DelegationSetId")),
        )
        zone = made["HostedZone"]["Id"].rpartition("/")[2]
        context.made(zone)
        for vpc in vpcs[1:]:
            client.associate_vpc_with_hosted_zone(HostedZoneId=zone, VPC=vpc)
        self._log(context, zone, {}, properties)
        self._tag(context, zone, {}, properties)
        return self._made(context, zone)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change its comment, VPCs, log and tags."""
        refuse_unknown(self.name, new, schemas.of(self.name).settable - _IDLE)
        client, zone = context.client("route53"), made.physical_id
        if changed(old, new, "HostedZoneConfig"):
            client.update_hosted_zone_comment(Id=zone, Comment=_comment(new))
        before, after = _vpcs(old), _vpcs(new)
        for vpc in after:
            if vpc not in before:
                client.associate_vpc_with_hosted_zone(HostedZoneId=zone, VPC=vpc)
        for vpc in before:
            if vpc not in after:
                client.disassociate_vpc_from_hosted_zone(HostedZoneId=zone, VPC=vpc)
        self._log(context, zone, old, new)
        self._tag(context, zone, old, new)
        return self._made(context, zone)

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one; its query log goes before it."""
        self._log(context, made.physical_id, properties, {})
        with absence_is_fine(GONE):
            context.client("route53").delete_hosted_zone(Id=made.physical_id)

    def _log(self, context: Context, zone: str, old: Properties, new: Properties) -> None:
        if not changed(old, new, "QueryLoggingConfig"):
            return
        client = context.client("route53")
        with absence_is_fine(GONE):
            kept = client.list_query_logging_configs(HostedZoneId=zone)["QueryLoggingConfigs"]
            for one in kept:
                client.delete_query_logging_config(Id=one["Id"])
        if new.get("QueryLoggingConfig"):
            client.create_query_logging_config(
                HostedZoneId=zone,
                CloudWatchLogsLogGroupArn=new["QueryLoggingConfig"]["CloudWatchLogsLogGroupArn"],
            )

    def _tag(self, context: Context, zone: str, old: Properties, new: Properties) -> None:
        client = context.client("route53")
        place = {"ResourceType": "hostedzone", "ResourceId": zone}
        LISTED.change(
            context,
            {"Tags": old.get("HostedZoneTags")},
            {"Tags": new.get("HostedZoneTags")},
            lambda found: client.change_tags_for_resource(**place, AddTags=found),
            lambda gone: client.change_tags_for_resource(**place, RemoveTagKeys=gone),
        )

    def _made(self, context: Context, zone: str) -> Made:
        shown = context.client("route53").get_hosted_zone(Id=zone)
        servers = shown.get("DelegationSet", {}).get("NameServers", [])
        return Made(zone, {"Id": zone, "NameServers": servers})


def _comment(properties: Properties) -> str:
    return str(properties.get("HostedZoneConfig", {}).get("Comment", ""))


def _vpcs(properties: Properties) -> list[Mapping[str, Any]]:
    return [
        {"VPCId": vpc["VPCId"], "VPCRegion": vpc["VPCRegion"]} for vpc in properties.get("VPCs", ())
    ]


TYPES = (HostedZone(),)
