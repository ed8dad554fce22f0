"""Why a delivery failed, in the words of EventBridge's dead letters."""

from __future__ import annotations

from typing import Any

NO_RESOURCE, NO_PERMISSIONS, THROTTLING = "NO_RESOURCE", "NO_PERMISSIONS", "THROTTLING"
INVALID_JSON, INVALID_PARAMETER = "INVALID_JSON", "INVALID_PARAMETER"
CONNECTION_FAILURE, TIMEOUT = "CONNECTION_FAILURE", "TIMEOUT"
ERROR_FROM_TARGET, INTERNAL_ERROR = "ERROR_FROM_TARGET", "INTERNAL_ERROR"
SDK_CLIENT_ERROR = "SDK_CLIENT_ERROR"
THIRD_ACCOUNT_HOP, THIRD_REGION_HOP = "THIRD_ACCOUNT_HOP_DETECTED", "THIRD_REGION_HOP_DETECTED"

_MISSING = ("notfound", "nonexistent", "doesnotexist", "nosuch")
_REFUSED = ("accessdenied", "notauthorized", "authorizationerror", "unrecognizedclient")
_BUSY = ("throttl", "throughputexceeded", "limitexceeded", "toomanyrequests", "slowdown")
_WRONG = ("validation", "invalid", "missingparameter", "malformed", "serialization")


class DeliveryError(Exception):
    """A target did not take an event.

    Parameters
    ----------
    code
        ERROR_CODE of a dead letter (User Guide, eb-rule-dlq).
    message
        Its ERROR_MESSAGE.
    retry
        Whether a later try may succeed.
    after_s
        Seconds that the target asked to wait.
    """

    def __init__(self, code: str, message: str, *, retry: bool, after_s: float = 0.0) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry = retry
        self.after_s = after_s


class NotYet(Exception):  # noqa: N818
    """A target takes nothing now, by its rate limit; no try is used up.

    Parameters
    ----------
    wait_s
        Seconds until it may.
    """

    def __init__(self, wait_s: float) -> None:
        super().__init__()
        self.wait_s = wait_s


def translated(error: Exception) -> DeliveryError:
    """An error of moto, or of a call through boto3, as EventBridge tells it."""
    name, message, status = _told(error)
    plain = name.lower().replace(".", "").replace("_", "")
    for code, words, retry in (
        (NO_RESOURCE, _MISSING, False),
        (NO_PERMISSIONS, _REFUSED, False),
        (THROTTLING, _BUSY, True),
        (INVALID_PARAMETER, _WRONG, False),
    ):
        if any(word in plain for word in words):
            return DeliveryError(code, message, retry=retry)
    if status is not None and 400 <= status < 500:
        return DeliveryError(ERROR_FROM_TARGET, message, retry=False)
    if status is not None:
        return DeliveryError(ERROR_FROM_TARGET, message, retry=True)
    if "connect" in plain or "timeout" in plain:
        return DeliveryError(CONNECTION_FAILURE, message, retry=True)
    return DeliveryError(INTERNAL_ERROR, message, retry=True)


def _told(error: Exception) -> tuple[str, str, int | None]:
    """Name, message and HTTP status of an error."""
    response: Any = getattr(error, "response", None)
    if isinstance(response, dict) and "Error" in response:
        told = response["Error"]
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        return told.get("Code", ""), told.get("Message", ""), status
    kind = getattr(error, "error_type", None) or getattr(error, "code", None)
    name = kind if isinstance(kind, str) else type(error).__name__
    status = getattr(error, "code", None)
    moto = type(error).__module__.startswith("moto.")
    message = str(getattr(error, "message", None) or error or name)
    return name, message, status if moto and isinstance(status, int) else (400 if moto else None)
