"""``x-amazon-apigateway-integration``: an integration in an OpenAPI document."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.gateways.configuration.rest.definition import integrations
from lambda_nb.engine.gateways.configuration.rest.kept.errors import not_found
from lambda_nb.engine.gateways.configuration.rest.openapi.document import (
    Json,
    listed,
    mapping,
    texts,
)

_TEXTS = (
    "uri",
    "credentials",
    "connectionId",
    "cacheNamespace",
    "integrationTarget",
)
_WORDS = ("passthroughBehavior", "contentHandling", "connectionType", "responseTransferMode")
_DEFAULT = "default"


def read(described: Json, resource_id: str) -> Record:
    """The integration that the extension describes.

    Raises
    ------
    AWSError
        ``BadRequestException``: it cannot be.
    """
    given: dict[str, Any] = {"type": str(described.get("type", "")).upper()}
    given |= {name: str(described[name]) for name in _TEXTS if described.get(name)}
    given |= {name: str(described[name]).upper() for name in _WORDS if described.get(name)}
    if described.get("httpMethod"):
        given["httpMethod"] = str(described["httpMethod"])
    if described.get("timeoutInMillis") is not None:
        given["timeoutInMillis"] = int(described["timeoutInMillis"])
    given["requestParameters"] = texts(described.get("requestParameters"))
    given["requestTemplates"] = texts(described.get("requestTemplates"))
    given["cacheKeyParameters"] = listed(described.get("cacheKeyParameters"))
    tls = mapping(described.get("tlsConfig"))
    if tls:
        insecure = tls.get("insecureSkipVerification") is True
        given["tlsConfig"] = {"insecureSkipVerification": insecure}
    integration = integrations.new_integration(given, resource_id)
    integrations.check(integration)
    return integration


def read_responses(described: Json, method: Record) -> dict[str, Record]:
    """The integration responses that the extension describes, by status code.

    Parameters
    ----------
    method
        With its method responses.

    Raises
    ------
    AWSError
        ``NotFoundException``: there is no method response of a status code.
    """
    found: dict[str, Record] = {}
    for pattern, one in mapping(described.get("responses")).items():
        response = mapping(one)
        code = str(response.get("statusCode", ""))
        if code not in method.get("methodResponses", {}):
            raise not_found("No method response exists for method.")
        made: Record = {"statusCode": code}
        if pattern != _DEFAULT:
            made["selectionPattern"] = pattern
        if response.get("contentHandling"):
            made["contentHandling"] = str(response["contentHandling"]).upper()
        for name in ("responseParameters", "responseTemplates"):
            if response.get(name):
                made[name] = texts(response[name])
        integrations.check_response(made)
        found[code] = made
    return found


def written(integration: Record, resource_id: str) -> Json:
    """The extension that describes an integration."""
    described: Json = {"type": integration["type"].lower()}
    for name in ("httpMethod", *_TEXTS, "requestParameters", "requestTemplates", "tlsConfig"):
        if integration.get(name):
            described[name] = integration[name]
    if described.get("cacheNamespace") == resource_id:
        del described["cacheNamespace"]
    described["passthroughBehavior"] = integration["passthroughBehavior"].lower()
    for name in ("contentHandling", "responseTransferMode", "connectionType"):
        if integration.get(name) not in (None, "BUFFERED", "INTERNET"):
            described[name] = integration[name]
    if integration["timeoutInMillis"] != integrations.DEFAULT_TIMEOUT_MS:
        described["timeoutInMillis"] = integration["timeoutInMillis"]
    if integration["cacheKeyParameters"]:
        described["cacheKeyParameters"] = integration["cacheKeyParameters"]
    responses: Json = {}
    for response in integration.get("integrationResponses", {}).values():
        pattern = response.get("selectionPattern") or _DEFAULT
        responses[pattern] = {
            name: value for name, value in response.items() if name != "selectionPattern"
        }
    if responses:
        described["responses"] = responses
    return described
