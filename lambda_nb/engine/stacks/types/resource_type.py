"""One class for each resource type: the class makes, changes and deletes its resources."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.types import schemas
from lambda_nb.engine.stacks.types.context import Context


class ResourceType(ABC):
    """How CloudFormation keeps resources of one type.

    Methods run in a thread and may block. They call AWS's APIs through ``context.client``, so
    whatever the engine checks and tells others about such calls holds for stacks too.

    Attributes
    ----------
    name
        The type, such as ``AWS::SQS::Queue``.
    overwrites
        Whether the call that makes one changes what has its name already: then that is refused.
    has_snapshots
        Whether one can leave a snapshot when it is deleted.
    """

    name: ClassVar[str]
    overwrites: ClassVar[bool] = False
    has_snapshots: ClassVar[bool] = False

    @abstractmethod
    def create(self, context: Context, properties: Properties) -> Made:
        """Make one; returns when it can be used.

        Raises
        ------
        botocore.exceptions.ClientError, Refused
            It cannot be made.
        """

    @abstractmethod
    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change one in place, from the old properties to the new.

        Raises
        ------
        botocore.exceptions.ClientError, Refused
            It cannot be changed.
        """

    @abstractmethod
    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one. One that does not exist any more is no error.

        Raises
        ------
        botocore.exceptions.ClientError, Refused
            It cannot be deleted.
        """

    def delete_with_snapshot(self, context: Context, made: Made, properties: Properties) -> str:
        """Delete one and keep a snapshot of it; needed if :attr:`has_snapshots`.

        Returns
        -------
        str
            What the event says of the snapshot.
        """
        raise NotImplementedError(self.name)

    def check_snapshot(self, properties: Properties) -> None:
        """Refuse ``DeletionPolicy: Snapshot`` for one that can have none; by default never.

        Raises
        ------
        Refused
            It can have none.
        """
        return

    def taken(self, context: Context, properties: Properties) -> str | None:
        """The physical ID of what has the name that a template gives; ``None`` if nothing has.

        Asked before one is made, and after a kill to find what was made and not recorded.

        Raises
        ------
        NotImplementedError
            :meth:`read` tells it, by the name as the physical ID, or nobody can.
        """
        raise NotImplementedError(self.name)

    def same(self, old: Made, before: Properties, new: Made, after: Properties) -> bool:
        """Whether a replacement is the very thing that it was to replace.

        Then the old one must not be deleted. By default it is if the physical IDs are equal, and
        all properties that the schema counts to a resource's identity.
        """
        schema = schemas.of(self.name)
        identity = {path.partition(".")[0] for path in schema.identifiers} & schema.settable
        return old.physical_id == new.physical_id and not changed(before, after, *identity)

    def read(self, context: Context, made: Made, properties: Properties) -> Properties | None:
        """The properties as they are now, for drift detection.

        Only those that ``properties`` has need to be there. ``None`` if the resource is gone.

        Raises
        ------
        NotImplementedError
            CloudFormation does not detect drift of this type, or nobody wrote it here.
        """
        raise NotImplementedError(self.name)

    def remark(self, properties: Properties) -> str | None:
        """What the events say of a resource with these properties; by default nothing.

        It tells what is kept here and has no effect.
        """
        return None

    def replacing(self, old: Properties, new: Properties) -> set[str]:
        """The changed properties for which CloudFormation makes a new resource.

        By default those that the type's schema says can only be set at creation.
        """
        return schemas.of(self.name).replacing(old, new)


def refuse_unknown(type_name: str, properties: Properties, works: frozenset[str]) -> None:
    """Refuse properties that AWS has and that have no effect here.

    Parameters
    ----------
    works
        The properties that have one.

    Raises
    ------
    Refused
        It names them.
    """
    idle = sorted(schemas.of(type_name).settable & set(properties) - works)
    if idle:
        raise Refused(
            f"lambda_nb does not have the {'properties' if idle[1:] else 'property'} "
            f"{', '.join(idle)} of {type_name}. Leave {'them' if idle[1:] else 'it'} out of the "
            "template.",
            "InvalidRequest",
            untouched=True,
        )


def changed(old: Properties, new: Properties, *names: str) -> bool:
    """Whether any of the named properties differs."""
    return any(old.get(name) != new.get(name) for name in names)


def with_name(
    context: Context, properties: Properties, name: str, most: int = 255, **rules: Any
) -> dict[str, Any]:
    """The properties with a name: the template's own, else one that is made up.

    Parameters
    ----------
    name
        The property with the name.
    most, rules
        As of :meth:`Context.name`.
    """
    if properties.get(name):
        return dict(properties)
    return {**properties, name: context.name(most, **rules)}


def given(**parameters: Any) -> dict[str, Any]:
    """The parameters that are not ``None``: what a template leaves out is not sent.

    Examples
    --------
    >>> given(Name="a", Description=None)
    {'Name': 'a'}
    """
    return {name: value for name, value in parameters.items() if value is not None}
