"""Provisioning templates and their versions, and things that are registered by a template."""

from __future__ import annotations

import json
import re
from typing import Any

from lambda_nb.engine.neighbours.services.iot import operations, tags, template_language
from lambda_nb.engine.neighbours.services.iot.operations import Operation, Parameters, kept

_MOST_VERSIONS = 5
"""Versions of a template (API reference, ``CreateProvisioningTemplateVersion``)."""
_NAME = re.compile(r"[0-9A-Za-z_-]{1,36}")


def install() -> None:
    """Add the operations of provisioning templates, and ``RegisterThing``."""
    operations.install(
        {
            "CreateProvisioningTemplate": _create,
            "DescribeProvisioningTemplate": _describe,
            "UpdateProvisioningTemplate": _update,
            "DeleteProvisioningTemplate": _delete,
            "ListProvisioningTemplates": _list,
            "CreateProvisioningTemplateVersion": _create_version,
            "DescribeProvisioningTemplateVersion": _describe_version,
            "DeleteProvisioningTemplateVersion": _delete_version,
            "ListProvisioningTemplateVersions": _list_versions,
            "RegisterThing": _register,
        }
    )


def _all(backend: Any) -> dict[str, Any]:
    return kept(backend, "provisioning_templates")


def _find(backend: Any, name: str) -> dict[str, Any]:
    found: dict[str, Any] | None = _all(backend).get(name)
    if found is None:
        raise operations.not_found(f"The provisioning template {name} does not exist.")
    return found


def _version(template: dict[str, Any], number: int) -> dict[str, Any]:
    found: dict[str, Any] | None = template["versions"].get(number)
    if found is None:
        name = template["templateName"]
        raise operations.not_found(f"Version {number} of the template {name} does not exist.")
    return found


def _create(backend: Any, given: Parameters) -> dict[str, Any]:
    name = given["templateName"]
    arn = operations.arn(backend, "provisioningtemplate", name)
    if not _NAME.fullmatch(name):
        raise operations.invalid(f"The template name {name} is not valid.")
    if name in _all(backend):
        raise operations.exists_already(
            f"The provisioning template {name} exists already.", name, arn
        )
    template_language.check(given["templateBody"])
    moment = operations.now()
    template = {
        "templateArn": arn,
        "templateName": name,
        "description": given.get("description") or "",
        "creationDate": moment,
        "lastModifiedDate": moment,
        "defaultVersionId": 1,
        "enabled": bool(given.get("enabled")),
        "provisioningRoleArn": given["provisioningRoleArn"],
        "type": given.get("type") or "FLEET_PROVISIONING",
        "versions": {1: {"creationDate": moment, "templateBody": given["templateBody"]}},
        "newest": 1,
    }
    if given.get("preProvisioningHook"):
        template["preProvisioningHook"] = _hook(given["preProvisioningHook"])
    _all(backend)[name] = template
    tags.keep(backend, arn, given.get("tags"))
    return {"templateArn": arn, "templateName": name, "defaultVersionId": 1}


def _hook(given: dict[str, Any]) -> dict[str, Any]:
    return {"payloadVersion": "2020-04-01", **given}


def _describe(backend: Any, given: Parameters) -> dict[str, Any]:
    template = _find(backend, given["templateName"])
    body = _version(template, template["defaultVersionId"])["templateBody"]
    return {**template, "templateBody": body}


def _update(backend: Any, given: Parameters) -> None:
    template = _find(backend, given["templateName"])
    if given.get("defaultVersionId") is not None:
        _version(template, given["defaultVersionId"])
    for field in ("description", "enabled", "defaultVersionId", "provisioningRoleArn"):
        if given.get(field) is not None:
            template[field] = given[field]
    if given.get("preProvisioningHook"):
        template["preProvisioningHook"] = _hook(given["preProvisioningHook"])
    if given.get("removePreProvisioningHook"):
        template.pop("preProvisioningHook", None)
    template["lastModifiedDate"] = operations.now()


def _delete(backend: Any, given: Parameters) -> None:
    template = _find(backend, given["templateName"])
    if len(template["versions"]) > 1:
        raise operations.error(
            "DeleteConflictException",
            f"The template {template['templateName']} still has versions that are not its default.",
            409,
        )
    del _all(backend)[template["templateName"]]
    tags.forget(backend, template["templateArn"])


def _list(backend: Any, given: Parameters) -> dict[str, Any]:
    shown, token = operations.page(list(_all(backend).values()), given)
    return {"templates": shown, "nextToken": token}


