"""Why a resource could not be made, changed or deleted, in CloudFormation's words."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from lambda_nb.engine.stacks.model import Cancelled, Refused

_WRONG_PARAMETERS = "ParamValidationError"  # botocore's own, before anything is sent
_GENERAL = "GeneralServiceException"
_CODES = (
    ("AlreadyExists", r"Already(?:Exists|Owned)|Conflict|Duplicate|InUse$"),
    ("NotFound", r"NotFound|NoSuch|NonExistent|DoesNotExist|NotExist"),
    ("AccessDenied", r"AccessDenied|Unauthorized|NotAuthorized|Forbidden"),
    ("Throttling", r"Throttl|TooManyRequests|RequestLimitExceeded|SlowDown"),
    ("ServiceLimitExceeded", r"LimitExceeded|QuotaExceeded"),
    ("InvalidRequest", r"Validation|Invalid|BadRequest|Malformed|Missing"),
)
"""CloudFormation's handler error codes, and what the services' codes look like."""
_ABSENT = ("NotFound", "InvalidRequest")


def definite(error: BaseException) -> bool:
    """Whether an error says for certain that nothing was made: who answered, or who asked, refused.

    A service that failed half-way (5xx) may have made something.

    Examples
    --------
    >>> definite(Refused("No.")), definite(ConnectionResetError())
    (True, False)
    """
    if isinstance(error, Refused) or type(error).__name__ == _WRONG_PARAMETERS:
        return True
    told = getattr(error, "response", None)
    if not isinstance(told, dict):  # lost answers have ``None``
        return False
    status: int = told.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
    return 400 <= status < 500 or status == HTTPStatus.NOT_IMPLEMENTED


def absent(error: BaseException) -> bool:
    """Whether an error says that what was asked for by a guessed ID is not there.

    Also one that is no answer of a service: then the type makes nothing that has such an ID.

    Examples
    --------
    >>> absent(Refused("No.", "NotFound")), absent(Refused("Still in use.", "ResourceConflict"))
    (True, False)
    """
    told: Any = getattr(error, "response", None)
    if isinstance(told, dict) and "Error" in told:
        code = str(told["Error"].get("Code", ""))
        status = told.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
        return status == 404 or handler_code(code, status) in _ABSENT
    if isinstance(error, Refused):
        return error.code in _ABSENT
    return not isinstance(error, OSError) and not type(error).__module__.startswith("botocore")


def reason(error: BaseException, token: str) -> str:
    """A ``ResourceStatusReason``.

    Parameters
    ----------
    error
        What the resource type raised.
    token
        Of the step, which CloudFormation calls ``RequestToken``.

    Examples
    --------
    >>> reason(Refused("No.", "InvalidRequest"), "1-2")
    'Resource handler returned message: "No." (RequestToken: 1-2, HandlerErrorCode: InvalidRequest)'
    """
    if isinstance(error, Cancelled):
        return "Resource creation cancelled"
    if isinstance(error, Refused):
        if error.code == _GENERAL:
            return str(error)
        return _handled(str(error), token, error.code)
    told: Any = getattr(error, "response", None)
    if isinstance(told, dict) and "Error" in told:
        return _of_client_error(told, getattr(error, "operation_name", ""), token)
    if type(error).__name__ == _WRONG_PARAMETERS:
        return _handled(str(error), token, "InvalidRequest")
    return _handled(f"{type(error).__name__}: {error}", token, "InternalFailure")


def _of_client_error(told: dict[str, Any], operation: str, token: str) -> str:
    code = str(told["Error"].get("Code", "Unknown"))
    message = str(told["Error"].get("Message") or code)
    meta = told.get("ResponseMetadata", {})
    status = meta.get("HTTPStatusCode", 400)
    request = meta.get("RequestId", "")
    text = f"{message} (Operation: {operation}, Status Code: {status}, Request ID: {request})"
    return _handled(text, token, handler_code(code, status))


def handler_code(code: str, status: int) -> str:
    """CloudFormation's handler error code for an error of a service.

    Examples
    --------
    >>> handler_code("ResourceConflictException", 409), handler_code("Oops", 500)
    ('AlreadyExists', 'ServiceInternalError')
    """
    for handled, pattern in _CODES:
        if re.search(pattern, code):
            return handled
    return "ServiceInternalError" if status >= 500 else _GENERAL


def _handled(message: str, token: str, code: str) -> str:
    return (
        f'Resource handler returned message: "{message}" '
        f"(RequestToken: {token}, HandlerErrorCode: {code})"
    )
