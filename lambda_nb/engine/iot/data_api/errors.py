"""Errors of the API ``iot-data``."""

from __future__ import annotations

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.identifiers import uuid4
from lambda_nb.rules.iot.shadow_requests import ShadowError

_CODES = {
    400: "InvalidRequestException",
    404: "ResourceNotFoundException",
    409: "ConflictException",
    413: "RequestEntityTooLargeException",
    415: "UnsupportedDocumentEncodingException",
    500: "InternalFailureException",
}


def fault(status: int, message: str) -> AWSError:
    """An error by its HTTP status; its body has a ``traceId``, as AWS's have."""
    return AWSError(_CODES[status], message, status, traceId=uuid4())


def of_shadow(error: ShadowError) -> AWSError:
    """The error of the API for one of the shadow service."""
    return fault(error.code, error.message)