def _create_version(backend: Any, given: Parameters) -> dict[str, Any]:
    template = _find(backend, given["templateName"])
    template_language.check(given["templateBody"])
    if len(template["versions"]) >= _MOST_VERSIONS:
        raise operations.error(
            "VersionsLimitExceededException",
            f"The template {template['templateName']} already has the maximum number of versions "
            f"({_MOST_VERSIONS})",
            409,
        )
    template["newest"] += 1
    number = template["newest"]
    moment = operations.now()
    template["versions"][number] = {"creationDate": moment, "templateBody": given["templateBody"]}
    if given.get("setAsDefault"):
        template["defaultVersionId"] = number
    template["lastModifiedDate"] = moment
    return {
        "templateArn": template["templateArn"],
        "templateName": template["templateName"],
        "versionId": number,
        "isDefaultVersion": template["defaultVersionId"] == number,
    }


def _described(template: dict[str, Any], number: int) -> dict[str, Any]:
    return {
        **_version(template, number),
        "versionId": number,
        "isDefaultVersion": template["defaultVersionId"] == number,
    }


def _describe_version(backend: Any, given: Parameters) -> dict[str, Any]:
    return _described(_find(backend, given["templateName"]), given["versionId"])


def _delete_version(backend: Any, given: Parameters) -> None:
    template = _find(backend, given["templateName"])
    _version(template, given["versionId"])
    if template["defaultVersionId"] == given["versionId"]:
        raise operations.error(
            "DeleteConflictException", "The default version of a template cannot be deleted.", 409
        )
    del template["versions"][given["versionId"]]


def _list_versions(backend: Any, given: Parameters) -> dict[str, Any]:
    template = _find(backend, given["templateName"])
    every = [_described(template, number) for number in template["versions"]]
    shown, token = operations.page(every, given)
    return {"versions": shown, "nextToken": token}


def _register(backend: Any, given: Parameters) -> dict[str, Any]:
    resources = template_language.filled(given["templateBody"], given.get("parameters") or {})
    arns: dict[str, str] = {}
    pem, principal, thing, policies = None, None, None, []
    for name, kind, properties in resources:
        if kind == "AWS::IoT::Thing":
            thing = properties
            arns[name] = operations.arn(backend, "thing", properties["ThingName"])
        elif kind == "AWS::IoT::Certificate":
            principal, pem = _certificate(backend, properties)
            arns[name] = principal
        else:
            policies.append(_policy(backend, properties))
            arns[name] = operations.arn(backend, "policy", policies[-1])
    if thing is not None:
        _thing(backend, thing, principal)
    for policy in policies if principal is not None else ():
        backend.attach_policy(policy, principal)
    return {"certificatePem": pem, "resourceArns": arns}


def _certificate(backend: Any, properties: dict[str, Any]) -> tuple[str, str | None]:
    """Make, take or find a certificate; its ARN and PEM."""
    status = str(properties.get("Status") or "ACTIVE").upper()
    if "CertificateId" in properties:
        asked = {"certificateId": properties["CertificateId"], "newStatus": status}
        _call("UpdateCertificate", backend, asked)
        found = backend.certificates[properties["CertificateId"]]
        return found.arn, found.certificate_pem
    if "CertificateSigningRequest" in properties:
        request = properties["CertificateSigningRequest"]
        made = _call(
            "CreateCertificateFromCsr",
            backend,
            {"certificateSigningRequest": request, "setAsActive": status == "ACTIVE"},
        )
        return made["certificateArn"], made["certificatePem"]
    pem = properties["CertificatePem"]
    asked = {"certificatePem": pem, "status": status}
    if "CACertificatePem" in properties:
        asked["caCertificatePem"] = properties["CACertificatePem"]
        made = _call("RegisterCertificate", backend, asked)
    else:
        made = _call("RegisterCertificateWithoutCA", backend, asked)
    return made["certificateArn"], pem


def _policy(backend: Any, properties: dict[str, Any]) -> str:
    if "PolicyDocument" not in properties:
        return str(backend.get_policy(properties["PolicyName"]).name)
    document = properties["PolicyDocument"]
    text = document if isinstance(document, str) else json.dumps(document)
    name = properties.get("PolicyName") or template_language.name_of(text)
    if name not in backend.policies:
        _call("CreatePolicy", backend, {"policyName": name, "policyDocument": text})
    return str(name)


def _thing(backend: Any, properties: dict[str, Any], principal: str | None) -> None:
    name = properties["ThingName"]
    asked = {"thingName": name, "attributePayload": {}}
    if properties.get("AttributePayload"):
        attributes = {key: str(value) for key, value in properties["AttributePayload"].items()}
        asked["attributePayload"] = {"attributes": attributes}
    for given, wanted in (("ThingTypeName", "thingTypeName"), ("BillingGroup", "billingGroupName")):
        if properties.get(given):
            asked[wanted] = properties[given]
    _call("CreateThing", backend, asked)
    for group in properties.get("ThingGroups") or ():
        backend.add_thing_to_thing_group(group, None, name, None)
    if principal is not None:
        _call("AttachThingPrincipal", backend, {"thingName": name, "principal": principal})


def _call(name: str, backend: Any, given: Parameters) -> Any:
    """Do what an operation does."""
    operation: Operation = operations.installed(name)
    return operation(backend, given)
