"""Resources of types for which there is no class here."""

from __future__ import annotations

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.model import Made, Properties, Refused, validation_error
from lambda_nb.engine.stacks.types import schemas
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType


def unrecognized(names: list[str]) -> AWSError:
    """CloudFormation's error for types that AWS does not have."""
    return validation_error(
        f"Template format error: Unrecognized resource types: [{', '.join(names)}]"
    )


class Missing(ResourceType):
    """A type that AWS has and nobody here: no resource of it can be made.

    Parameters
    ----------
    type_name
        The type.
    """

    name = "unknown"

    def __init__(self, type_name: str) -> None:
        self._type_name = type_name

    def create(self, context: Context, properties: Properties) -> Made:
        """Refuse to make one."""
        raise Refused(
            f"lambda_nb does not have the resource type {self._type_name} yet. Leave it out of the "
            "template, or start the engine with --unknown-resources skip."
        )

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Refuse to change one, which was made when the engine had the type or skipped it."""
        return self.create(context, new)

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Do nothing: there is none."""

    def replacing(self, old: Properties, new: Properties) -> set[str]:
        """Those of the type's schema."""
        return schemas.of(self._type_name).replacing(old, new)


class Skipped(ResourceType):
    """A type that nobody knows and that passes: its resources are made of nothing.

    Parameters
    ----------
    type_name
        The type.
    """

    name = "unknown"
    has_snapshots = True

    def __init__(self, type_name: str) -> None:
        self._type_name = type_name

    def delete_with_snapshot(self, context: Context, made: Made, properties: Properties) -> str:
        """Do nothing."""
        return "It was made of nothing: there is no snapshot."

    def remark(self, properties: Properties) -> str:
        """That nothing was made."""
        return (
            f"Skipped: lambda_nb does not have the resource type {self._type_name}; nothing was "
            "made (--unknown-resources skip)."
        )

    def create(self, context: Context, properties: Properties) -> Made:
        """Make nothing; attributes have made-up values, so that others may name them.

        Some types give back what they were told (``BranchName``): that is not made up.
        """
        name = context.name()
        told = {key: value for key, value in properties.items() if isinstance(value, str)}
        return Made(name, {**told, **dict.fromkeys(schemas.of(self._type_name).attributes, name)})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change nothing."""
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Do nothing: there is none."""

    def replacing(self, old: Properties, new: Properties) -> set[str]:
        """Nothing: there is nothing to replace."""
        return set()
