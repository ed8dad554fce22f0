"""``AWS::ApplicationInsights::Application``, which watches an application's metrics and logs.

It changes nothing of the application, and nothing here does what it does. Many templates of SAM's
samples have one: it passes, made of nothing, and the stack's events say so.
"""

from __future__ import annotations

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType


class Application(ResourceType):
    """One that is only recorded."""

    name = "AWS::ApplicationInsights::Application"

    def create(self, context: Context, properties: Properties) -> Made:
        place = f"{context.partition}:applicationinsights:{context.region}:{context.account}"
        arn = f"arn:{place}:application/resource-group/{properties['ResourceGroupName']}"
        return Made(arn, {"ApplicationARN": arn})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        pass

    def remark(self, properties: Properties) -> str:
        return f"lambda_nb does not have what {self.name} does; nothing was made."


TYPES: tuple[ResourceType, ...] = (Application(),)
