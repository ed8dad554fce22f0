"""``AWS::Route53::RecordSet`` and ``RecordSetGroup``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lambda_nb.engine import service_model
from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType, changed
from lambda_nb.engine.stacks.types.web.dns.zones import GONE

Change = dict[str, Any]


class RecordSet(ResourceType):
    """Records of one name: ``Ref`` is the name."""

    name = "AWS::Route53::RecordSet"

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one."""
        _change(context, properties, _each("CREATE", [properties]))
        return Made(str(properties["Name"]))

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change one in place: at once, also if it has another type."""
        _replace(context, new, [old], [new])
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one."""
        _delete(context, properties, [properties])

    def same(self, old: Made, before: Properties, new: Made, after: Properties) -> bool:
        """A zone may be given by its name."""
        moved = changed(before, after, "HostedZoneName")
        return not moved and super().same(old, before, new, after)

    def replacing(self, old: Properties, new: Properties) -> set[str]:
        """Another name is another resource (CloudFormation's reference, 2026)."""
        renamed = {"Name"} if changed(old, new, "Name") else set()
        return super().replacing(old, new) | renamed


class RecordSetGroup(ResourceType):
    """Several records of a zone, changed at once: ``Ref`` is an ID of its own."""

    name = "AWS::Route53::RecordSetGroup"

    def create(self, context: Context, properties: Properties) -> Made:
        """Make them."""
        _change(context, properties, _each("CREATE", properties.get("RecordSets", ())))
        made = context.name(40)
        return Made(made, {"Id": made})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Make, change and delete records."""
        _replace(context, new, old.get("RecordSets", ()), new.get("RecordSets", ()))
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete them."""
        _delete(context, properties, properties.get("RecordSets", ()))


def _each(action: str, records: Iterable[Properties]) -> list[Change]:
    return [{"Action": action, "ResourceRecordSet": _shaped(record)} for record in records]


def _shaped(record: Properties) -> dict[str, Any]:
    """A record as the API takes it."""
    told = dict(record)
    if "ResourceRecords" in told:
        told["ResourceRecords"] = [{"Value": str(value)} for value in told["ResourceRecords"]]
    if "AliasTarget" in told:
        told["AliasTarget"] = {"EvaluateTargetHealth": False, **told["AliasTarget"]}
    shape = service_model.model("route53").shape_for("ResourceRecordSet")
    made: dict[str, Any] = shapes.shaped(shape, told, "ResourceRecordSet")
    return made


def _key(record: Properties) -> tuple[Any, ...]:
    return str(record["Name"]).rstrip("."), record["Type"], record.get("SetIdentifier")


def _replace(
    context: Context,
    properties: Properties,
    old: Iterable[Properties],
    new: Iterable[Properties],
) -> None:
    kept = {_key(record) for record in new}
    leaving = [record for record in old if _key(record) not in kept]
    _change(context, properties, _each("DELETE", leaving) + _each("UPSERT", new))


def _delete(context: Context, properties: Properties, records: Iterable[Properties]) -> None:
    """Delete those that are there; one with other values than the template's is an error."""
    with absence_is_fine(GONE):
        pages = context.client("route53").get_paginator("list_resource_record_sets")
        there = {
            _key(record)
            for page in pages.paginate(HostedZoneId=_zone(context, properties))
            for record in page["ResourceRecordSets"]
        }
        left = [record for record in records if _key(record) in there]
        _change(context, properties, _each("DELETE", left))


def _change(context: Context, properties: Properties, changes: list[Change]) -> None:
    if not changes:
        return
    zone = _zone(context, properties)
    batch: dict[str, Any] = {"Changes": changes}
    if properties.get("Comment"):
        batch["Comment"] = str(properties["Comment"])
    context.client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)


def _zone(context: Context, properties: Properties) -> str:
    """The ID of the zone that the properties name by ID or by name."""
    zone, name = properties.get("HostedZoneId"), properties.get("HostedZoneName")
    if bool(zone) == bool(name):
        raise Refused("Give one of HostedZoneId and HostedZoneName.", "InvalidRequest")
    if zone:
        return str(zone)
    wanted = str(name).rstrip(".") + "."
    answer = context.client("route53").list_hosted_zones_by_name(DNSName=wanted)
    found = [one["Id"] for one in answer["HostedZones"] if one["Name"] == wanted]
    if len(found) != 1:
        raise Refused(
            f"{len(found)} hosted zones have the name {wanted}; exactly one is needed. Give "
            "HostedZoneId instead.",
            "NotFound" if not found else "InvalidRequest",
        )
    return str(found[0]).rpartition("/")[2]


TYPES = (RecordSet(), RecordSetGroup())
