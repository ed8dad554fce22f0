"""Databases and volumes leave a snapshot when a stack deletes them, as their policies say."""

from __future__ import annotations

from typing import Any

from engine_fixtures import Engine
from stacks_api_lab import Stack

DATABASE: dict[str, Any] = {
    "AllocatedStorage": "10",
    "DBInstanceClass": "db.t3.small",
    "Engine": "mysql",
    "MasterUsername": "admin",
    "MasterUserPassword": "not-a-secret",
}
CLUSTER: dict[str, Any] = {
    "Engine": "aurora-mysql",
    "MasterUsername": "admin",
    "MasterUserPassword": "not-a-secret",
}
MEMBER = {
    "DBClusterIdentifier": {"Ref": "Cluster"},
    "DBInstanceClass": "db.t3.small",
    "Engine": "aurora-mysql",
}


def instance(properties: dict[str, Any] = DATABASE, **policies: str) -> dict[str, Any]:
    return {"Type": "AWS::RDS::DBInstance", "Properties": properties, **policies}


def said(stack: Stack, logical_id: str, status: str) -> list[str]:
    """The reasons in the events of a status, the oldest first."""
    return [why for who, what, why in stack.history() if (who, what) == (logical_id, status)]


def test_databases_leave_snapshots_unless_told_otherwise(engine: Engine) -> None:
    calls, stack = engine.client("rds"), Stack(engine)
    resources = {
        "Alone": instance(),
        "Told": instance(DeletionPolicy="Delete"),
        "Replica": instance(
            {
                "DBInstanceClass": "db.t3.small",
                "SourceDBInstanceIdentifier": {"Ref": "Alone"},
            }
        ),
        "Cluster": {"Type": "AWS::RDS::DBCluster", "Properties": CLUSTER},
        "Member": instance(MEMBER),
    }
    names = {f"{one}Id": {"Ref": one} for one in resources}
    assert stack.create(resources, names) == "CREATE_COMPLETE"
    ids = stack.outputs()
    short = stack.name
    assert stack.delete() == "DELETE_COMPLETE"

    (snapshot,) = calls.describe_db_snapshots(DBInstanceIdentifier=ids["AloneId"])["DBSnapshots"]
    name = snapshot["DBSnapshotIdentifier"]
    assert name.startswith(f"{short}-snapshot-alone-")
    assert snapshot["SnapshotType"] == "manual"
    assert said(stack, "Alone", "DELETE_COMPLETE") == [f"Its final snapshot is {name}."]
    (of_cluster,) = calls.describe_db_cluster_snapshots(
        DBClusterIdentifier=ids["ClusterId"], SnapshotType="manual"
    )["DBClusterSnapshots"]
    name = of_cluster["DBClusterSnapshotIdentifier"]
    assert said(stack, "Cluster", "DELETE_COMPLETE") == [f"Its final snapshot is {name}."]
    for other in ("Told", "Replica", "Member"):
        found = calls.describe_db_snapshots(DBInstanceIdentifier=ids[f"{other}Id"])
        assert found["DBSnapshots"] == []

    again = Stack(engine)
    restored = {
        "DBInstanceClass": "db.t3.small",
        "DBSnapshotIdentifier": snapshot["DBSnapshotIdentifier"],
    }
    assert again.create({"Back": instance(restored, DeletionPolicy="Delete")}) == "CREATE_COMPLETE"
    assert again.delete() == "DELETE_COMPLETE"


def test_a_replaced_database_and_one_that_leaves_its_template(engine: Engine) -> None:
    calls, stack = engine.client("rds"), Stack(engine)
    kept = {"UpdateReplacePolicy": "Snapshot", "DeletionPolicy": "Snapshot"}
    old = {"A": instance(**kept), "B": instance()}
    assert stack.create(old, {"A": {"Ref": "A"}, "B": {"Ref": "B"}}) == "CREATE_COMPLETE"
    ids = stack.outputs()
    new = {"A": instance({**DATABASE, "Engine": "postgres"}, **kept)}
    assert stack.update(new, {"A": {"Ref": "A"}}) == "UPDATE_COMPLETE"
    for one in ("A", "B"):
        (snapshot,) = calls.describe_db_snapshots(DBInstanceIdentifier=ids[one])["DBSnapshots"]
        name = snapshot["DBSnapshotIdentifier"]
        assert said(stack, one, "DELETE_COMPLETE") == [f"Its final snapshot is {name}."]
    assert stack.outputs()["A"] != ids["A"]
    assert stack.delete() == "DELETE_COMPLETE"


def test_a_member_of_a_cluster_can_leave_none(engine: Engine) -> None:
    stack = Stack(engine)
    resources = {
        "Cluster": {"Type": "AWS::RDS::DBCluster", "Properties": CLUSTER},
        "Member": instance(MEMBER, DeletionPolicy="Snapshot"),
    }
    assert stack.create(resources) == "ROLLBACK_COMPLETE"
    (why,) = said(stack, "Member", "CREATE_FAILED")
    assert "use deletion policy on the cluster instead" in why
    assert said(stack, "Cluster", "DELETE_COMPLETE") == [""]  # what a rollback deletes is new
    assert stack.delete() == "DELETE_COMPLETE"


def test_volumes_leave_snapshots_if_told_so(engine: Engine) -> None:
    calls, stack = engine.client("ec2"), Stack(engine)
    zone = f"{engine.region}a"

    def volume(**properties: Any) -> dict[str, Any]:
        return {
            "Type": "AWS::EC2::Volume",
            "DeletionPolicy": "Snapshot",
            "Properties": {"AvailabilityZone": zone, "Size": "8", "Encrypted": False, **properties},
        }

    assert stack.create({"Disk": volume()}, {"Disk": {"Ref": "Disk"}}) == "CREATE_COMPLETE"
    disk = stack.outputs()["Disk"]
    tags = [{"Key": "team", "Value": "web"}]
    larger = {"Disk": volume(Size=16, Tags=tags)}
    assert stack.update(larger, {"Disk": {"Ref": "Disk"}}) == "UPDATE_COMPLETE"
    (shown,) = calls.describe_volumes(VolumeIds=[disk])["Volumes"]
    assert shown["Size"] == 16
    moved = {"Disk": volume(Size=16, Tags=tags, AvailabilityZone=f"{engine.region}b")}
    assert stack.update(moved, {"Disk": {"Ref": "Disk"}}) == "UPDATE_ROLLBACK_COMPLETE"
    assert "is not supported" in said(stack, "Disk", "UPDATE_FAILED")[0]
    assert stack.delete() == "DELETE_COMPLETE"
    (why,) = said(stack, "Disk", "DELETE_COMPLETE")
    of_disk = [{"Name": "volume-id", "Values": [disk]}]
    (snapshot,) = calls.describe_snapshots(Filters=of_disk)["Snapshots"]
    assert why == f"Its snapshot is {snapshot['SnapshotId']}."
    assert {"Key": "team", "Value": "web"} in snapshot["Tags"]
