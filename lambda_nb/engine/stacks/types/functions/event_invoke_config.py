"""``AWS::Lambda::EventInvokeConfig``."""

from __future__ import annotations

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType


class EventInvokeConfig(ResourceType):
    """How asynchronous invocations of a function, version or alias are retried and reported."""

    name = "AWS::Lambda::EventInvokeConfig"
    overwrites = True

    def create(self, context: Context, properties: Properties) -> Made:
        """Put the configuration."""
        self._put(context, properties)
        return Made(_identity(properties))

    def taken(self, context: Context, properties: Properties) -> str | None:
        """What has a configuration already."""
        identity = _identity(properties)
        return None if self.read(context, Made(identity), properties) is None else identity

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Put the configuration in the place of the old one."""
        self._put(context, new)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete the configuration."""
        with absence_is_fine():
            context.client("lambda").delete_function_event_invoke_config(
                FunctionName=properties["FunctionName"], Qualifier=str(properties["Qualifier"])
            )

    def read(self, context: Context, made: Made, properties: Properties) -> Properties | None:
        """The configuration."""
        calls = context.client("lambda")
        try:
            found = calls.get_function_event_invoke_config(
                FunctionName=properties["FunctionName"], Qualifier=str(properties["Qualifier"])
            )
        except calls.exceptions.ResourceNotFoundException:
            return None
        return {**properties, **{name: found[name] for name in properties if name in found}}

    def _put(self, context: Context, properties: Properties) -> None:
        parameters = shapes.parameters("lambda", "PutFunctionEventInvokeConfig", properties)
        context.client("lambda").put_function_event_invoke_config(**parameters)


def _identity(properties: Properties) -> str:
    return f"{properties['FunctionName']}|{properties['Qualifier']}"


TYPES: tuple[ResourceType, ...] = (EventInvokeConfig(),)
