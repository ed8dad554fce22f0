"""What the types of HTTP and WebSocket APIs share: calls, changes, and tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from botocore.model import ListShape, MapShape, Shape, StructureShape

from lambda_nb.engine import service_model
from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType
from lambda_nb.engine.stacks.types.tagging import Tagging

SERVICE = "apigatewayv2"
TAGGING = Tagging(key="", reserved=False)


def client(context: Context) -> Any:
    """API Gateway's client."""
    return context.client(SERVICE)


def call(context: Context, operation: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Call an operation by AWS's name for it."""
    return shapes.call(client(context), operation, given)


def parameters(operation: str, properties: Properties) -> dict[str, Any]:
    """The parameters of an operation that the properties give, apart from tags."""
    given = {name: value for name, value in properties.items() if name != "Tags"}
    return shapes.parameters(SERVICE, operation, given)


def tagged(context: Context, properties: Properties) -> dict[str, Any]:
    """The parameter ``Tags`` of what is made."""
    found = TAGGING.wanted(context, properties)
    return {"Tags": found} if found else {}


def tag_again(context: Context, path: str, old: Properties, new: Properties) -> None:
    """Let what is at the end of an ARN (``/apis/ID``) have its new tags."""
    arn = f"arn:{context.partition}:apigateway:{context.region}::{path}"
    calls = client(context)
    TAGGING.change(
        context,
        old,
        new,
        lambda found: calls.tag_resource(ResourceArn=arn, Tags=found),
        lambda gone: calls.untag_resource(ResourceArn=arn, TagKeys=gone),
    )


def changes(
    operation: str,
    old: Properties,
    new: Properties,
    unset: Properties | None = None,
    merged: Sequence[str] = (),
) -> dict[str, Any]:
    """The parameters of an update: what is other, and what is not given any more.

    Parameters
    ----------
    unset
        What a property is that a template does not give, where that is not an empty value.
    merged
        Maps that the update adds to: an entry goes when its new value is empty.
    """
    shape = service_model.operation(operation, SERVICE).input_shape
    assert isinstance(shape, StructureShape)
    told = {name: value for name, value in new.items() if old.get(name) != value}
    for name in old:
        if name not in new and name in shape.members:
            told[name] = (unset or {}).get(name, _empty(shape.members[name]))
    for name in set(merged) & set(told):
        map_shape = shape.members[name]
        assert isinstance(map_shape, MapShape)
        gone = dict.fromkeys(old.get(name, {}), _empty(map_shape.value))
        told[name] = {**gone, **told[name]}
    return parameters(operation, told)


def _empty(shape: Shape) -> Any:
    if isinstance(shape, ListShape):
        return []
    if isinstance(shape, (MapShape, StructureShape)):
        return {}
    return False if shape.type_name == "boolean" else ""


class Part(ResourceType):
    """A type with one call each to make, change and delete it.

    Attributes
    ----------
    noun
        Of the calls: ``Route`` for ``CreateRoute``.
    parents
        The parameters that name what it belongs to.
    unset, merged
        As :func:`changes` takes them.
    tags_at
        The path of its ARN, if it has tags: ``/vpclinks/{}``.
    """

    noun: ClassVar[str]
    parents: ClassVar[Sequence[str]] = ("ApiId",)
    unset: ClassVar[Properties] = {}
    merged: ClassVar[Sequence[str]] = ()
    tags_at: ClassVar[str] = ""

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one."""
        given = parameters(f"Create{self.noun}", self.prepared(properties))
        if self.tags_at:
            given |= tagged(context, properties)
        found = str(call(context, f"Create{self.noun}", given)[self._key])
        return Made(found, {self._key: found})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change one in place."""
        operation = f"Update{self.noun}"
        told = changes(operation, self.prepared(old), self.prepared(new), self.unset, self.merged)
        if told:
            call(context, operation, {**told, **self._place(made, new)})
        if self.tags_at:
            tag_again(context, self.tags_at.format(made.physical_id), old, new)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one."""
        with absence_is_fine():
            call(context, f"Delete{self.noun}", self._place(made, properties))

    def prepared(self, properties: Properties) -> Properties:
        """The properties as the calls take them."""
        return properties

    @property
    def _key(self) -> str:
        return f"{self.noun}Id"

    def _place(self, made: Made, properties: Properties) -> dict[str, Any]:
        parents = {name: str(properties[name]) for name in self.parents}
        return {**parents, self._key: made.physical_id}
