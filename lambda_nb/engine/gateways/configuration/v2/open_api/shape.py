"""The shape of an OpenAPI document, as far as an HTTP API is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from lambda_nb.engine import json_schema
from lambda_nb.engine.gateways.configuration.v2.open_api import fields
from lambda_nb.engine.gateways.configuration.v2.rules.faults import bad_request

_TEXT = {"type": "string"}
_TEXT_OR_NUMBER = {"type": ["string", "number"]}
_TEXTS = {"type": "array", "items": _TEXT}
_TEXT_OR_TEXTS = {"type": ["string", "array"], "items": _TEXT}
_WHOLE = {"type": "integer"}
_BOOLEAN = {"type": "boolean"}


def _map_of(values: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": values}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


_INTEGRATION = _object(
    **dict.fromkeys(fields.OF_INTEGRATION, _TEXT)
    | {
        "$ref": _TEXT,
        "payloadFormatVersion": _TEXT_OR_NUMBER,
        "requestParameters": _map_of(_TEXT),
        "responseParameters": _map_of(_map_of(_TEXT)),
        "timeoutInMillis": _WHOLE,
        "tlsConfig": _object(serverNameToVerify=_TEXT),
    }
)
_AUTHORIZER = _object(
    **dict.fromkeys(fields.OF_AUTHORIZER, _TEXT)
    | {
        "$ref": _TEXT,
        "type": _TEXT,
        "identitySource": _TEXT_OR_TEXTS,
        "authorizerPayloadFormatVersion": _TEXT_OR_NUMBER,
        "authorizerResultTtlInSeconds": _WHOLE,
        "enableSimpleResponses": _BOOLEAN,
        "jwtConfiguration": _object(issuer=_TEXT, audience=_TEXT_OR_TEXTS),
    }
)
_SECURITY = {"type": "array", "items": _map_of(_TEXTS)}
_OPERATION = _object(
    **{
        "operationId": _TEXT,
        "security": _SECURITY,
        "isDefaultRoute": _BOOLEAN,
        fields.AUTH: _object(type=_TEXT),
        fields.INTEGRATION: _INTEGRATION,
    }
)
_ENDPOINT = _object(disableExecuteApiEndpoint=_BOOLEAN)
_SCHEMA: dict[str, Any] = {
    **_object(
        **{
            "openapi": _TEXT_OR_NUMBER,
            "info": {
                **_object(
                    title=_TEXT_OR_NUMBER, version=_TEXT_OR_NUMBER, description=_TEXT_OR_NUMBER
                ),
                "required": ["title"],
            },
            "servers": {
                "type": "array",
                "items": _object(
                    **{
                        "url": _TEXT,
                        "variables": _map_of(_object(default=_TEXT_OR_NUMBER)),
                        fields.ENDPOINT: _ENDPOINT,
                    }
                ),
            },
            "tags": {
                "type": "array",
                "items": {
                    **_object(**{"name": _TEXT, fields.TAG: _TEXT_OR_NUMBER}),
                    "required": ["name"],
                },
            },
            "security": _SECURITY,
            "paths": _map_of(_object(**dict.fromkeys((*fields.METHODS, fields.ANY), _OPERATION))),
            "components": _object(
                **{
                    "securitySchemes": _map_of(
                        _object(
                            **{
                                "openIdConnectUrl": _TEXT,
                                fields.AUTH_TYPE: _TEXT,
                                fields.AUTHORIZER: _AUTHORIZER,
                            }
                        )
                    ),
                    fields.AUTHORIZERS: _map_of(_AUTHORIZER),
                    fields.INTEGRATIONS: _map_of(_INTEGRATION),
                }
            ),
            fields.CORS: _object(
                **dict.fromkeys(fields.OF_CORS, _TEXT_OR_TEXTS)
                | {"maxAge": _WHOLE, "allowCredentials": _BOOLEAN}
            ),
            fields.ENDPOINT: _ENDPOINT,
        }
    ),
    "required": ["info"],
}


@cache
def _validator() -> Any:
    return json_schema.library().Draft7Validator(_SCHEMA)


def check(document: Mapping[str, Any]) -> None:
    """Refuse a document in which something has another type than OpenAPI gives it.

    Raises
    ------
    AWSError
        ``BadRequestException`` that says where.
    """
    error = next(_validator().iter_errors(document), None)
    if error is not None:
        where = "/".join(map(str, error.absolute_path)) or "the document"
        raise bad_request(f"Invalid OpenAPI input. {where}: {error.message:.200}")
