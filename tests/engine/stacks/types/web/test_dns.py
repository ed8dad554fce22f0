"""``AWS::Route53::*``: zones and their records."""

from __future__ import annotations

from typing import Any

import pytest
from engine_fixtures import Engine, error_of
from stack_types_lab import Lab, Resource

from lambda_nb.engine.stacks.model import Refused
from lambda_nb.engine.stacks.types.registry import find
from lambda_nb.engine.stacks.types.resource_type import ResourceType


def kind(name: str) -> ResourceType:
    """The class of a type."""
    found = find(f"AWS::Route53::{name}")
    assert found is not None
    return found


def zone(engine: Engine, lab: Lab, **properties: Any) -> Resource:
    """A zone of a name of its own."""
    told = {"Name": f"{engine.name('zone')}.example.com", **properties}
    return lab.create(kind("HostedZone"), told, "Zone")


def records(engine: Engine, zone_id: str) -> dict[tuple[str, str], Any]:
    """The records of a zone, without those that every zone has."""
    found = engine.client("route53").list_resource_record_sets(HostedZoneId=zone_id)
    return {
        (one["Name"], one["Type"]): one
        for one in found["ResourceRecordSets"]
        if one["Type"] not in ("NS", "SOA")
    }


def test_a_zone_has_tags_a_comment_and_name_servers(engine: Engine) -> None:
    lab, client = Lab(engine, {"team": "web"}), engine.client("route53")
    made = zone(engine, lab, HostedZoneConfig={"Comment": "first"})
    assert made.attribute("NameServers")
    told = {
        "Name": made.properties["Name"],
        "HostedZoneConfig": {"Comment": "second"},
        "HostedZoneTags": [{"Key": "k", "Value": "v"}],
    }
    made = lab.update(made, told)
    shown = client.get_hosted_zone(Id=made.ref)["HostedZone"]
    assert shown["Config"]["Comment"] == "second"
    tags = client.list_tags_for_resource(ResourceType="hostedzone", ResourceId=made.ref)
    found = {tag["Key"]: tag["Value"] for tag in tags["ResourceTagSet"]["Tags"]}
    assert (found["k"], found["team"]) == ("v", "web")
    assert found["aws:cloudformation:stack-name"] == lab.stack_name
    lab.delete(made)
    assert error_of(lambda: client.get_hosted_zone(Id=made.ref))[0] == "NoSuchHostedZone"


def test_records_are_made_changed_and_deleted(engine: Engine) -> None:
    lab = Lab(engine)
    made = zone(engine, lab)
    name = f"www.{made.properties['Name']}."
    told = {"HostedZoneId": made.ref, "Name": name, "Type": "A"}
    record = lab.create(
        kind("RecordSet"), {**told, "TTL": "60", "ResourceRecords": ["10.0.0.1", "10.0.0.2"]}
    )
    assert record.ref == name
    (found,) = records(engine, made.ref).values()
    assert [one["Value"] for one in found["ResourceRecords"]] == ["10.0.0.1", "10.0.0.2"]
    record = lab.update(
        record, {**told, "Type": "CNAME", "TTL": "30", "ResourceRecords": ["other.example.com"]}
    )
    ((key, found),) = records(engine, made.ref).items()
    assert (key, found["TTL"]) == ((name, "CNAME"), 30)
    assert kind("RecordSet").replacing(told, {**told, "Name": "b."}) == {"Name"}
    lab.delete(record)
    assert records(engine, made.ref) == {}
    lab.delete(made)


def test_a_group_finds_its_zone_by_name(engine: Engine) -> None:
    lab = Lab(engine)
    made = zone(engine, lab)
    domain = made.properties["Name"]

    def record(name: str, address: str) -> dict[str, Any]:
        return {"Name": f"{name}.{domain}.", "Type": "A", "TTL": 5, "ResourceRecords": [address]}

    told = {"HostedZoneName": f"{domain}."}
    group = lab.create(
        kind("RecordSetGroup"),
        {**told, "RecordSets": [record("a", "1.1.1.1"), record("b", "2.2.2.2")]},
    )
    group = lab.update(
        group, {**told, "RecordSets": [record("b", "3.3.3.3"), record("c", "4.4.4.4")]}
    )
    found = {
        name.partition(".")[0]: one["ResourceRecords"][0]["Value"]
        for (name, _), one in records(engine, made.ref).items()
    }
    assert found == {"b": "3.3.3.3", "c": "4.4.4.4"}
    lab.delete(group)
    assert records(engine, made.ref) == {}
    lab.delete(made)


def test_a_zone_that_is_not_there_is_told_by_its_name(engine: Engine) -> None:
    told = {
        "HostedZoneName": "nowhere.example.org.",
        "Name": "a.nowhere.example.org.",
        "Type": "A",
        "TTL": "5",
        "ResourceRecords": ["1.1.1.1"],
    }
    with pytest.raises(Refused, match="0 hosted zones have the name nowhere"):
        Lab(engine).create(kind("RecordSet"), told)
