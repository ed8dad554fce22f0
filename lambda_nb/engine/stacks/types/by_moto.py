"""Resource types that have no class here, made by moto's own CloudFormation.

moto is the library behind the neighbours. For some types (databases, clusters, networks) it knows
how a stack makes them. Each resource gets a stack of its own there, which nobody sees: it has this
one resource, with properties that are already resolved.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.types import schemas
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.moto_types import Known, moto_knows
from lambda_nb.engine.stacks.types.resource_type import ResourceType

_LOGICAL_ID = "Resource"
_HIDDEN_STACK = "lambda_nb:HiddenStack"
"""The attribute of a resource that has the name of its stack in moto."""
_LONGEST_NAME = 63
_IN_LOWER_CASE = ("Redshift",)
_AS_TEXT = {"AWS::SSM::Document": ("Content",)}
"""Properties of types that may be objects, and that moto takes as texts only."""


class Fallback:
    """Finds types that moto can make.

    Parameters
    ----------
    connect
        Returns, for a Region, a boto3 client of CloudFormation that calls moto itself. The
        engine's own address does not do: there the engine answers.
    """

    def __init__(self, connect: Callable[[str], Any]) -> None:
        self._connect = connect
        self._found: dict[str, ResourceType] = {}

    def find(self, type_name: str) -> ResourceType | None:
        """The type, or ``None`` if moto does not know it either."""
        known = moto_knows(type_name)
        if known is None:
            return None
        if type_name not in self._found:
            made = type("ByMoto", (_ByMoto,), {"name": type_name})
            self._found[type_name] = made(known, self._connect)
        return self._found[type_name]


class _ByMoto(ResourceType):
    """A type whose resources moto makes. Properties that moto does not know have no effect."""

    def __init__(self, known: Known, connect: Callable[[str], Any]) -> None:
        self._known = known
        self._connect = connect

    def create(self, context: Context, properties: Properties) -> Made:
        stack = _stack_of(context)
        named = self._named(context, properties)
        template = self._template({**named, **properties})
        self._call(context, "create_stack", "make", StackName=stack, TemplateBody=template)
        context.made(stack)
        return self._made(context, stack, named.get(self._known.named))

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        stack = _stack_name(made)
        named = dict.fromkeys(self._named(context, new), made.physical_id)
        template = self._template({**named, **new})
        self._call(context, "update_stack", "change", StackName=stack, TemplateBody=template)
        return self._made(context, stack, made.physical_id)

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        if not self._known.deletes:
            raise Refused(
                f"lambda_nb cannot delete resources of type {self.name}. Give the resource "
                '"DeletionPolicy": "Retain", or delete the stack with RetainResources.',
                "NotUpdatable",
            )
        try:
            self._call(context, "delete_stack", "delete", StackName=_stack_name(made))
        except Refused as error:
            if "does not exist" not in str(error):
                raise

    def replacing(self, old: Properties, new: Properties) -> set[str]:
        if self._known.updates:
            return super().replacing(old, new)
        return {name for name in {*old, *new} if old.get(name) != new.get(name)}

    def _named(self, context: Context, properties: Properties) -> dict[str, str]:
        """The property that is the resource's name, with a name, if the template gives none."""
        schema = schemas.of(self.name)
        identity = schema.document.get("primaryIdentifier", ())
        name = identity[0].rpartition("/")[2] if len(identity) == 1 else ""
        if name in properties or name not in schema.settable:
            return {}
        lower = self.name.split("::")[1] in _IN_LOWER_CASE
        return {name: context.name(_LONGEST_NAME, lower=lower)}

    def _template(self, properties: Properties) -> str:
        schema = schemas.of(self.name)
        # moto leaves out what CloudFormation fills in.
        defaults = {
            name: one["default"]
            for name, one in schema.properties.items()
            if "default" in one and name in schema.settable
        }
        given = {**defaults, **properties}
        for name in _AS_TEXT.get(self.name, ()):
            if isinstance(given.get(name), dict):
                given[name] = json.dumps(given[name])
        said = {*schema.attributes, *schema.properties}
        asked = sorted(self._known.attributes & said)
        outputs = {
            f"A{index}": {"Value": {"Fn::GetAtt": [_LOGICAL_ID, name]}, "Description": name}
            for index, name in enumerate(asked)
        }
        return json.dumps(
            {
                "Resources": {_LOGICAL_ID: {"Type": self.name, "Properties": given}},
                "Outputs": outputs,
            }
        )

    def _made(self, context: Context, stack: str, name: str | None) -> Made:
        client = self._connect(context.region)
        resources = client.describe_stack_resources(StackName=stack)["StackResources"]
        physical_id = next((one.get("PhysicalResourceId") for one in resources), None) or name
        if not physical_id:
            raise Refused(
                f"lambda_nb cannot tell the physical ID of resources of type {self.name}: moto, "
                "which makes them, does not say it. Leave the resource out of the template.",
                "InvalidRequest",
            )
        described = client.describe_stacks(StackName=stack)["Stacks"][0]
        attributes = {
            one["Description"]: one["OutputValue"]
            for one in described.get("Outputs", ())
            if one.get("OutputValue") is not None
        }
        return Made(physical_id, {**attributes, _HIDDEN_STACK: stack})

    def _call(self, context: Context, method: str, doing: str, **parameters: Any) -> None:
        # Imported late: botocore takes a moment, and an engine without stacks needs none of it.
        from botocore.exceptions import ClientError
        from botocore.parsers import ResponseParserError

        client = self._connect(context.region)
        try:
            getattr(client, method)(**parameters)
        except ClientError as error:
            told = error.response["Error"].get("Message") or "no reason was given"
            raise Refused(
                f"moto, which keeps {self.name} here, could not {doing} it: {told}",
                "InvalidRequest",
            ) from error
        except ResponseParserError as error:  # moto's page for an exception of its own
            raise Refused(
                f"moto, which keeps {self.name} here, failed to {doing} it with these properties "
                "and does not say why. Leave out the properties that are not needed here, or the "
                "resource.",
            ) from error


def _stack_of(context: Context) -> str:
    # Not the resource's own made-up name: moto makes names of its stack's name, and some are short.
    told = hashlib.sha256(f"{context.stack_id} {context.name()}".encode()).hexdigest()[:8]
    return f"{context.stack_name[:20]}-{told}"


def _stack_name(made: Made) -> str:
    """The hidden stack; ``context.made`` was told its name before the resource's own was known."""
    return str(made.attributes.get(_HIDDEN_STACK, made.physical_id))
