"""``AWS::RDS::DBInstance``."""

from __future__ import annotations

from typing import ClassVar

from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.databases.calls import Database
from lambda_nb.engine.stacks.types.resource_type import ResourceType

_SNAPSHOT, _SOURCE = "DBSnapshotIdentifier", "SourceDBInstanceIdentifier"
_CLUSTER = "DBClusterIdentifier"


class _Instance(Database):
    """A database, however it is made."""

    name = "AWS::RDS::DBInstance"
    noun = "DBInstance"
    updates = "ModifyDBInstance"
    deletes = "DeleteDBInstance"
    describes = "DescribeDBInstances"
    described = "DBInstances.0"
    key = "DBInstanceIdentifier"
    named = "DBInstanceIdentifier"
    status = "DBInstanceStatus"
    absent = ("DBInstanceNotFound", "DBInstanceNotFoundFault")
    attributes: ClassVar = {
        name: name
        for name in (
            "CertificateDetails.CAIdentifier",
            "CertificateDetails.ValidTill",
            "DBInstanceArn",
            "DBInstanceStatus",
            "DbiResourceId",
            "Endpoint.Address",
            "Endpoint.HostedZoneId",
            "Endpoint.Port",
            "InstanceCreateTime",
            "MasterUserSecret.SecretArn",
        )
    }
    tagged_by = "DBInstanceArn"
    others = frozenset({"AllowMajorVersionUpgrade", "ApplyImmediately", "DeleteAutomatedBackups"})
    recreating = ("AvailabilityZone", "Engine", "PerformanceInsightsKMSKeyId", _SNAPSHOT, _SOURCE)
    renamed: ClassVar = {"VpcSecurityGroupIds": "VPCSecurityGroups"}
    renamed_in_changes: ClassVar = {**renamed, "DBPortNumber": "Port"}


class _OfSnapshot(_Instance):
    """One made of a snapshot."""

    creates = "RestoreDBInstanceFromDBSnapshot"
    others = _Instance.others | {"EngineVersion"}  # as the snapshot has it


class _Replica(_Instance):
    """One that follows another."""

    creates = "CreateDBInstanceReadReplica"
    others = _Instance.others | {"Engine", "EngineVersion"}  # as the other one has it


class DBInstance(_Instance):
    """A database: a new one, one of a snapshot, or a replica of another."""

    creates = "CreateDBInstance"
    others = _Instance.others | {_SNAPSHOT, _SOURCE}

    def check_snapshot(self, properties: Properties) -> None:
        if properties.get(_CLUSTER):
            raise Refused(
                "DeletionPolicy:Snapshot cannot be specified for a cluster instance, use deletion "
                "policy on the cluster instead.",
                "InvalidRequest",
                untouched=True,
            )

    def delete_with_snapshot(self, context: Context, made: Made, properties: Properties) -> str:
        if properties.get(_SOURCE):  # RDS makes no final snapshot of a replica
            self.delete(context, made, properties)
            return "It was a read replica: there is no snapshot."
        return super().delete_with_snapshot(context, made, properties)

    def create(self, context: Context, properties: Properties) -> Made:
        if properties.get(_SNAPSHOT):
            return _OfSnapshot().create(context, properties)
        if properties.get(_SOURCE):
            return _Replica().create(context, properties)
        return super().create(context, properties)


TYPES: tuple[ResourceType, ...] = (DBInstance(),)
