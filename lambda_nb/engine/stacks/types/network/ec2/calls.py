"""What the types of EC2 share: calls, tags, and types with one call each to make and delete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types import schemas, shapes
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType, refuse_unknown
from lambda_nb.engine.stacks.types.tagging import LISTED


def client(context: Context) -> Any:
    """EC2's client."""
    return context.client("ec2")


def call(context: Context, operation: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Call an operation by AWS's name for it."""
    return shapes.call(client(context), operation, given)


def parameters(operation: str, properties: Properties) -> dict[str, Any]:
    """The parameters of an operation that the properties give, apart from tags."""
    given = {name: value for name, value in properties.items() if name != "Tags"}
    return shapes.parameters("ec2", operation, given)


def tagged(context: Context, kind: str, properties: Properties) -> dict[str, Any]:
    """The parameter for the tags of what is made: with them it is found again, if it is lost."""
    found = LISTED.wanted(context, properties)
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": LISTED.form(found)}]}


def tag(context: Context, thing: str, old: Properties, new: Properties) -> None:
    """Let something have the tags that it is to have."""
    ec2 = client(context)
    LISTED.change(
        context,
        old,
        new,
        lambda found: ec2.create_tags(Resources=[thing], Tags=found),
        lambda gone: ec2.delete_tags(Resources=[thing], Tags=[{"Key": key} for key in gone]),
    )


class Thing(ResourceType):
    """A type whose things EC2 names by IDs: ``Ref`` is the ID.

    Attributes
    ----------
    creates, deletes
        The operations.
    kind
        EC2's name of such things where it tags them: ``internet-gateway``.
    shown
        The member of the answer of ``creates`` that tells of what is made; empty for all of it.
    key
        The member that is its ID, in answers and in parameters.
    attributes
        The attributes, and the members of the answer that they are.
    gone
        The error code that says that there is none.
    idle
        Properties that have no effect here: they are refused.
    """

    creates: ClassVar[str]
    deletes: ClassVar[str]
    kind: ClassVar[str]
    shown: ClassVar[str]
    key: ClassVar[str]
    attributes: ClassVar[Mapping[str, str]] = {}
    gone: ClassVar[str]
    idle: ClassVar[frozenset[str]] = frozenset()

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one."""
        refuse_unknown(self.name, properties, schemas.of(self.name).settable - self.idle)
        given = {**self.creation(context, properties), **tagged(context, self.kind, properties)}
        answer = call(context, self.creates, given)
        shown = answer[self.shown] if self.shown else answer
        thing = str(shown[self.key])
        context.made(thing)
        self.settle(context, thing, {}, properties)
        return Made(thing, self.read_attributes(context, thing, shown))

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change one in place."""
        refuse_unknown(self.name, new, schemas.of(self.name).settable - self.idle)
        tag(context, made.physical_id, old, new)
        self.settle(context, made.physical_id, old, new)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one."""
        with absence_is_fine(self.gone):
            call(context, self.deletes, {self.key: made.physical_id})

    def creation(self, context: Context, properties: Properties) -> dict[str, Any]:
        """The parameters of the operation that makes one."""
        return parameters(self.creates, properties)

    def settle(self, context: Context, thing: str, old: Properties, new: Properties) -> None:
        """Do what needs further calls, at creation (``old`` is empty) and at changes."""

    def read_attributes(
        self, context: Context, thing: str, shown: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The attributes of something new."""
        return {name: shown.get(member, "") for name, member in self.attributes.items()}
