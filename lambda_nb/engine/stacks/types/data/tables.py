"""``AWS::DynamoDB::Table`` and, with one replica, ``AWS::DynamoDB::GlobalTable``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.absence import absence_is_fine, is_absent
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.data import global_tables, table_changes
from lambda_nb.engine.stacks.types.reading import like, now
from lambda_nb.engine.stacks.types.resource_type import ResourceType, changed, given, refuse_unknown
from lambda_nb.engine.stacks.types.tagging import LISTED
from lambda_nb.engine.stacks.types.values import text_of

_WORKS = frozenset(
    {
        "AttributeDefinitions",
        "BillingMode",
        "DeletionProtectionEnabled",
        "GlobalSecondaryIndexes",
        "KeySchema",
        "LocalSecondaryIndexes",
        "OnDemandThroughput",
        "PointInTimeRecoverySpecification",
        "ProvisionedThroughput",
        "ResourcePolicy",
        "SSESpecification",
        "StreamSpecification",
        "TableClass",
        "TableName",
        "Tags",
        "TimeToLiveSpecification",
        "WarmThroughput",
    }
)
_DESCRIBED = (
    "AttributeDefinitions",
    "BillingMode",
    "DeletionProtectionEnabled",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
    "ProvisionedThroughput",
    "StreamSpecification",
    "TableName",
)
"""The properties that ``DescribeTable`` tells in the form in which templates give them."""


class Table(ResourceType):
    """A table, made when it is active."""

    name = "AWS::DynamoDB::Table"

    def create(self, context: Context, properties: Properties) -> Made:
        refuse_unknown(self.name, properties, _WORKS)
        client = context.client("dynamodb")
        name = properties.get("TableName") or context.name(255)
        parameters = shapes.parameters("dynamodb", "CreateTable", _as_created(properties))
        tags = LISTED.form(LISTED.wanted(context, properties))
        client.create_table(**{**parameters, "TableName": name}, **({"Tags": tags} if tags else {}))
        context.made(name)
        table_changes.active(context, name)
        self._settle(context, name, {}, properties)
        return _made(context, name)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        refuse_unknown(self.name, new, _WORKS)
        client = context.client("dynamodb")
        name = made.physical_id
        table_changes.apply(context, name, old, new)
        self._settle(context, name, old, new)
        arn = made.attributes["Arn"]
        LISTED.change(
            context,
            old,
            new,
            lambda tags: client.tag_resource(ResourceArn=arn, Tags=tags),
            lambda gone: client.untag_resource(ResourceArn=arn, TagKeys=gone),
        )
        return _made(context, name)

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        client = context.client("dynamodb")
        with absence_is_fine():
            client.delete_table(TableName=made.physical_id)

        def gone() -> bool | None:
            return is_absent(lambda: client.describe_table(TableName=made.physical_id)) or None

        context.wait(gone, f"the end of the table {made.physical_id}")

    def read(self, context: Context, made: Made, properties: Properties) -> Properties | None:
        client = context.client("dynamodb")
        found: dict[str, Any] = {}
        with absence_is_fine():
            found = client.describe_table(TableName=made.physical_id)["Table"]
        if not found:
            return None
        found["BillingMode"] = (found.get("BillingModeSummary") or {}).get(
            "BillingMode", "PROVISIONED"
        )
        if not (found.get("StreamSpecification") or {}).get("StreamEnabled"):
            found["StreamSpecification"] = {}
        for indexes in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
            found.setdefault(indexes, [])
        as_it_is = now(properties, found, *_DESCRIBED)
        expiry = properties.get("TimeToLiveSpecification")
        if expiry:
            told = client.describe_time_to_live(TableName=made.physical_id)
            told = told["TimeToLiveDescription"]
            told["Enabled"] = told["TimeToLiveStatus"] in ("ENABLED", "ENABLING")
            as_it_is["TimeToLiveSpecification"] = like(expiry, told)
        return as_it_is

    def replacing(self, old: Properties, new: Properties) -> set[str]:
        # The schema has these as conditional: the reference says "Replacement".
        more = {name for name in ("KeySchema", "LocalSecondaryIndexes") if changed(old, new, name)}
        was, now = _types_of(old), _types_of(new)
        if any(now.get(name, kind) != kind for name, kind in was.items()):
            more.add("AttributeDefinitions")
        return super().replacing(old, new) | more

    def remark(self, properties: Properties) -> str | None:
        return table_changes.without_effect(properties)

    @staticmethod
    def _settle(context: Context, name: str, old: Properties, new: Properties) -> None:
        """Do what is not in ``CreateTable`` and ``UpdateTable``."""
        client = context.client("dynamodb")
        if changed(old, new, "TimeToLiveSpecification"):
            table_changes.expire(client, name, old, new)
        if changed(old, new, "PointInTimeRecoverySpecification"):
            wanted = new.get("PointInTimeRecoverySpecification") or {}
            specification = {"PointInTimeRecoveryEnabled": False, **wanted}
            client.update_continuous_backups(
                TableName=name,
                **shapes.parameters(
                    "dynamodb",
                    "UpdateContinuousBackups",
                    {"PointInTimeRecoverySpecification": specification},
                ),
            )
        if changed(old, new, "ResourcePolicy"):
            arn = client.describe_table(TableName=name)["Table"]["TableArn"]
            if new.get("ResourcePolicy"):
                client.put_resource_policy(ResourceArn=arn, Policy=_policy(new))
            else:
                client.delete_resource_policy(ResourceArn=arn)


class GlobalTable(ResourceType):
    """A global table whose only replica is in the stack's Region: a table."""

    name = "AWS::DynamoDB::GlobalTable"

    def __init__(self, table: Table) -> None:
        self._table = table

    def create(self, context: Context, properties: Properties) -> Made:
        own = global_tables.as_table(properties, context.region)
        return self._made(context, self._table.create(context, own))

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        region = context.region
        was, now = global_tables.as_table(old, region), global_tables.as_table(new, region)
        return self._made(context, self._table.update(context, made, was, now))

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        self._table.delete(context, made, properties)

    def remark(self, properties: Properties) -> str | None:
        return table_changes.without_effect(properties)

    @staticmethod
    def _made(context: Context, made: Made) -> Made:
        table = context.client("dynamodb").describe_table(TableName=made.physical_id)["Table"]
        number = given(TableId=table.get("TableId"))
        return Made(made.physical_id, {**made.attributes, **number})


