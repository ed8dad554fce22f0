"""Things and their types: versions, limits and what may not be deleted."""

from __future__ import annotations

import re
from typing import Any

from lambda_nb.engine.neighbours.services.iot import operations, tags
from lambda_nb.engine.neighbours.services.iot.operations import Parameters

_NAME = re.compile(r"[a-zA-Z0-9:_-]{1,128}")
_ATTRIBUTES_WITHOUT_TYPE = 3
_ATTRIBUTES = 50
"""Attributes of a thing with a type (IoT Core quotas, "Thing resource limits and quotas")."""


def install() -> None:
    """Change moto's things and thing types."""
    operations.install(
        {
            "CreateThing": create,
            "UpdateThing": _update,
            "DeleteThing": _delete,
            "CreateThingType": _create_type,
            "UpdateThingType": _update_type,
            "DeprecateThingType": _deprecate_type,
            "DeleteThingType": _delete_type,
        }
    )


def check_name(name: str, field: str) -> None:
    """Check the name of a thing, a type or a group.

    Raises
    ------
    IoTClientError
        ``InvalidRequestException``.
    """
    if not _NAME.fullmatch(name):
        raise operations.invalid(
            f"1 validation error detected: Value '{name}' at '{field}' failed to satisfy "
            "constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9:_-]+"
        )


def create(backend: Any, given: Parameters) -> dict[str, Any]:
    """Create a thing; the same again changes nothing."""
    name = given["thingName"]
    check_name(name, "thingName")
    wanted_type = given.get("thingTypeName")
    attributes = (given.get("attributePayload") or {}).get("attributes") or {}
    group = given.get("billingGroupName")
    thing = _of_name(backend, name)
    if thing is not None:
        own_type = thing.thing_type.thing_type_name if thing.thing_type else None
        if (own_type, thing.attributes, thing.billing_group_name) != (
            wanted_type,
            attributes,
            group,
        ):
            raise operations.exists_already(
                f"Thing {name} already exists in account with different properties",
                thing.thing_id,
                thing.arn,
            )
    else:
        _check_attributes(attributes, wanted_type is not None)
        if group is not None:
            backend.describe_billing_group(group)
        if wanted_type is not None:
            backend.describe_thing_type(wanted_type)
        thing = backend.create_thing(name, wanted_type, {"attributes": attributes}, group)
    return {"thingName": name, "thingArn": thing.arn, "thingId": thing.thing_id}


def _of_name(backend: Any, name: str) -> Any:
    return backend.things.get(operations.arn(backend, "thing", name))


def find(backend: Any, name: str) -> Any:
    """A thing by its name.

    Raises
    ------
    IoTClientError
        ``ResourceNotFoundException``.
    """
    thing = _of_name(backend, name)
    if thing is None:
        raise operations.not_found(f"Thing {name} does not exist.")
    return thing


def _check_attributes(attributes: dict[str, str], with_type: bool) -> None:
    most = _ATTRIBUTES if with_type else _ATTRIBUTES_WITHOUT_TYPE
    if len(attributes) > most:
        kind = "with" if with_type else "without"
        raise operations.invalid(f"A thing {kind} a thing type has at most {most} attributes.")


def _check_version(thing: Any, given: Parameters) -> None:
    expected = given.get("expectedVersion")
    if expected is not None and expected != thing.version:
        raise operations.error(
            "VersionConflictException",
            f"The version for thing {thing.thing_name} does not match the expected version.",
            409,
        )


def _update(backend: Any, given: Parameters) -> None:
    thing = find(backend, given["thingName"])
    _check_version(thing, given)
    payload = given.get("attributePayload")
    if payload is not None and payload.get("attributes") is not None:
        old = thing.attributes if payload.get("merge") else {}
        changed = {**old, **payload["attributes"]}
        attributes = {name: value for name, value in changed.items() if value}
        stays = thing.thing_type is not None and not given.get("removeThingType")
        _check_attributes(attributes, bool(given.get("thingTypeName")) or stays)
    backend.update_thing(
        thing.thing_name,
        given.get("thingTypeName"),
        payload,
        bool(given.get("removeThingType")),
    )
    thing.version += 1


def _delete(backend: Any, given: Parameters) -> None:
    thing = _of_name(backend, given["thingName"])
    if thing is None:  # AWS calls this a success
        return
    _check_version(thing, given)
    backend.delete_thing(thing.thing_name)
    for group in backend.thing_groups.values():
        group.things.pop(thing.arn, None)


def _create_type(backend: Any, given: Parameters) -> dict[str, Any]:
    name = given["thingTypeName"]
    check_name(name, "thingTypeName")
    properties = given.get("thingTypeProperties") or {}
    found = backend.thing_types.get(operations.arn(backend, "thingtype", name))
    if found is None:
        backend.create_thing_type(name, properties)
        found = backend.describe_thing_type(name)
        tags.keep(backend, found.arn, given.get("tags"))
    elif found.thing_type_properties != properties:
        raise operations.exists_already(
            f"Thing type {name} already exists in account with different properties",
            found.thing_type_id,
            found.arn,
        )
    return {"thingTypeName": name, "thingTypeArn": found.arn, "thingTypeId": found.thing_type_id}


def _update_type(backend: Any, given: Parameters) -> None:
    found = backend.describe_thing_type(given["thingTypeName"])
    found.thing_type_properties = {
        **found.thing_type_properties,
        **(given.get("thingTypeProperties") or {}),
    }


def _deprecate_type(backend: Any, given: Parameters) -> None:
    undo = bool(given.get("undoDeprecate"))
    found = backend.deprecate_thing_type(given["thingTypeName"], undo)
    if undo:
        found.metadata.pop("deprecationDate", None)
    else:
        found.metadata.setdefault("deprecationDate", operations.now())


def _delete_type(backend: Any, given: Parameters) -> None:
    found = backend.describe_thing_type(given["thingTypeName"])
    name = found.thing_type_name
    if not found.metadata["deprecated"]:
        raise operations.invalid(f"Thing type {name} is not deprecated: deprecate it first.")
    if any(thing.thing_type is found for thing in backend.things.values()):
        raise operations.invalid(f"Thing type {name} still has things.")
    backend.delete_thing_type(name)
    tags.forget(backend, found.arn)
