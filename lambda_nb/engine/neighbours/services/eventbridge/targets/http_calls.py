"""HTTP requests to API destinations and APIs: what a response means for a delivery."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import Any

from lambda_nb.engine.neighbours.services.eventbridge.targets.errors import (
    CONNECTION_FAILURE,
    ERROR_FROM_TARGET,
    SDK_CLIENT_ERROR,
    TIMEOUT,
    DeliveryError,
)

TIMEOUT_S = 5.0
"""Seconds that a target has to answer (User Guide, eb-api-destinations)."""
_HEADERS = {
    "User-Agent": "Amazon/EventBridge/ApiDestinations",
    "Content-Type": "application/json; charset=utf-8",
    "Range": "bytes=0-1048575",
    "Accept-Encoding": "gzip,deflate",
    "Connection": "close",
}


def request(
    method: str, url: str, headers: dict[str, str], query: list[tuple[str, str]], body: str | None
) -> Any:
    """Make one request; returns the response, whose body is not read.

    Raises
    ------
    DeliveryError
        There is no response.
    """
    import requests

    try:
        with requests.Session() as session:
            session.trust_env = False
            return session.request(
                method,
                url,
                params=query or None,
                data=None if body is None else body.encode(),
                headers={**_HEADERS, **headers},
                timeout=TIMEOUT_S,
                allow_redirects=False,
                stream=True,
            )
    except requests.exceptions.Timeout as error:
        text = f"The endpoint did not answer within {TIMEOUT_S:g} seconds."
        raise DeliveryError(TIMEOUT, text, retry=True) from error
    except requests.exceptions.ConnectionError as error:
        if "NameResolutionError" in repr(error) or "Name or service not known" in repr(error):
            raise DeliveryError(SDK_CLIENT_ERROR, f"Unknown host: {url}", retry=False) from error
        raise DeliveryError(CONNECTION_FAILURE, f"No connection to {url}", retry=True) from error
    except requests.exceptions.RequestException as error:
        raise DeliveryError(SDK_CLIENT_ERROR, str(error), retry=False) from error


def check(response: Any, *, retried: tuple[int, ...] = ()) -> None:
    """Raise what a response means.

    Parameters
    ----------
    retried
        Statuses that are tried again in addition to 429 and 5xx.

    Raises
    ------
    DeliveryError
        The status is not 2xx.
    """
    status = response.status_code
    if 200 <= status < 300:
        return
    after = _retry_after(response.headers.get("Retry-After"))
    retry = (status == 429 or status >= 500 or status in retried) and after >= 0
    text = f"The endpoint answered with the status {status}."
    raise DeliveryError(ERROR_FROM_TARGET, text, retry=retry, after_s=max(0.0, after))


def _retry_after(told: str | None) -> float:
    """Seconds to wait; a negative number forbids any other try (User Guide)."""
    if told is None:
        return 0.0
    try:
        return float(told)
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(told).timestamp() - time.time())
    except (TypeError, ValueError):
        return 0.0


def pairs(parameters: Any) -> dict[str, str]:
    """The parameters of a connection (a list of Key and Value) as names and values."""
    return {one["Key"]: str(one.get("Value", "")) for one in parameters or ()}