def _as_created(properties: Properties) -> dict[str, Any]:
    """The properties in the form of ``CreateTable``."""
    later = ("ResourcePolicy", "Tags")
    own = {name: value for name, value in properties.items() if name not in later}
    if own.get("StreamSpecification"):
        own["StreamSpecification"] = table_changes.stream(own["StreamSpecification"])
    if own.get("SSESpecification"):
        own["SSESpecification"] = table_changes.encryption(own["SSESpecification"])
    if "ProvisionedThroughput" in own and own.get("BillingMode") == "PAY_PER_REQUEST":
        raise Refused(
            "One or more parameter values were invalid: Neither ReadCapacityUnits nor "
            "WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
            "InvalidRequest",
        )
    return own


def _policy(properties: Properties) -> str:
    return text_of(properties["ResourcePolicy"]["PolicyDocument"])


def _types_of(properties: Properties) -> Mapping[str, str]:
    return {
        one["AttributeName"]: one["AttributeType"]
        for one in properties.get("AttributeDefinitions") or ()
    }


def _made(context: Context, name: str) -> Made:
    table = context.client("dynamodb").describe_table(TableName=name)["Table"]
    attributes = {"Arn": table["TableArn"]}
    if (table.get("StreamSpecification") or {}).get("StreamEnabled"):
        attributes["StreamArn"] = table["LatestStreamArn"]
    return Made(name, attributes)


_TABLE = Table()
TYPES: tuple[ResourceType, ...] = (_TABLE, GlobalTable(_TABLE))
