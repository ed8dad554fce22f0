"""Types that make nothing: they only say something about a stack."""

from __future__ import annotations

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType


class Nothing(ResourceType):
    """``AWS::CDK::Metadata``: which constructs an app uses, for AWS's statistics."""

    name = "AWS::CDK::Metadata"

    def create(self, context: Context, properties: Properties) -> Made:
        return Made(context.name())

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        pass
