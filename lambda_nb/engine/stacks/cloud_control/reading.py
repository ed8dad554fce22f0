"""``GetResource``: the properties of a stack's resource as they are now."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.deploying.stacks import Stacks
from lambda_nb.engine.stacks.model import Properties, Refused
from lambda_nb.engine.stacks.records.hiding import hidden
from lambda_nb.engine.stacks.records.rows import Held, StackResource
from lambda_nb.engine.stacks.records.store import Store
from lambda_nb.engine.stacks.types import schemas

_FUNCTION = ":function:"
_REQUIRED = ("TypeName", "Identifier")


class Reading:
    """Reads resources of the stacks of one Region.

    Parameters
    ----------
    store
        The records.
    stacks
        Knows the types, and how to reach their services.
    """

    def __init__(self, store: Store, stacks: Stacks) -> None:
        self._store = store
        self._stacks = stacks

    def get(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Answer ``GetResource``.

        Raises
        ------
        AWSError
            ``TypeNotFoundException``, ``UnsupportedActionException`` for types that cannot be
            read, ``ResourceNotFoundException``, ``GeneralServiceException``.
        """
        for name in _REQUIRED:
            if not asked.get(name):
                raise AWSError("ValidationException", f"{name} is missing: GetResource needs it.")
        type_name, identifier = str(asked["TypeName"]), str(asked["Identifier"])
        if not schemas.known(type_name):
            raise AWSError("TypeNotFoundException", f"The type '{type_name}' cannot be found.")
        for row in self._named(type_name, identifier):
            found = self._now(row)
            if found is not None:
                properties = json.dumps(_shown(row.held, found), default=str)
                described = {"Identifier": identifier, "Properties": properties}
                return {"TypeName": type_name, "ResourceDescription": described}
        raise AWSError(
            "ResourceNotFoundException",
            f"Resource of type '{type_name}' with identifier '{identifier}' was not found. "
            "lambda_nb reads the resources of stacks here.",
        )

    def _named(self, type_name: str, identifier: str) -> Iterator[StackResource]:
        for stack in self._store.stacks():
            for row in self._store.resources(stack.id).values():
                held = row.held
                if held.type == type_name and held.physical_id and identifier in _names(held):
                    yield row

    def _now(self, row: StackResource) -> Properties | None:
        try:
            return self._stacks.resource_now(row)
        except NotImplementedError:
            raise AWSError(
                "UnsupportedActionException",
                f"lambda_nb cannot read resources of type {row.held.type}. Ask the service itself.",
            ) from None
        except Exception as error:
            if isinstance(error, Refused) or hasattr(error, "response"):  # a service's own answer
                raise AWSError("GeneralServiceException", str(error)) from error
            raise


def _names(held: Held) -> frozenset[str]:
    """What a resource may be named by: Cloud Control's identifier, its reference in templates.

    Where Lambda has a function's ARN for one, it takes the function's name as well.
    """
    values = {**held.properties, **held.attributes}
    parts = [values.get(name) for name in schemas.of(held.type).identifiers]
    whole = {"|".join(map(str, parts))} if parts and None not in parts else set()
    _, function, name = held.physical_id.partition(_FUNCTION)
    return frozenset({held.physical_id, *whole, *([name] if function else [])})


def _shown(held: Held, found: Properties) -> dict[str, Any]:
    """The properties that Cloud Control shows: none that can only be written, no secrets."""
    schema = schemas.of(held.type)
    whole = {**held.attributes, **found}
    told = {
        name: value
        for name, value in whole.items()
        if name in schema.properties and name not in schema.write_only and value is not None
    }
    return dict(hidden(told, frozenset(held.secrets)))
