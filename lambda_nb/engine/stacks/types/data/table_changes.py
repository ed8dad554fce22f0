"""What is done to a DynamoDB table, one change after the other, when its properties change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.stacks.model import Properties, Refused
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import changed
from lambda_nb.engine.stacks.types.values import is_true

_THROUGHPUT = ("ProvisionedThroughput", "OnDemandThroughput", "WarmThroughput")
_UNLIMITED = (
    "OnDemandThroughput",
    "ReadOnDemandThroughputSettings",
    "WarmThroughput",
    "WriteOnDemandThroughputSettings",
)
"""What limits a table on AWS or prepares it for much traffic."""
_INDEX_CHANGES = {*_THROUGHPUT, "ContributorInsightsSpecification"}


def active(context: Context, name: str) -> None:
    """Wait until the table and its indexes can be used. Raises as ``Context.wait``."""
    client = context.client("dynamodb")

    def look() -> bool | None:
        table = client.describe_table(TableName=name)["Table"]
        indexes = table.get("GlobalSecondaryIndexes") or ()
        states = [table["TableStatus"], *(one.get("IndexStatus", "ACTIVE") for one in indexes)]
        return True if set(states) == {"ACTIVE"} else None

    context.wait(look, f"the table {name} to be ACTIVE")


def apply(context: Context, name: str, old: Properties, new: Properties) -> None:
    """Change a table by ``UpdateTable``, as often as it takes.

    Raises
    ------
    Refused
        The change is one that DynamoDB does not do, or CloudFormation not at once.
    """
    indexes = _index_changes(old, new)
    throughput = {
        part: new[part]
        for part in ("BillingMode", *_THROUGHPUT)
        if part in new and changed(old, new, part)
    }
    if changed(old, new, "BillingMode") and "BillingMode" not in new:
        throughput["BillingMode"] = "PROVISIONED"
    if "BillingMode" in throughput and "ProvisionedThroughput" in new:
        throughput["ProvisionedThroughput"] = new["ProvisionedThroughput"]
    if throughput:
        _update(context, name, throughput)
    if changed(old, new, "StreamSpecification"):
        if old.get("StreamSpecification"):
            # A stream's view cannot be changed: one stream ends, another begins.
            _update(context, name, {"StreamSpecification": {"StreamEnabled": False}})
        if new.get("StreamSpecification"):
            wanted = stream(new["StreamSpecification"])
            _update(context, name, {"StreamSpecification": wanted})
    for change in indexes:
        given = {
            "AttributeDefinitions": new.get("AttributeDefinitions"),
            "GlobalSecondaryIndexUpdates": [change],
        }
        _update(context, name, given)
    others: dict[str, Any] = {}
    if changed(old, new, "SSESpecification"):
        others["SSESpecification"] = encryption(new.get("SSESpecification") or {})
    if changed(old, new, "DeletionProtectionEnabled"):
        others["DeletionProtectionEnabled"] = new.get("DeletionProtectionEnabled", False)
    if changed(old, new, "TableClass"):
        others["TableClass"] = new.get("TableClass", "STANDARD")
    if others:
        _update(context, name, others)


def without_effect(properties: Properties) -> str | None:
    """What a stack's events say of throughput, which has no limit here; ``None`` if nothing.

    Parameters
    ----------
    properties
        Of a table or a global table.

    Examples
    --------
    >>> without_effect({"OnDemandThroughput": {"MaxReadRequestUnits": 5}})
    'The tables of lambda_nb are never throttled: OnDemandThroughput has no effect.'
    """
    parts = [properties, *(properties.get("Replicas") or ())]
    parts += [index for part in parts for index in part.get("GlobalSecondaryIndexes") or ()]
    idle = sorted({name for part in parts for name in _UNLIMITED if part.get(name)})
    if not idle:
        return None
    have = "have" if idle[1:] else "has"
    return f"The tables of lambda_nb are never throttled: {', '.join(idle)} {have} no effect."


def stream(given: Mapping[str, Any]) -> dict[str, Any]:
    """A template's stream in the form of the API.

    Raises
    ------
    Refused
        It has a policy of its own.
    """
    if given.get("ResourcePolicy"):
        raise Refused(
            "lambda_nb has no resource policies of DynamoDB's streams. Leave ResourcePolicy out of "
            "StreamSpecification.",
            "InvalidRequest",
        )
    return {"StreamEnabled": True, "StreamViewType": given["StreamViewType"]}


def encryption(given: Mapping[str, Any]) -> dict[str, Any]:
    """A template's encryption in the form of the API."""
    names = {"SSEEnabled": "Enabled"}
    return {"Enabled": False, **{names.get(name, name): one for name, one in given.items()}}


def expire(client: Any, name: str, old: Properties, new: Properties) -> None:
    """Switch the expiry of items on, off or to another attribute."""
    was = old.get("TimeToLiveSpecification") or {}
    now = new.get("TimeToLiveSpecification") or {}
    before, wanted = _expires_by(was), _expires_by(now)
    if before and before != wanted:
        _expire_by(client, name, before, enabled=False)
    if wanted and before != wanted:
        _expire_by(client, name, wanted, enabled=True)


def _update(context: Context, name: str, given: Mapping[str, Any]) -> None:
    parameters = shapes.parameters("dynamodb", "UpdateTable", given)
    context.client("dynamodb").update_table(**{**parameters, "TableName": name})
    active(context, name)


def _index_changes(old: Properties, new: Properties) -> list[dict[str, Any]]:
    was = {one["IndexName"]: one for one in old.get("GlobalSecondaryIndexes") or ()}
    now = {one["IndexName"]: one for one in new.get("GlobalSecondaryIndexes") or ()}
    added = [name for name in now if name not in was]
    removed = [name for name in was if name not in now]
    if len(added) + len(removed) > 1:
        raise Refused(
            "Cannot perform more than one GSI creation or deletion in a single update",
            "InvalidRequest",
            untouched=True,
        )
    changes: list[dict[str, Any]] = [{"Delete": {"IndexName": name}} for name in removed]
    for name, index in now.items():
        before = was.get(name)
        if before is None:
            changes.append({"Create": index})
        elif before != index:
            different = {part for part in {*before, *index} if before.get(part) != index.get(part)}
            if different - _INDEX_CHANGES:
                raise Refused(
                    "Cannot update GSI's properties other than Provisioned Throughput and "
                    "Contributor Insights Specification. You can create a new GSI with a different "
                    "name.",
                    "InvalidRequest",
                    untouched=True,
                )
            wanted = {part: index[part] for part in _THROUGHPUT if part in index}
            if wanted:
                changes.append({"Update": {"IndexName": name, **wanted}})
    return changes


def _expires_by(given: Mapping[str, Any]) -> str | None:
    return str(given["AttributeName"]) if is_true(given.get("Enabled")) else None


def _expire_by(client: Any, name: str, attribute: str, *, enabled: bool) -> None:
    specification = {"Enabled": enabled, "AttributeName": attribute}
    client.update_time_to_live(TableName=name, TimeToLiveSpecification=specification)
