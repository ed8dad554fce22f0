"""``DeletionPolicy`` and the like: what becomes of resources that a stack does not want any more.

The rules are those of CloudFormation's template reference (2026).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DELETE, SNAPSHOT = "Delete", "Snapshot"
POLICIES = {
    "DeletionPolicy": (DELETE, "Retain", "RetainExceptOnCreate", SNAPSHOT),
    "UpdateReplacePolicy": (DELETE, "Retain", SNAPSHOT),
}
"""The values of each, the usual one first."""
HAVE_SNAPSHOTS = frozenset(
    (
        "AWS::DocDB::DBCluster",
        "AWS::EC2::Volume",
        "AWS::ElastiCache::CacheCluster",
        "AWS::ElastiCache::ReplicationGroup",
        "AWS::Neptune::DBCluster",
        "AWS::RDS::DBCluster",
        "AWS::RDS::DBInstance",
        "AWS::Redshift::Cluster",
    )
)
"""The types of which CloudFormation makes snapshots."""


def deletion_policy(written: Mapping[str, Any]) -> str:
    """The ``DeletionPolicy`` of a resource as a template writes it, or what holds without one.

    Databases are not lost by mistake: without a word they leave a snapshot.

    Examples
    --------
    >>> deletion_policy({"Type": "AWS::RDS::DBInstance"})
    'Snapshot'
    >>> of_a_cluster = {"DBClusterIdentifier": "c"}
    >>> deletion_policy({"Type": "AWS::RDS::DBInstance", "Properties": of_a_cluster})
    'Delete'
    """
    said = written.get("DeletionPolicy")
    if said is not None:
        return str(said)
    alone = (
        written["Type"] == "AWS::RDS::DBInstance"
        and "DBClusterIdentifier" not in written.get("Properties", {})
    )  # fmt: skip
    return SNAPSHOT if alone or written["Type"] == "AWS::RDS::DBCluster" else DELETE


def update_replace_policy(written: Mapping[str, Any]) -> str:
    """The ``UpdateReplacePolicy`` of a resource; where there are no snapshots it is ``Delete``.

    Examples
    --------
    >>> update_replace_policy({"Type": "AWS::SQS::Queue", "UpdateReplacePolicy": "Snapshot"})
    'Delete'
    """
    said = str(written.get("UpdateReplacePolicy", DELETE))
    return DELETE if said == SNAPSHOT and written["Type"] not in HAVE_SNAPSHOTS else said


def problem(logical_id: str, written: Mapping[str, Any]) -> str | None:
    """What is wrong with the policies that a template writes for a resource."""
    for member, values in POLICIES.items():
        value = written.get(member, values[0])
        if value not in values:
            return f"Template format error: Unrecognized {member} {value} for resource {logical_id}"
    if written.get("DeletionPolicy") == SNAPSHOT and written["Type"] not in HAVE_SNAPSHOTS:
        return (
            f"Template error: resource type {written['Type']} does not support deletion policy "
            f"{SNAPSHOT}"
        )
    return None
