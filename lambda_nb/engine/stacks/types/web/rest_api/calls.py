"""What the types of REST APIs share: calls of API Gateway, tags, and parts of an API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType, changed
from lambda_nb.engine.stacks.types.tagging import Tagging
from lambda_nb.engine.stacks.types.web.rest_api import patches
from lambda_nb.engine.stacks.types.web.rest_api.patches import Patch

SERVICE = "apigateway"
TAGGING = Tagging(key="", reserved=False)


def client(context: Context) -> Any:
    """API Gateway's client."""
    return context.client(SERVICE)


def parameters(operation: str, properties: Properties, **renamed: str) -> dict[str, Any]:
    """The parameters of an operation that the properties give, apart from tags."""
    given = {name: value for name, value in properties.items() if name != "Tags"}
    return shapes.parameters(SERVICE, operation, given, renamed)


def tagged(context: Context, properties: Properties) -> dict[str, Any]:
    """The parameter ``tags`` of what is made."""
    found = TAGGING.wanted(context, properties)
    return {"tags": found} if found else {}


def tag_again(context: Context, path: str, old: Properties, new: Properties) -> None:
    """Let what is at the end of an ARN (``/restapis/ID``) have its new tags."""
    arn = f"arn:{context.partition}:apigateway:{context.region}::{path}"
    calls = client(context)
    TAGGING.change(
        context,
        old,
        new,
        lambda found: calls.tag_resource(resourceArn=arn, tags=found),
        lambda gone: calls.untag_resource(resourceArn=arn, tagKeys=gone),
    )


class Part(ResourceType):
    """A type with one call each to make, change and delete it, and plain patches.

    Attributes
    ----------
    noun
        Of the calls: ``RequestValidator`` for ``CreateRequestValidator``.
    key
        The parameter that names one: ``requestValidatorId``.
    parents
        The parameters that name what it belongs to.
    shown
        The member of answers that is the reference, ``id`` for most.
    attribute
        The attribute that has the reference too, if there is one.
    paths, unset
        Of the patches, as :func:`patches.values` takes them.
    lists
        Properties that are lists, and where.
    renamed
        Parameters of the call that makes one, and the properties they come from.
    tags_at
        The path of its ARN, if it has tags: ``/apikeys/{}``.
    """

    noun: ClassVar[str]
    key: ClassVar[str]
    parents: ClassVar[Sequence[str]] = ("restApiId",)
    shown: ClassVar[str] = "id"
    attribute: ClassVar[str] = ""
    paths: ClassVar[Mapping[str, str]] = {}
    unset: ClassVar[Properties] = {}
    lists: ClassVar[Mapping[str, str]] = {}
    renamed: ClassVar[Mapping[str, str]] = {}
    tags_at: ClassVar[str] = ""
    verb: ClassVar[str] = "Create"

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one."""
        operation = self.verb + self.noun
        given = parameters(operation, self.prepared(context, properties), **self.renamed)
        if self.tags_at:
            given |= tagged(context, properties)
        return self._made(shapes.call(client(context), operation, given))

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change one in place."""
        before, after = self.prepared(context, old), self.prepared(context, new)
        operations = self.patches(before, after)
        if operations:
            given = {**self._place(made, new), "patchOperations": operations}
            shapes.call(client(context), f"Update{self.noun}", given)
        if self.tags_at:
            tag_again(context, self.tags_at.format(made.physical_id), old, new)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one."""
        with absence_is_fine():
            shapes.call(client(context), f"Delete{self.noun}", self._place(made, properties))

    def prepared(self, context: Context, properties: Properties) -> Properties:
        """The properties, with what a template may leave out."""
        return properties

    def patches(self, old: Properties, new: Properties) -> list[Patch]:
        """The operations that change one."""
        found = patches.values(old, new, self.paths, self.unset)
        for name, path in self.lists.items():
            if changed(old, new, name):
                found += patches.items(path, old.get(name), new.get(name))
        return found

    def _place(self, made: Made, properties: Properties) -> dict[str, Any]:
        by_name = {name.lower(): value for name, value in properties.items()}
        parents = {name: str(by_name[name.lower()]) for name in self.parents}
        return {**parents, self.key: made.physical_id}

    def _made(self, answer: Mapping[str, Any]) -> Made:
        found = str(answer[self.shown])
        return Made(found, {self.attribute: found} if self.attribute else {})
