"""What integrations of HTTP and WebSocket APIs may be like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.gateways.configuration.v2.rules.faults import bad_request
from lambda_nb.engine.gateways.configuration.v2.rules.route_keys import METHODS
from lambda_nb.engine.permissions.functions import function_of

TIMEOUT_MS = {"HTTP": (50, 30000), "WEBSOCKET": (50, 29000)}
"""Least and most milliseconds of an integration; the most is the default (API reference,
Integration, 2026)."""

TYPES = ("AWS", "AWS_PROXY", "HTTP", "HTTP_PROXY", "MOCK")
PROXIES = ("AWS_PROXY", "HTTP_PROXY")
FORMATS = ("1.0", "2.0")

SUBTYPES: dict[str, tuple[str, ...]] = {
    "AppConfig-GetConfiguration": ("Application", "Environment", "Configuration", "ClientId"),
    "EventBridge-PutEvents": ("Detail", "DetailType", "Source"),
    "Kinesis-PutRecord": ("StreamName", "Data", "PartitionKey"),
    "SQS-DeleteMessage": ("QueueUrl", "ReceiptHandle"),
    "SQS-PurgeQueue": ("QueueUrl",),
    "SQS-ReceiveMessage": ("QueueUrl",),
    "SQS-SendMessage": ("QueueUrl", "MessageBody"),
    "StepFunctions-StartExecution": ("StateMachineArn",),
    "StepFunctions-StartSyncExecution": ("StateMachineArn",),
    "StepFunctions-StopExecution": ("ExecutionArn",),
}
"""Calls of services that an HTTP API makes itself, with the parameters that each needs (developer
guide, "Integration subtype reference", 2026)."""

_LAMBDA_SELECTION = "${integration.response.body.errorMessage}"
_STATUS_SELECTION = "${integration.response.statuscode}"
_STATUS_RANGE = (200, 599)
_OVERWRITE = re.compile(r"(append|overwrite|remove):(header|querystring)\.[^\s:]+|overwrite:path")
_RESPONSE = re.compile(r"(append|overwrite|remove):header\.[^\s:]+|overwrite:statuscode")


def with_defaults(integration: Mapping[str, Any], protocol: str) -> dict[str, Any]:
    """An integration with what AWS fills in."""
    kind = integration["IntegrationType"]
    filled: dict[str, Any] = {
        "ConnectionType": "INTERNET",
        "TimeoutInMillis": TIMEOUT_MS.get(protocol, TIMEOUT_MS["HTTP"])[1],
    }
    if kind in ("AWS", "AWS_PROXY") and "IntegrationSubtype" not in integration:
        filled["IntegrationMethod"] = "POST"
    if protocol == "WEBSOCKET":
        by_lambda = kind in ("AWS", "AWS_PROXY")
        filled |= {
            "IntegrationResponseSelectionExpression": (
                _LAMBDA_SELECTION if by_lambda else _STATUS_SELECTION
            ),
            "PassthroughBehavior": "WHEN_NO_MATCH",
            "PayloadFormatVersion": "1.0",
        }
    elif "IntegrationSubtype" in integration:
        filled["PayloadFormatVersion"] = "1.0"
    return {**filled, **integration}


def check(integration: Mapping[str, Any], protocol: str) -> None:
    """Refuse an integration that could not work.

    Raises
    ------
    AWSError
        ``BadRequestException``.
    """
    kind = integration["IntegrationType"]
    if kind not in TYPES:
        raise bad_request(f"Invalid integration type: {kind}. Must be one of {list(TYPES)}")
    least, most = TIMEOUT_MS[protocol]
    if not least <= integration["TimeoutInMillis"] <= most:
        raise bad_request(f"Timeout should be between {least} ms and {most} ms")
    _check_connection(integration)
    method = integration.get("IntegrationMethod")
    if method is not None and method not in METHODS:
        raise bad_request(f"Invalid HTTP method specified: {method}")
    if protocol == "HTTP":
        _check_http(integration)
    else:
        _check_web_socket(integration)


def _check_connection(integration: Mapping[str, Any]) -> None:
    kind = integration["ConnectionType"]
    if kind not in ("INTERNET", "VPC_LINK"):
        raise bad_request(f"Invalid connection type: {kind}. Must be INTERNET or VPC_LINK")
    if kind == "VPC_LINK" and not integration.get("ConnectionId"):
        raise bad_request("ConnectionId is required for connection type VPC_LINK")
    if kind == "INTERNET" and integration.get("ConnectionId"):
        raise bad_request("ConnectionId is only supported for connection type VPC_LINK")


def _check_http(integration: Mapping[str, Any]) -> None:
    kind = integration["IntegrationType"]
    if kind not in PROXIES:
        raise bad_request(
            "Currently, an API with a protocol type of HTTP may only be associated with proxy "
            "integrations (AWS_PROXY, HTTP_PROXY)"
        )
    version = integration.get("PayloadFormatVersion")
    if version is None:
        raise bad_request("PayloadFormatVersion is a required parameter for integration")
    if version not in FORMATS:
        raise bad_request(f"Invalid payload format version: {version}. Must be 1.0 or 2.0")
    subtype = integration.get("IntegrationSubtype")
    if (kind == "HTTP_PROXY" or subtype) and version != "1.0":
        raise bad_request(
            "PayloadFormatVersion 2.0 is only supported for Lambda proxy integrations"
        )
    if subtype is not None:
        _check_subtype(integration, subtype)
    elif kind == "AWS_PROXY" and function_of(integration.get("IntegrationUri", "")) is None:
        raise bad_request("Invalid function ARN or invalid uri")
    elif kind == "HTTP_PROXY":
        _check_url(integration)
    _check_mappings(integration)


def _check_subtype(integration: Mapping[str, Any], subtype: str) -> None:
    if integration["IntegrationType"] != "AWS_PROXY":
        raise bad_request("IntegrationSubtype is only supported for AWS_PROXY integrations")
    if subtype not in SUBTYPES:
        raise bad_request(
            f"Invalid integration subtype: {subtype}. Must be one of {list(SUBTYPES)}"
        )
    if not integration.get("CredentialsArn"):
        raise bad_request(
            "Credentials ARN is required for integrations with an integration subtype"
        )
    parameters = integration.get("RequestParameters", {})
    missing = [name for name in SUBTYPES[subtype] if name not in parameters]
    if missing:
        raise bad_request(
            f"Parameters: {', '.join(missing)} are required for integration subtype {subtype}"
        )


def _check_url(integration: Mapping[str, Any]) -> None:
    if not integration.get("IntegrationMethod"):
        raise bad_request("IntegrationMethod is required for HTTP_PROXY integrations")
    uri = integration.get("IntegrationUri", "")
    private = integration["ConnectionType"] == "VPC_LINK" and uri.startswith("arn:")
    if not private and not re.match(r"https?://[^/\s]", uri):
        raise bad_request(f"Invalid HTTP endpoint specified for URI: {uri}")


def _check_mappings(integration: Mapping[str, Any]) -> None:
    if "IntegrationSubtype" not in integration:
        for key in integration.get("RequestParameters", {}):
            if not _OVERWRITE.fullmatch(key):
                raise bad_request(f"Invalid mapping expression specified: {key}")
    for status, parameters in integration.get("ResponseParameters", {}).items():
        inside = status.isdecimal() and _STATUS_RANGE[0] <= int(status) <= _STATUS_RANGE[1]
        if not inside:
            raise bad_request(f"Invalid status code for response parameters: {status}")
        for key in parameters:
            if not _RESPONSE.fullmatch(key):
                raise bad_request(f"Invalid mapping expression specified: {key}")


def _check_web_socket(integration: Mapping[str, Any]) -> None:
    kind, uri = integration["IntegrationType"], integration.get("IntegrationUri", "")
    for member in ("ResponseParameters", "TlsConfig"):
        if integration.get(member):
            raise bad_request(f"{member} is only supported for integrations of HTTP APIs")
    if integration.get("ContentHandlingStrategy") == "CONVERT_TO_BINARY":
        raise bad_request("lambda_nb does not convert messages of WebSockets to binary")
    if integration.get("IntegrationSubtype"):
        raise bad_request("IntegrationSubtype is only supported for HTTP APIs")
    if integration["PayloadFormatVersion"] != "1.0":
        raise bad_request(
            "Only PayloadFormatVersion 1.0 is supported for integrations of WEBSOCKET APIs"
        )
    if kind == "AWS_PROXY" and function_of(uri) is None:
        raise bad_request("Invalid function ARN or invalid uri")
    if kind == "AWS" and not uri.startswith("arn:"):
        raise bad_request("Invalid ARN specified in the request")
    if kind in ("HTTP", "HTTP_PROXY"):
        _check_url(integration)
