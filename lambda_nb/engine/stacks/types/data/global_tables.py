"""Properties of ``AWS::DynamoDB::GlobalTable`` as those of a table: its replica's are moved up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.stacks.model import Properties, Refused

_SHARED = (
    "AttributeDefinitions",
    "BillingMode",
    "KeySchema",
    "LocalSecondaryIndexes",
    "SSESpecification",
    "StreamSpecification",
    "TableName",
    "TimeToLiveSpecification",
    "WarmThroughput",
)
_OF_REPLICA = (
    "DeletionProtectionEnabled",
    "KinesisStreamSpecification",
    "PointInTimeRecoverySpecification",
    "ResourcePolicy",
    "TableClass",
    "Tags",
)
_THROUGHPUT = {
    "GlobalSecondaryIndexes",
    "ReadOnDemandThroughputSettings",
    "ReadProvisionedThroughputSettings",
    "Replicas",
    "WriteOnDemandThroughputSettings",
    "WriteProvisionedThroughputSettings",
}
_INDEX_PARTS = ("IndexName", "KeySchema", "Projection", "WarmThroughput")


def as_table(properties: Properties, region: str) -> dict[str, Any]:
    """The table that a global table with one replica is.

    Raises
    ------
    Refused
        It has replicas in other Regions, or properties that only such tables need.
    """
    replicas = properties.get("Replicas") or []
    if len(replicas) != 1 or replicas[0].get("Region") != region:
        named = ", ".join(str(one.get("Region")) for one in replicas) or "none"
        raise Refused(
            f"lambda_nb makes global tables with one replica, in the stack's Region {region}; this "
            f"one has replicas in {named}. Leave the others out of the template.",
            "InvalidRequest",
        )
    replica = replicas[0]
    idle = sorted(set(properties) - {*_SHARED, *_THROUGHPUT})
    idle += sorted(set(replica) - {*_OF_REPLICA, *_THROUGHPUT, "Region", "SSESpecification"})
    if idle:
        raise Refused(
            f"lambda_nb does not have {', '.join(idle)} of AWS::DynamoDB::GlobalTable. Leave it "
            "out of the template.",
            "InvalidRequest",
        )
    table = {name: properties[name] for name in _SHARED if name in properties}
    table |= {name: replica[name] for name in _OF_REPLICA if name in replica}
    key = (replica.get("SSESpecification") or {}).get("KMSMasterKeyId")
    if key and table.get("SSESpecification"):
        table["SSESpecification"] = {**table["SSESpecification"], "KMSMasterKeyId": key}
    if table.get("BillingMode") != "PAY_PER_REQUEST":
        table["ProvisionedThroughput"] = _capacity(properties, replica)
    indexes = properties.get("GlobalSecondaryIndexes") or ()
    if indexes:
        of_replica = {one["IndexName"]: one for one in replica.get("GlobalSecondaryIndexes") or ()}
        table["GlobalSecondaryIndexes"] = [
            _index(one, of_replica.get(one["IndexName"], {}), table) for one in indexes
        ]
    return table


def _index(
    index: Mapping[str, Any], of_replica: Mapping[str, Any], table: Mapping[str, Any]
) -> dict[str, Any]:
    made = {name: index[name] for name in _INDEX_PARTS if name in index}
    if "ProvisionedThroughput" in table:
        made["ProvisionedThroughput"] = _capacity(index, of_replica)
    return made


def _capacity(whole: Mapping[str, Any], replica: Mapping[str, Any]) -> dict[str, Any]:
    writing = whole.get("WriteProvisionedThroughputSettings") or {}
    reading = (
        replica.get("ReadProvisionedThroughputSettings")
        or whole.get("ReadProvisionedThroughputSettings")
        or {}
    )
    return {
        "ReadCapacityUnits": _units(reading, "Read"),
        "WriteCapacityUnits": _units(writing, "Write"),
    }


def _units(settings: Mapping[str, Any], what: str) -> Any:
    """The capacity to begin with; what scales it later is not here."""
    scaling = settings.get(f"{what}CapacityAutoScalingSettings") or {}
    for found in (
        settings.get(f"{what}CapacityUnits"),
        scaling.get("SeedCapacity"),
        scaling.get("MinCapacity"),
    ):
        if found is not None:
            return found
    raise Refused(
        f"BillingMode is PROVISIONED, but {what}ProvisionedThroughputSettings give no capacity.",
        "InvalidRequest",
    )
