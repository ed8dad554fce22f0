"""The errors of ``apigateway``."""

from __future__ import annotations

from lambda_nb.engine.errors import AWSError


def not_found(message: str) -> AWSError:
    """``NotFoundException`` (404)."""
    return AWSError("NotFoundException", message, 404)


def bad_request(message: str) -> AWSError:
    """``BadRequestException`` (400)."""
    return AWSError("BadRequestException", message, 400)


def conflict(message: str) -> AWSError:
    """``ConflictException`` (409)."""
    return AWSError("ConflictException", message, 409)
