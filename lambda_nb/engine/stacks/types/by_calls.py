"""Resource types that need no more than one call to make, one to change and one to delete.

A subclass names the operations. Their parameters are the properties, by the shapes of the API; a
property that the API does not take is refused.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

from lambda_nb.engine import service_model
from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types import schemas, shapes
from lambda_nb.engine.stacks.types.absence import absence_is_fine, is_absent
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType, refuse_unknown, with_name
from lambda_nb.engine.stacks.types.tagging import Tagging


class ByCalls(ResourceType, ABC):
    """A type whose resources one operation makes.

    Attributes
    ----------
    service
        By boto3's name.
    creates, updates, deletes, describes
        The operations. ``updates`` is empty if every change replaces the resource, ``describes``
        if the answer of ``creates`` says all.
    key
        The parameter of those operations that says which resource is meant.
    reference
        The member of the answer or the parameters of ``creates`` that ``Ref`` gives; ``key`` if
        empty. It is what ``key`` is given.
    described
        The member of the answer of ``describes`` that holds the resource, if not all of it:
        ``Pool``, or ``Pools.0`` for the first of a list.
    attributes
        The attributes, and the members of the description that they are (``Endpoint.Address``).
    named, longest, lower
        The property with the resource's name, if it is made up when a template gives none; the
        most characters it may have, and whether it must be in lower case.
    renamed
        Parameters with another name in templates, and that name.
    defaults
        What an update gives for properties that the new template leaves out.
    absent
        Codes of errors that say the resource does not exist, beside the usual.
    tagging
        How the service has tags, if resources of the type can have them; ``tag_parameter`` is
        where ``creates`` takes them.
    tag_calls
        The operations that add and remove tags: their names, and the names of the parameters
        for the resource, the tags and the names of tags.
    """

    service: ClassVar[str]
    creates: ClassVar[str]
    updates: ClassVar[str] = ""
    deletes: ClassVar[str]
    describes: ClassVar[str] = ""
    key: ClassVar[str]
    reference: ClassVar[str] = ""
    described: ClassVar[str] = ""
    attributes: ClassVar[Mapping[str, str]] = {}
    named: ClassVar[str] = ""
    longest: ClassVar[int] = 64
    lower: ClassVar[bool] = False
    renamed: ClassVar[Mapping[str, str]] = {}
    defaults: ClassVar[Mapping[str, Any]] = {}
    absent: ClassVar[tuple[str, ...]] = ()
    tagging: ClassVar[Tagging | None] = None
    tag_parameter: ClassVar[str] = "Tags"
    tag_calls: ClassVar[tuple[str, str, str, str, str]] = (
        "TagResource",
        "UntagResource",
        "ResourceArn",
        "Tags",
        "TagKeys",
    )
    tagged_by: ClassVar[str] = "Arn"
    """The attribute that the tag operations take; without it they take the physical ID."""

    def create(self, context: Context, properties: Properties) -> Made:
        self.check(properties)
        parameters = self.creation(context, properties)
        answer = self.call(context, self.creates, parameters)
        reference = self.reference or self.key
        physical_id = str(answer.get(reference) or parameters[reference])
        context.made(physical_id)
        self.finish(context, physical_id, {}, properties)
        return self.made(context, physical_id, properties, {**parameters, **answer})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        self.check(new)
        if self.updates:
            self.call(context, self.updates, self.change(context, made, old, new))
        self.finish(context, made.physical_id, old, new)
        now = self.made(context, made.physical_id, new, made.attributes)
        if self.tagging is not None:
            self._tag(context, now, old, new)
        return Made(now.physical_id, {**made.attributes, **now.attributes})

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        with absence_is_fine(*self.absent):
            self.call(context, self.deletes, self.key_of(made.physical_id, properties))

    def taken(self, context: Context, properties: Properties) -> str | None:
        if not self.describes or self.reference:
            raise NotImplementedError(self.name)
        given = shapes.parameters(self.service, self.creates, properties, self.renamed)
        name = str(given[self.key])
        look = partial(self.call, context, self.describes, self.key_of(name, properties))
        return None if is_absent(look, *self.absent) else name

    def replacing(self, old: Properties, new: Properties) -> set[str]:
        if self.updates:
            return super().replacing(old, new)
        names = ({*old, *new} - {"Tags"}) if self.tagging is not None else {*old, *new}
        return {name for name in names if old.get(name) != new.get(name)}

    def creation(self, context: Context, properties: Properties) -> dict[str, Any]:
        """The parameters of the operation that makes one."""
        own = {name: value for name, value in properties.items() if name != "Tags"}
        if self.named:
            own = with_name(context, own, self.named, self.longest, lower=self.lower)
        parameters = shapes.parameters(self.service, self.creates, own, self.renamed)
        if self.tagging is not None:
            tags = self.tagging.wanted(context, properties)
            if tags:
                parameters[self.tag_parameter] = self.tagging.form(tags)
        return parameters

    def change(
        self, context: Context, made: Made, old: Properties, new: Properties
    ) -> dict[str, Any]:
        """The parameters of the operation that changes one."""
        own = {name: value for name, value in new.items() if name != "Tags"}
        parameters = shapes.parameters(
            self.service, self.updates, {**self.defaults, **own}, self.renamed
        )
        return {**parameters, **self.key_of(made.physical_id, new)}

    def key_of(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        """The parameters that say which resource is meant."""
        return {self.key: physical_id}

    def finish(self, context: Context, physical_id: str, old: Properties, new: Properties) -> None:
        """Do what needs further calls, at creation (``old`` is empty) and at changes."""

    def made(
        self,
        context: Context,
        physical_id: str,
        properties: Properties,
        known: Mapping[str, Any],
    ) -> Made:
        """The resource, with its attributes.

        Parameters
        ----------
        known
            Parameters and answer of the operation that made it, or its attributes.
        """
        found: Any = known
        if self.describes:
            found = self.call(context, self.describes, self.key_of(physical_id, properties))
            found = _at(found, self.described)
        values = {name: _as_json(_at(found, member)) for name, member in self.attributes.items()}
        return Made(physical_id, {name: one for name, one in values.items() if one is not None})

    def check(self, properties: Properties) -> None:
        """Refuse what would have no effect. Raises as :func:`refuse_unknown`."""
        refuse_unknown(self.name, properties, self.works())

    def works(self) -> frozenset[str]:
        """The properties that have an effect."""
        shape = service_model.operation(self.creates, self.service).input_shape
        names = {self.renamed.get(name, name).lower() for name in getattr(shape, "members", ())} | {
            "tags"
        }
        return frozenset(name for name in schemas.of(self.name).settable if name.lower() in names)

    def call(self, context: Context, operation: str, parameters: Mapping[str, Any]) -> Any:
        """The answer of an operation of the service."""
        return shapes.call(context.client(self.service), operation, parameters)

    def tag_target(self, context: Context, made: Made) -> str:
        """What the tag operations take for the resource."""
        return str(made.attributes.get(self.tagged_by, made.physical_id))

    def _tag(self, context: Context, made: Made, old: Properties, new: Properties) -> None:
        assert self.tagging is not None
        add, remove, which, tags, keys = self.tag_calls
        target = self.tag_target(context, made)
        self.tagging.change(
            context,
            old,
            new,
            lambda wanted: self.call(context, add, {which: target, tags: wanted}),
            lambda gone: self.call(context, remove, {which: target, keys: gone}),
        )


def _at(found: Any, path: str) -> Any:
    """What is at a path of member names and places in lists; ``None`` if there is nothing."""
    for part in filter(None, path.split(".")):
        if found is None:
            return None
        found = found[int(part)] if part.isdecimal() else found.get(part)
    return found


def _as_json(value: Any) -> Any:
    """Attributes are kept as JSON, which has no times."""
    return value.isoformat() if isinstance(value, datetime) else value
