"""Errors of the API ``apigatewayv2``."""

from __future__ import annotations

from lambda_nb.engine.errors import AWSError


def bad_request(message: str) -> AWSError:
    """``BadRequestException`` (400)."""
    return AWSError("BadRequestException", message, 400)


def not_found(message: str) -> AWSError:
    """``NotFoundException`` (404)."""
    return AWSError("NotFoundException", message, 404)


def conflict(message: str) -> AWSError:
    """``ConflictException`` (409)."""
    return AWSError("ConflictException", message, 409)


def no_such(noun: str) -> AWSError:
    """``NotFoundException`` for an identifier that nothing has."""
    return not_found(f"Invalid {noun} identifier specified")
