"""``AWS::RDS::DBSubnetGroup``, ``DBParameterGroup`` and ``DBClusterParameterGroup``."""

from __future__ import annotations

from typing import Any, ClassVar

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.databases.calls import OfRds
from lambda_nb.engine.stacks.types.resource_type import ResourceType
from lambda_nb.engine.stacks.types.values import text_of

_AT_ONCE = 20
"""Parameters that one call changes at most (RDS' API reference, ModifyDBParameterGroup, 2026)."""


class DBSubnetGroup(OfRds):
    """The subnets in which databases may be."""

    name = "AWS::RDS::DBSubnetGroup"
    creates = "CreateDBSubnetGroup"
    updates = "ModifyDBSubnetGroup"
    deletes = "DeleteDBSubnetGroup"
    describes = "DescribeDBSubnetGroups"
    described = "DBSubnetGroups.0"
    key = "DBSubnetGroupName"
    named = "DBSubnetGroupName"
    absent = ("DBSubnetGroupNotFoundFault",)
    attributes: ClassVar = {"DBSubnetGroupArn": "DBSubnetGroupArn"}
    tagged_by = "DBSubnetGroupArn"


class _ParameterGroup(OfRds):
    """Parameters of database engines; a change takes effect when a database is started again."""

    noun: ClassVar[str]
    renamed: ClassVar = {"DBParameterGroupFamily": "Family"}
    absent = ("DBParameterGroupNotFound", "DBParameterGroupNotFoundFault")

    def works(self) -> frozenset[str]:
        return super().works() | {"Parameters"}

    def replacing(self, old: Properties, new: Properties) -> set[str]:
        return ResourceType.replacing(self, old, new)

    def finish(self, context: Context, physical_id: str, old: Properties, new: Properties) -> None:
        were, are = _parameters(old), _parameters(new)
        gone = [{"ParameterName": name} for name in were if name not in are]
        other = [
            {"ParameterName": name, "ParameterValue": value}
            for name, value in are.items()
            if were.get(name) != value
        ]
        for verb, listed in (("Reset", gone), ("Modify", other)):
            for first in range(0, len(listed), _AT_ONCE):
                batch: list[dict[str, Any]] = [
                    {**one, "ApplyMethod": "pending-reboot"}
                    for one in listed[first : first + _AT_ONCE]
                ]
                which = {self.key: physical_id, "Parameters": batch}
                self.call(context, verb + self.noun, which)


class DBParameterGroup(_ParameterGroup):
    """Parameters of instances."""

    name = "AWS::RDS::DBParameterGroup"
    noun = "DBParameterGroup"
    creates = "CreateDBParameterGroup"
    deletes = "DeleteDBParameterGroup"
    describes = "DescribeDBParameterGroups"
    described = "DBParameterGroups.0"
    key = "DBParameterGroupName"
    named = "DBParameterGroupName"
    attributes: ClassVar = {"DBParameterGroupArn": "DBParameterGroupArn"}
    tagged_by = "DBParameterGroupArn"


class DBClusterParameterGroup(_ParameterGroup):
    """Parameters of clusters."""

    name = "AWS::RDS::DBClusterParameterGroup"
    noun = "DBClusterParameterGroup"
    creates = "CreateDBClusterParameterGroup"
    deletes = "DeleteDBClusterParameterGroup"
    key = "DBClusterParameterGroupName"
    named = "DBClusterParameterGroupName"

    def tag_target(self, context: Context, made: Made) -> str:
        place = f"arn:{context.partition}:rds:{context.region}:{context.account}"
        return f"{place}:cluster-pg:{made.physical_id}"


def _parameters(properties: Properties) -> dict[str, str]:
    given = properties.get("Parameters") or {}
    return {str(name): text_of(value) for name, value in given.items()}


TYPES: tuple[ResourceType, ...] = (
    DBSubnetGroup(),
    DBParameterGroup(),
    DBClusterParameterGroup(),
)
