"""``AWS::StepFunctions::StateMachine``."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.identity.step_functions.definition import definition
from lambda_nb.engine.stacks.types.resource_type import ResourceType, with_name
from lambda_nb.engine.stacks.types.tagging import Tagging

TAGS = Tagging("key", "value")
_RENAMED = {"name": "StateMachineName", "type": "StateMachineType"}
_DEFAULTS = {
    "EncryptionConfiguration": {"Type": "AWS_OWNED_KEY"},
    "LoggingConfiguration": {"Level": "OFF"},
    "TracingConfiguration": {"Enabled": False},
}


class StateMachine(ResourceType):
    """A state machine."""

    name = "AWS::StepFunctions::StateMachine"
    overwrites = True  # an equal one that exists is given back as if it were new

    def create(self, context: Context, properties: Properties) -> Made:
        """Create it."""
        named = with_name(context, properties, "StateMachineName", 80)
        parameters = _parameters(context, "CreateStateMachine", named)
        calls = context.client("stepfunctions")
        tags = TAGS.form(TAGS.wanted(context, properties))
        arn = calls.create_state_machine(**parameters, tags=tags)["stateMachineArn"]
        context.made(arn)
        return _described(calls, arn)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change its definition, its role and what it tells; executions that run go on."""
        calls, arn = context.client("stepfunctions"), made.physical_id
        parameters = _parameters(context, "UpdateStateMachine", {**_DEFAULTS, **new})
        calls.update_state_machine(**parameters, stateMachineArn=arn)
        tag(context, arn, old, new)
        return _described(calls, arn)

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete it."""
        context.client("stepfunctions").delete_state_machine(stateMachineArn=made.physical_id)

    def read(self, context: Context, made: Made, properties: Properties) -> Properties | None:
        """Its role and its definition, if the template has that as text."""
        calls = context.client("stepfunctions")
        try:
            found = calls.describe_state_machine(stateMachineArn=made.physical_id)
        except calls.exceptions.StateMachineDoesNotExist:
            return None
        now = {**properties, "RoleArn": found["roleArn"]}
        if definition(context, properties) != found["definition"]:
            now["DefinitionString"] = found["definition"]
        return now


def tag(context: Context, arn: str, old: Properties, new: Properties) -> None:
    """Bring the tags of a state machine or an activity from the old properties to the new."""
    calls = context.client("stepfunctions")
    TAGS.change(
        context,
        old,
        new,
        lambda wanted: calls.tag_resource(resourceArn=arn, tags=wanted),
        lambda keys: calls.untag_resource(resourceArn=arn, tagKeys=keys),
    )


def _parameters(context: Context, operation: str, properties: Properties) -> dict[str, Any]:
    plain = {
        member: held
        for member, held in properties.items()
        if member != "Tags" and not member.startswith("Definition")
    }
    plain["Definition"] = definition(context, properties)
    return shapes.parameters("stepfunctions", operation, plain, _RENAMED)


def _described(calls: Any, arn: str) -> Made:
    found = calls.describe_state_machine(stateMachineArn=arn)
    return Made(
        arn,
        {"Arn": arn, "Name": found["name"], "StateMachineRevisionId": found["revisionId"]},
    )


TYPES: tuple[ResourceType, ...] = (StateMachine(),)
