"""``AWS::SSM::Parameter``."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType
from lambda_nb.engine.stacks.types.tagging import LISTED

_MISSING = "ParameterNotFound"


class Parameter(ResourceType):
    """A parameter: text, or a list of texts."""

    name = "AWS::SSM::Parameter"

    def create(self, context: Context, properties: Properties) -> Made:
        """Create it; a name that is taken is refused."""
        name = str(properties.get("Name") or context.name())
        tags = LISTED.form(LISTED.wanted(context, properties))
        context.client("ssm").put_parameter(**_parameters(properties, name), Tags=tags)
        return _made(context, name, properties)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Put the new value, which is the parameter's next version."""
        calls, name = context.client("ssm"), made.physical_id
        parameters = {"Description": "", **_parameters(new, name), "Overwrite": True}
        calls.put_parameter(**parameters)
        which = {"ResourceType": "Parameter", "ResourceId": name}
        LISTED.change(
            context,
            old,
            new,
            lambda wanted: calls.add_tags_to_resource(**which, Tags=wanted),
            lambda keys: calls.remove_tags_from_resource(**which, TagKeys=keys),
        )
        return _made(context, name, new)

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete it."""
        with absence_is_fine(_MISSING):
            context.client("ssm").delete_parameter(Name=made.physical_id)

    def read(self, context: Context, made: Made, properties: Properties) -> Properties | None:
        """Its value and type."""
        calls = context.client("ssm")
        try:
            found = calls.get_parameter(Name=made.physical_id)["Parameter"]
        except calls.exceptions.ParameterNotFound:
            return None
        return {**properties, **{name: found[name] for name in properties if name in found}}


def _parameters(properties: Properties, name: str) -> dict[str, Any]:
    if properties.get("Type") == "SecureString":
        raise Refused(
            "CloudFormation does not make parameters of type SecureString: Type is String or "
            "StringList.",
            "InvalidRequest",
        )
    plain = {member: held for member, held in properties.items() if member != "Tags"}
    return shapes.parameters("ssm", "PutParameter", {**plain, "Name": name})


def _made(context: Context, name: str, properties: Properties) -> Made:
    place = f"arn:{context.partition}:ssm:{context.region}:{context.account}"
    return Made(
        name,
        {
            "Arn": f"{place}:parameter/{name.removeprefix('/')}",
            "Type": properties["Type"],
            "Value": properties["Value"],
        },
    )


TYPES: tuple[ResourceType, ...] = (Parameter(),)
