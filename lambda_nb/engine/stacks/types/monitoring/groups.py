"""``AWS::ResourceGroups::Group``: resources found by a query."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.by_calls import ByCalls
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType, changed
from lambda_nb.engine.stacks.types.tagging import Tagging

_BY_STACK = "CLOUDFORMATION_STACK_1_0"


class Group(ByCalls):
    """A group by tags or by a stack; the stack it is in, if its query names none."""

    name = "AWS::ResourceGroups::Group"
    service = "resource-groups"
    creates = "CreateGroup"
    updates = "UpdateGroup"
    deletes = "DeleteGroup"
    describes = "GetGroup"
    described = "Group"
    key = "GroupName"
    attributes: ClassVar = {"Arn": "GroupArn"}
    reference = "Name"
    defaults: ClassVar = {"Description": ""}
    tagging = Tagging(key="", reserved=False)

    def works(self) -> frozenset[str]:
        return super().works() - {"Resources"}

    def creation(self, context: Context, properties: Properties) -> dict[str, Any]:
        query = _query(context, properties)
        own = {**properties, "ResourceQuery": query} if query else properties
        return super().creation(context, own)

    def finish(self, context: Context, physical_id: str, old: Properties, new: Properties) -> None:
        client = context.client("resource-groups")
        query = _query(context, new)
        if old and query and changed(old, new, "ResourceQuery"):
            client.update_group_query(GroupName=physical_id, ResourceQuery=query)
        if old and changed(old, new, "Configuration") and new.get("Configuration"):
            client.put_group_configuration(Group=physical_id, Configuration=new["Configuration"])

    def _tag(self, context: Context, made: Made, old: Properties, new: Properties) -> None:
        assert self.tagging is not None
        client = context.client("resource-groups")
        arn = made.attributes["Arn"]
        self.tagging.change(
            context,
            old,
            new,
            lambda tags: client.tag(Arn=arn, Tags=tags),
            lambda gone: client.untag(Arn=arn, Keys=gone),
        )

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        with absence_is_fine("BadRequestException"):
            context.client("resource-groups").delete_group(GroupName=made.physical_id)


def _query(context: Context, properties: Properties) -> dict[str, str] | None:
    given = properties.get("ResourceQuery")
    if not given:
        return None
    query = dict(given.get("Query") or {})
    if given.get("Type") == _BY_STACK:
        query.setdefault("StackIdentifier", context.stack_id)
    query.setdefault("ResourceTypeFilters", ["AWS::AllSupported"])
    return {"Type": given["Type"], "Query": json.dumps(query)}


TYPES: tuple[ResourceType, ...] = (Group(),)
