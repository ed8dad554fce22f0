"""``AWS::RDS::*``: records of databases, which other resources refer to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from engine_fixtures import Engine, error_of
from stack_types_lab import Lab, Resource
from stacks_api_lab import Stack

from lambda_nb.engine.stacks.model import Refused
from lambda_nb.engine.stacks.types.databases.clusters import DBCluster
from lambda_nb.engine.stacks.types.databases.groups import (
    DBClusterParameterGroup,
    DBParameterGroup,
    DBSubnetGroup,
)
from lambda_nb.engine.stacks.types.databases.instances import DBInstance
from lambda_nb.engine.stacks.types.resource_type import ResourceType

DATABASE: dict[str, Any] = {
    "AllocatedStorage": "10",
    "DBInstanceClass": "db.t3.small",
    "Engine": "MySQL",
    "MasterUsername": "admin",
    "MasterUserPassword": "not-a-secret",
}


def make(lab: Lab, kind: ResourceType, properties: Mapping[str, Any], name: str) -> Resource:
    """A database: the lab wants all attributes, of which each engine has others."""
    context = lab.context(name)
    return Resource(kind, context, properties, kind.create(context, properties))


def tags(engine: Engine, arn: str) -> dict[str, str]:
    listed = engine.client("rds").list_tags_for_resource(ResourceName=arn)["TagList"]
    return {one["Key"]: one["Value"] for one in listed}


def subnets(engine: Engine) -> list[str]:
    own = [{"Name": "default-for-az", "Values": ["true"]}]  # no other test deletes them
    found = engine.client("ec2").describe_subnets(Filters=own)["Subnets"]
    return [one["SubnetId"] for one in found]


def test_a_database_in_subnets(engine: Engine) -> None:
    lab, calls = Lab(engine, {"team": "web"}), engine.client("rds")
    first, second, third = subnets(engine)[:3]
    described = {"DBSubnetGroupDescription": "d", "SubnetIds": [first, second]}
    group = lab.create(DBSubnetGroup(), described, "Group")
    group = lab.update(group, {**described, "SubnetIds": [second, third]})
    (shown,) = calls.describe_db_subnet_groups(DBSubnetGroupName=group.ref)["DBSubnetGroups"]
    assert {one["SubnetIdentifier"] for one in shown["Subnets"]} == {second, third}

    within = {**DATABASE, "DBSubnetGroupName": group.ref, "VPCSecurityGroups": ["sg-1"]}
    database = make(lab, DBInstance(), within, "Database")
    assert database.ref == database.ref.lower()
    assert database.ref in database.attribute("Endpoint.Address")
    assert database.attribute("Endpoint.Port") == "3306"
    (shown,) = calls.describe_db_instances(DBInstanceIdentifier=database.ref)["DBInstances"]
    assert shown["Engine"] == "mysql"
    assert shown["DBSubnetGroup"]["DBSubnetGroupName"] == group.ref
    assert [one["VpcSecurityGroupId"] for one in shown["VpcSecurityGroups"]] == ["sg-1"]
    arn = database.attribute("DBInstanceArn")
    assert tags(engine, arn)["team"] == "web"

    other = {
        **within,
        "AllocatedStorage": "20",
        "EnableCloudwatchLogsExports": ["error"],
        "Engine": "mysql",
        "Port": "3307",
        "Tags": [{"Key": "k", "Value": "v"}],
    }
    database = lab.update(database, other)
    assert database.attribute("Endpoint.Port") == "3307"
    (shown,) = calls.describe_db_instances(DBInstanceIdentifier=database.ref)["DBInstances"]
    assert shown["AllocatedStorage"] == 20
    assert shown["EnabledCloudwatchLogsExports"] == ["error"]
    assert tags(engine, arn)["k"] == "v"
    database = lab.update(database, within)
    (shown,) = calls.describe_db_instances(DBInstanceIdentifier=database.ref)["DBInstances"]
    assert not shown.get("EnabledCloudwatchLogsExports")
    assert "k" not in tags(engine, arn)
    lab.delete(database)
    code, _ = error_of(lambda: calls.describe_db_instances(DBInstanceIdentifier=database.ref))
    assert code.startswith("DBInstanceNotFound")
    lab.delete(group)


def test_another_engine_is_another_database() -> None:
    changed = DBInstance().replacing(DATABASE, {**DATABASE, "Engine": "postgres"})
    assert changed == {"Engine"}
    assert DBInstance().replacing(DATABASE, {**DATABASE, "Engine": "mysql"}) == set()


def test_a_replica_and_a_database_of_a_snapshot(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client("rds")
    source = make(lab, DBInstance(), DATABASE, "Source")
    replica = make(
        lab,
        DBInstance(),
        {"DBInstanceClass": "db.t3.small", "SourceDBInstanceIdentifier": source.ref},
        "Replica",
    )
    (shown,) = calls.describe_db_instances(DBInstanceIdentifier=replica.ref)["DBInstances"]
    assert shown["ReadReplicaSourceDBInstanceIdentifier"] == source.ref
    snapshot = engine.name("snapshot")
    calls.create_db_snapshot(DBSnapshotIdentifier=snapshot, DBInstanceIdentifier=source.ref)
    restored = make(
        lab,
        DBInstance(),
        {"DBInstanceClass": "db.t3.small", "DBSnapshotIdentifier": snapshot},
        "Restored",
    )
    (shown,) = calls.describe_db_instances(DBInstanceIdentifier=restored.ref)["DBInstances"]
    assert shown["MasterUsername"] == "admin"
    for one in (replica, restored, source):
        lab.delete(one)
    calls.delete_db_snapshot(DBSnapshotIdentifier=snapshot)


def test_a_cluster_with_an_instance(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client("rds")
    family = {"Description": "d", "Family": "aurora-mysql8.0"}
    parameters = {"binlog_format": "ROW", "slow_query_log": 1}
    tagged = {"Parameters": parameters, "Tags": [{"Key": "k", "Value": "v"}]}
    group = make(lab, DBClusterParameterGroup(), {**family, **tagged}, "Group")
    group = lab.update(group, {**family, "Parameters": parameters})
    place = f"arn:aws:rds:{engine.region}:{engine.account}"
    assert "k" not in tags(engine, f"{place}:cluster-pg:{group.ref}")
    settings = {
        "DBClusterParameterGroupName": group.ref,
        "DatabaseName": "shop",
        "Engine": "aurora-mysql",
        "ManageMasterUserPassword": "true",
        "MasterUsername": "admin",
    }
    cluster = make(lab, DBCluster(), settings, "Cluster")
    assert cluster.attribute("Endpoint.Port") == "3306"
    assert cluster.attribute("ReadEndpoint.Address") != cluster.attribute("Endpoint.Address")
    secret = cluster.attribute("MasterUserSecret.SecretArn")
    assert engine.client("secretsmanager").describe_secret(SecretId=secret)["ARN"] == secret
    member = make(
        lab,
        DBInstance(),
        {
            "DBClusterIdentifier": cluster.ref,
            "DBInstanceClass": "db.t3.small",
            "Engine": "aurora-mysql",
        },
        "Member",
    )
    (shown,) = calls.describe_db_clusters(DBClusterIdentifier=cluster.ref)["DBClusters"]
    assert [one["DBInstanceIdentifier"] for one in shown["DBClusterMembers"]] == [member.ref]
    cluster = lab.update(cluster, {**settings, "BackupRetentionPeriod": "3"})
    (shown,) = calls.describe_db_clusters(DBClusterIdentifier=cluster.ref)["DBClusters"]
    assert shown["BackupRetentionPeriod"] == 3
    for one in (member, cluster, group):
        lab.delete(one)
    code, _ = error_of(lambda: calls.describe_db_clusters(DBClusterIdentifier=cluster.ref))
    assert code == "DBClusterNotFoundFault"


def test_parameters_come_change_and_go(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client("rds")
    family = {"Description": "d", "Family": "mysql8.0"}
    # More than one call may change.
    many = {f"parameter_{number}": number for number in range(25)}
    group = lab.create(DBParameterGroup(), {**family, "Parameters": many})

    def values() -> dict[str, str]:
        found = calls.describe_db_parameters(DBParameterGroupName=group.ref)["Parameters"]
        return {one["ParameterName"]: one["ParameterValue"] for one in found}

    assert values() == {name: str(value) for name, value in many.items()}
    lab.update(group, {**family, "Parameters": {"parameter_1": True, "parameter_2": 2}})
    assert values() == {"parameter_1": "true", "parameter_2": "2"}
    assert DBParameterGroup().replacing(family, {**family, "Family": "mysql5.7"}) == {"Family"}
    lab.delete(group)


def test_what_has_no_effect_is_refused(engine: Engine) -> None:
    with pytest.raises(Refused, match="does not have the property RestoreTime"):
        Lab(engine).create(DBInstance(), {**DATABASE, "RestoreTime": "2026-01-01T00:00:00Z"})


def test_a_stack_as_list_manager_has_it(engine: Engine) -> None:
    """A VPC, two subnets, a group of them and a database there: AWS's own sample."""
    stack = Stack(engine)
    zones = [f"{engine.region}{letter}" for letter in "ab"]
    resources: dict[str, Any] = {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.44.0.0/16"}},
        "Group": {
            "Type": "AWS::RDS::DBSubnetGroup",
            "Properties": {
                "DBSubnetGroupDescription": "d",
                "SubnetIds": [{"Ref": "Subnet0"}, {"Ref": "Subnet1"}],
            },
        },
        "Database": {
            "Type": "AWS::RDS::DBInstance",
            "DeletionPolicy": "Delete",
            "Properties": {
                **DATABASE,
                "DBSubnetGroupName": {"Ref": "Group"},
                "VPCSecurityGroups": [{"Fn::GetAtt": ["Vpc", "DefaultSecurityGroup"]}],
            },
        },
    }
    for number, zone in enumerate(zones):
        resources[f"Subnet{number}"] = {
            "Type": "AWS::EC2::Subnet",
            "Properties": {
                "AvailabilityZone": zone,
                "CidrBlock": f"10.44.{number}.0/24",
                "VpcId": {"Ref": "Vpc"},
            },
        }
    outputs = {
        "Ref": {"Ref": "Database"},
        "Where": {"Fn::Sub": "${Database.Endpoint.Address}:${Database.Endpoint.Port}"},
    }
    assert stack.create(resources, outputs) == "CREATE_COMPLETE"
    told = {one["OutputKey"]: one["OutputValue"] for one in stack.told()["Outputs"]}
    calls = engine.client("rds")
    (shown,) = calls.describe_db_instances(DBInstanceIdentifier=told["Ref"])["DBInstances"]
    endpoint = shown["Endpoint"]
    assert told["Where"] == f"{endpoint['Address']}:{endpoint['Port']}"
    said = stack.api.describe_stack_events(StackName=stack.name)["StackEvents"]
    assert any("runs no databases" in one.get("ResourceStatusReason", "") for one in said)
    assert stack.delete() == "DELETE_COMPLETE"
