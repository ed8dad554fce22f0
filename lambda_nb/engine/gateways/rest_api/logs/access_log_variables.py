"""The variables of an access log's line for one request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lambda_nb.engine.gateways.rest_api.exchange import Exchange
from lambda_nb.engine.gateways.shared.access_log import found_in


def variables(exchange: Exchange, status: int, length: int, now_ms: int) -> Callable[[str], object]:
    """Looks up the variables of a request that has been answered.

    Parameters
    ----------
    status, length
        The answer's status, and the bytes of its body.
    now_ms
        When it was answered, in milliseconds since 1970.
    """
    latency = exchange.integration_ms
    integration = {
        "error": exchange.integration_error,
        "integrationStatus": exchange.integration_status,
        "latency": latency,
        "status": exchange.integration_status,
    }
    context: dict[str, Any] = {
        **exchange.context(),
        "status": status,
        "responseLength": length,
        "responseLatency": max(0, now_ms - exchange.time_ms),
        "integrationStatus": exchange.integration_status,
        "integrationLatency": latency,
        "integrationErrorMessage": exchange.integration_error,
        "integration": integration,
    }
    return lambda name: found_in(context, name)
