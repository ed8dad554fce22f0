"""Errors of jobs, as the HTTP APIs have them."""

from __future__ import annotations

from lambda_nb.engine.errors import AWSError
from lambda_nb.rules.iot.job_executions import JobError

_STATUSES = {
    "InvalidRequest": ("InvalidRequestException", 400),
    "InvalidStateTransition": ("InvalidStateTransitionException", 409),
    "LimitExceeded": ("LimitExceededException", 410),
    "ResourceAlreadyExists": ("ResourceAlreadyExistsException", 409),
    "ResourceNotFound": ("ResourceNotFoundException", 404),
    "TerminalStateReached": ("TerminalStateException", 410),
    "VersionMismatch": ("VersionConflictException", 409),
}


def of_job(error: JobError) -> AWSError:
    """The error of an API for one of jobs."""
    code, status = _STATUSES[error.code]
    return AWSError(code, error.message, status)
