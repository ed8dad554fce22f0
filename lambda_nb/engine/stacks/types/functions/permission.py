"""``AWS::Lambda::Permission``."""

from __future__ import annotations

import json

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType


class Permission(ResourceType):
    """A statement of the resource policy of a function, a version or an alias."""

    name = "AWS::Lambda::Permission"

    def create(self, context: Context, properties: Properties) -> Made:
        """Add the statement."""
        statement = context.name(100)
        parameters = shapes.parameters(
            "lambda", "AddPermission", {**properties, "StatementId": statement}
        )
        context.client("lambda").add_permission(**parameters)
        return Made(statement, {"Id": statement})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Nothing of it can change in place."""
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Remove the statement."""
        with absence_is_fine():
            context.client("lambda").remove_permission(
                FunctionName=properties["FunctionName"], StatementId=made.physical_id
            )

    def read(self, context: Context, made: Made, properties: Properties) -> Properties | None:
        """Whether the statement is there: it cannot be changed, only removed."""
        found = ""
        with absence_is_fine():
            found = context.client("lambda").get_policy(FunctionName=properties["FunctionName"])[
                "Policy"
            ]
        statements = json.loads(found)["Statement"] if found else ()
        there = any(one["Sid"] == made.physical_id for one in statements)
        return properties if there else None


TYPES: tuple[ResourceType, ...] = (Permission(),)
