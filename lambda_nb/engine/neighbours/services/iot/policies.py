"""Policies of AWS IoT: documents checked, versions, and which of them count for whom."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from lambda_nb.engine.neighbours.services.iot import operations, tags
from lambda_nb.engine.neighbours.services.iot.operations import Parameters

_LONGEST = 2048
"""Characters of a document, white space not counted (IoT Core quotas, "Policies")."""


def install() -> None:
    """Change moto's policies."""
    _write_documents_of_templates_as_text()
    operations.install(
        {
            "CreatePolicy": _create,
            "GetPolicy": _get,
            "ListPolicies": _list,
            "DeletePolicy": _delete,
            "CreatePolicyVersion": _create_version,
            "SetDefaultPolicyVersion": _set_default,
            "ListAttachedPolicies": _list_attached,
            "ListTargetsForPolicy": _list_targets,
            "GetEffectivePolicies": _effective,
        }
    )


def _write_documents_of_templates_as_text() -> None:
    """A template of CloudFormation has an object there; moto would keep it as it is."""
    from moto.iot.models import IoTBackend

    backend_class: Any = IoTBackend
    for name in ("create_policy", "create_policy_version"):
        original = getattr(backend_class, name)

        def with_text(
            self: Any,
            policy_name: str,
            policy_document: Any,
            *more: Any,
            original: Any = original,
            **named: Any,
        ) -> Any:
            is_text = isinstance(policy_document, str)
            text = policy_document if is_text else json.dumps(policy_document)
            return original(self, policy_name, text, *more, **named)

        setattr(backend_class, name, with_text)


def check(document: str) -> None:
    """Check a policy document.

    Raises
    ------
    IoTClientError
        ``MalformedPolicyException``, with what is wrong.
    """
    if len(re.sub(r"\s", "", document)) > _LONGEST:
        raise _malformed(f"it has more than {_LONGEST} characters")
    try:
        parsed = json.loads(document)
    except ValueError as error:
        raise _malformed(str(error)) from error
    if not isinstance(parsed, dict):
        raise _malformed("it is not a JSON object")
    given = parsed.get("Statement")
    statements = [given] if isinstance(given, dict) else given
    if not isinstance(statements, list) or not statements:
        raise _malformed("it has no Statement")
    for statement in statements:
        if not isinstance(statement, dict):
            raise _malformed("a statement is not a JSON object")
        if statement.get("Effect") not in ("Allow", "Deny"):
            raise _malformed(f"Effect is Allow or Deny, not {statement.get('Effect')!r}")
        if "Principal" in statement or "NotPrincipal" in statement:
            raise _malformed("a statement names a Principal: who is meant says the attachment")
        for positive in ("Action", "Resource"):
            if (positive in statement) == (f"Not{positive}" in statement):
                raise _malformed(f"a statement has either {positive} or Not{positive}")


def _malformed(why: str) -> Exception:
    text = f"Policy document is Malformed: {why}"
    return operations.error("MalformedPolicyException", text)


def _create(backend: Any, given: Parameters) -> dict[str, Any]:
    name, document = given["policyName"], given["policyDocument"]
    check(document)
    policy = backend.create_policy(name, document)
    policy.created = policy.modified = operations.now()
    tags.keep(backend, policy.arn, given.get("tags"))
    made: dict[str, Any] = policy.to_dict_at_creation()
    return made


def _get(backend: Any, given: Parameters) -> dict[str, Any]:
    policy = backend.get_policy(given["policyName"])
    return {
        **policy.to_get_dict(),
        "creationDate": getattr(policy, "created", None),
        "lastModifiedDate": getattr(policy, "modified", None),
        "generationId": policy.default_version_id,
    }


def _list(backend: Any, given: Parameters) -> dict[str, Any]:
    return _listed(list(backend.policies.values()), given)


def _listed(policies: list[Any], given: Parameters) -> dict[str, Any]:
    ordered = operations.in_order(policies, given)
    shown, marker = operations.page(ordered, given, "pageSize", "marker")
    return {"policies": [policy.to_dict() for policy in shown], "nextMarker": marker}


def _delete(backend: Any, given: Parameters) -> None:
    policy = backend.get_policy(given["policyName"])
    backend.delete_policy(policy.name)
    tags.forget(backend, policy.arn)


def _create_version(backend: Any, given: Parameters) -> dict[str, Any]:
    check(given["policyDocument"])
    policy = backend.get_policy(given["policyName"])
    version = backend.create_policy_version(
        policy.name, given["policyDocument"], bool(given.get("setAsDefault"))
    )
    policy.modified = operations.now()
    made: dict[str, Any] = version.to_dict_at_creation()
    return made


def _set_default(backend: Any, given: Parameters) -> None:
    name, version = given["policyName"], given["policyVersionId"]
    backend.get_policy_version(name, version)
    backend.set_default_policy_version(name, version)
    backend.get_policy(name).modified = operations.now()


def attached(backend: Any, target: str) -> list[Any]:
    """The policies that are attached to a certificate, a group or an identity itself."""
    return [
        backend.policies[policy]
        for principal, policy in backend.principal_policies
        if principal == target and policy in backend.policies
    ]


def upwards(backend: Any, group: Any) -> Iterator[Any]:
    """A thing group, its parent and so on."""
    by_name = {one.thing_group_name: one for one in backend.thing_groups.values()}
    while group is not None:
        yield group
        group = by_name.get(group.parent_group_name)


def _list_attached(backend: Any, given: Parameters) -> dict[str, Any]:
    target = given["target"]
    backend._get_principal(target)
    policies = attached(backend, target)
    group = backend.thing_groups.get(target)
    if given.get("recursive") and group is not None:
        for parent in list(upwards(backend, group))[1:]:
            policies += attached(backend, parent.arn)
    return _listed(list(dict.fromkeys(policies)), {"ascendingOrder": True, **given})


def _list_targets(backend: Any, given: Parameters) -> dict[str, Any]:
    targets = backend.list_targets_for_policy(given["policyName"])
    shown, marker = operations.page(targets, given, "pageSize", "marker")
    return {"targets": shown, "nextMarker": marker}


def _effective(backend: Any, given: Parameters) -> dict[str, Any]:
    policies: list[Any] = []
    principal, thing_name = given.get("principal"), given.get("thingName")
    if principal is None and thing_name is None:
        raise operations.invalid("Name a principal, a thing, or both.")
    if principal is not None:
        backend._get_principal(principal)
        policies += attached(backend, principal)
        group = backend.thing_groups.get(principal)
        if group is not None:
            for parent in list(upwards(backend, group))[1:]:
                policies += attached(backend, parent.arn)
    if thing_name is not None:
        thing = backend.describe_thing(thing_name)
        for group in backend.thing_groups.values():
            if thing.arn in group.things:
                for one in upwards(backend, group):
                    policies += attached(backend, one.arn)
    return {
        "effectivePolicies": [
            {
                "policyName": policy.name,
                "policyArn": policy.arn,
                "policyDocument": policy.document,
            }
            for policy in dict.fromkeys(policies)
        ]
    }
