"""Thing groups and billing groups, and which certificate belongs to which thing."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.neighbours.services.iot import operations, tags, things
from lambda_nb.engine.neighbours.services.iot.operations import Parameters, kept

_EXCLUSIVE, _SHARED = "EXCLUSIVE_THING", "NON_EXCLUSIVE_THING"


def install() -> None:
    """Change moto's groups and attachments."""
    operations.install(
        {
            "CreateThingGroup": _create,
            "DeleteThingGroup": _delete,
            "ListThingsInThingGroup": _things_of_group,
            "CreateBillingGroup": _create_billing,
            "DescribeBillingGroup": _describe_billing,
            "DeleteBillingGroup": _delete_billing,
            "AttachThingPrincipal": attach,
            "DetachThingPrincipal": _detach,
            "ListThingPrincipals": _principals,
            "ListThingPrincipalsV2": _principals_v2,
            "ListPrincipalThings": _things,
            "ListPrincipalThingsV2": _things_v2,
        }
    )


def _create(backend: Any, given: Parameters) -> dict[str, Any]:
    name = given["thingGroupName"]
    things.check_name(name, "thingGroupName")
    properties = given.get("thingGroupProperties") or {}
    parent = given.get("parentGroupName")
    if parent is not None:
        backend.describe_thing_group(parent)
    name, arn, identifier = backend.create_thing_group(name, parent, properties)
    tags.keep(backend, arn, given.get("tags"))
    return {"thingGroupName": name, "thingGroupArn": arn, "thingGroupId": identifier}


def _delete(backend: Any, given: Parameters) -> None:
    name = given["thingGroupName"]
    arn = operations.arn(backend, "thinggroup", name)
    group = backend.thing_groups.get(arn)
    expected = given.get("expectedVersion")
    if group is not None and expected is not None and expected != group.version:
        raise operations.error(
            "VersionConflictException",
            f"The version for thing group {name} does not match the expected version.",
            409,
        )
    backend.delete_thing_group(name)
    for key in [key for key in backend.principal_policies if key[0] == arn]:
        del backend.principal_policies[key]
    tags.forget(backend, arn)


def _things_of_group(backend: Any, given: Parameters) -> dict[str, Any]:
    group = backend.describe_thing_group(given["thingGroupName"])
    groups = [group]
    if given.get("recursive"):
        groups += backend.list_thing_groups(group.thing_group_name, None, True)
    names = [thing.thing_name for one in groups for thing in one.things.values()]
    shown, token = operations.page(list(dict.fromkeys(names)), given)
    return {"things": shown, "nextToken": token}


def _create_billing(backend: Any, given: Parameters) -> dict[str, Any]:
    things.check_name(given["billingGroupName"], "billingGroupName")
    properties = given.get("billingGroupProperties")
    group = backend.create_billing_group(given["billingGroupName"], properties)
    tags.keep(backend, group.arn, given.get("tags"))
    made: dict[str, Any] = group.to_dict()
    return made


def _describe_billing(backend: Any, given: Parameters) -> dict[str, Any]:
    group = backend.describe_billing_group(given["billingGroupName"])
    return {**group.to_description_dict(), "version": group.version}


def _delete_billing(backend: Any, given: Parameters) -> None:
    group = backend.describe_billing_group(given["billingGroupName"])
    backend.delete_billing_group(group.billing_group_name)
    tags.forget(backend, group.arn)


def _exclusive(backend: Any) -> dict[str, str]:
    """The things that their principals belong to alone, by the principals' ARNs."""
    return kept(backend, "exclusive_things")


def attach(backend: Any, given: Parameters) -> None:
    """Attach a principal to a thing."""
    principal, name = given["principal"], given["thingName"]
    things.find(backend, name)
    backend._get_principal(principal)
    others = [t for one, t in backend.principal_things if one == principal and t != name]
    alone = _exclusive(backend).get(principal)
    wanted = given.get("thingPrincipalType") or _SHARED
    if alone not in (None, name) or (wanted == _EXCLUSIVE and others):
        raise operations.invalid(
            f"Principal {principal} is attached to {alone or others[0]}: an exclusive attachment "
            "has to be the only one."
        )
    backend.attach_thing_principal(name, principal)
    if wanted == _EXCLUSIVE:
        _exclusive(backend)[principal] = name


def _detach(backend: Any, given: Parameters) -> None:
    backend.detach_thing_principal(given["thingName"], given["principal"])
    if _exclusive(backend).get(given["principal"]) == given["thingName"]:
        del _exclusive(backend)[given["principal"]]


def _type(backend: Any, principal: str) -> str:
    return _EXCLUSIVE if principal in _exclusive(backend) else _SHARED


def _principals(backend: Any, given: Parameters) -> dict[str, Any]:
    principals = backend.list_thing_principals(given["thingName"])
    shown, token = operations.page(principals, given)
    return {"principals": shown, "nextToken": token}


def _principals_v2(backend: Any, given: Parameters) -> dict[str, Any]:
    listed = [
        {"principal": principal, "thingPrincipalType": _type(backend, principal)}
        for principal in backend.list_thing_principals(given["thingName"])
    ]
    return _typed("thingPrincipalObjects", listed, given)


def _things(backend: Any, given: Parameters) -> dict[str, Any]:
    shown, token = operations.page(backend.list_principal_things(given["principal"]), given)
    return {"things": shown, "nextToken": token}


def _things_v2(backend: Any, given: Parameters) -> dict[str, Any]:
    principal = given["principal"]
    kind = _type(backend, principal)
    listed = [
        {"thingName": name, "thingPrincipalType": kind}
        for name in backend.list_principal_things(principal)
    ]
    return _typed("principalThingObjects", listed, given)


def _typed(member: str, listed: list[dict[str, str]], given: Parameters) -> dict[str, Any]:
    wanted = given.get("thingPrincipalType")
    chosen = [one for one in listed if wanted in (None, one["thingPrincipalType"])]
    shown, token = operations.page(chosen, given)
    return {member: shown, "nextToken": token}
