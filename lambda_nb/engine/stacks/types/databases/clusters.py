"""``AWS::RDS::DBCluster``."""

from __future__ import annotations

from typing import ClassVar

from lambda_nb.engine.stacks.types.databases.calls import Database
from lambda_nb.engine.stacks.types.resource_type import ResourceType


class DBCluster(Database):
    """A cluster of databases; its instances are resources of their own."""

    name = "AWS::RDS::DBCluster"
    noun = "DBCluster"
    creates = "CreateDBCluster"
    updates = "ModifyDBCluster"
    deletes = "DeleteDBCluster"
    describes = "DescribeDBClusters"
    described = "DBClusters.0"
    key = "DBClusterIdentifier"
    named = "DBClusterIdentifier"
    status = "Status"
    absent = ("DBClusterNotFoundFault",)
    attributes: ClassVar = {
        "DBClusterArn": "DBClusterArn",
        "DBClusterResourceId": "DbClusterResourceId",
        "Endpoint.Address": "Endpoint",
        "Endpoint.Port": "Port",
        "MasterUserSecret.SecretArn": "MasterUserSecret.SecretArn",
        "ReadEndpoint.Address": "ReaderEndpoint",
    }
    tagged_by = "DBClusterArn"
    others = frozenset({"DBInstanceParameterGroupName", "DeleteAutomatedBackups"})
    recreating = ("AvailabilityZones", "Engine", "MasterUsername")
    renamed: ClassVar = {"EnablePerformanceInsights": "PerformanceInsightsEnabled"}
    renamed_in_changes: ClassVar = renamed


TYPES: tuple[ResourceType, ...] = (DBCluster(),)
