"""``AWS::StepFunctions::Activity``."""

from __future__ import annotations

from functools import partial

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.absence import is_absent
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.identity.step_functions.state_machines import TAGS, tag
from lambda_nb.engine.stacks.types.resource_type import ResourceType


class Activity(ResourceType):
    """Work that a program of its own fetches and does."""

    name = "AWS::StepFunctions::Activity"
    overwrites = True  # one that exists is given back as if it were new

    def create(self, context: Context, properties: Properties) -> Made:
        """Create it."""
        plain = {member: held for member, held in properties.items() if member != "Tags"}
        arn = context.client("stepfunctions").create_activity(
            **shapes.parameters("stepfunctions", "CreateActivity", plain),
            tags=TAGS.form(TAGS.wanted(context, properties)),
        )["activityArn"]
        return Made(arn, {"Arn": arn, "Name": str(properties["Name"])})

    def taken(self, context: Context, properties: Properties) -> str | None:
        """The ARN of the activity of this name."""
        place = f"arn:{context.partition}:states:{context.region}:{context.account}"
        arn = f"{place}:activity:{properties['Name']}"
        calls = context.client("stepfunctions")
        look = partial(calls.describe_activity, activityArn=arn)
        return None if is_absent(look, "ActivityDoesNotExist") else arn

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change its tags."""
        tag(context, made.physical_id, old, new)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete it."""
        context.client("stepfunctions").delete_activity(activityArn=made.physical_id)


TYPES: tuple[ResourceType, ...] = (Activity(),)
