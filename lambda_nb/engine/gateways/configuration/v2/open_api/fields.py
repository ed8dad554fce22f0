"""The names of API Gateway's extensions of OpenAPI, and the members that they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

INTEGRATION = "x-amazon-apigateway-integration"
INTEGRATIONS = "x-amazon-apigateway-integrations"
AUTHORIZER = "x-amazon-apigateway-authorizer"
AUTHORIZERS = "x-amazon-apigateway-authorizers"
AUTH = "x-amazon-apigateway-auth"
AUTH_TYPE = "x-amazon-apigateway-authtype"
CORS = "x-amazon-apigateway-cors"
ANY = "x-amazon-apigateway-any-method"
TAG = "x-amazon-apigateway-tag-value"
ENDPOINT = "x-amazon-apigateway-endpoint-configuration"
VERSION = "x-amazon-apigateway-importexport-version"
DEFAULT_PATH = "/$default"

METHODS = ("get", "put", "post", "delete", "options", "head", "patch")

OF_INTEGRATION = {
    "type": "IntegrationType",
    "httpMethod": "IntegrationMethod",
    "uri": "IntegrationUri",
    "payloadFormatVersion": "PayloadFormatVersion",
    "connectionType": "ConnectionType",
    "connectionId": "ConnectionId",
    "credentials": "CredentialsArn",
    "description": "Description",
    "integrationSubtype": "IntegrationSubtype",
    "requestParameters": "RequestParameters",
    "responseParameters": "ResponseParameters",
    "timeoutInMillis": "TimeoutInMillis",
    "tlsConfig": "TlsConfig",
}
OF_AUTHORIZER = {
    "authorizerCredentialsArn": "AuthorizerCredentialsArn",
    "authorizerCredentials": "AuthorizerCredentialsArn",
    "authorizerPayloadFormatVersion": "AuthorizerPayloadFormatVersion",
    "authorizerResultTtlInSeconds": "AuthorizerResultTtlInSeconds",
    "authorizerUri": "AuthorizerUri",
    "enableSimpleResponses": "EnableSimpleResponses",
    "identityValidationExpression": "IdentityValidationExpression",
}
OF_CORS = {
    "allowCredentials": "AllowCredentials",
    "allowHeaders": "AllowHeaders",
    "allowMethods": "AllowMethods",
    "allowOrigins": "AllowOrigins",
    "exposeHeaders": "ExposeHeaders",
    "maxAge": "MaxAge",
}


def members(document: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The members that an extension's fields stand for."""
    return {new: document[old] for old, new in names.items() if document.get(old) is not None}


def fields(record: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """An extension's fields for the members of a record; where two would do, the first."""
    shown: dict[str, Any] = {}
    told: set[str] = set()
    for old, new in names.items():
        if new not in told and record.get(new) not in (None, {}, []):
            shown[old] = record[new]
            told.add(new)
    return shown
