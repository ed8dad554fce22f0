"""The variables of access logs (API Gateway's guide, "Customize HTTP API access logs")."""

from __future__ import annotations

from lambda_nb.engine.api.wire.http import Reply
from lambda_nb.engine.gateways.http_api.exchange import Exchange
from lambda_nb.engine.gateways.http_api.faults import Fault
from lambda_nb.engine.gateways.http_api.mapping import context
from lambda_nb.engine.gateways.shared.access_log import Lookup, found_in


def log_values(exchange: Exchange, reply: Reply, fault: Fault | None, took_s: float) -> Lookup:
    """Looks up what happened to a request.

    Parameters
    ----------
    reply
        What the caller got.
    fault
        Why, if the gateway answered itself.
    took_s
        Seconds from the request to the answer.
    """
    notes = exchange.notes
    problem = fault.problem if fault is not None else ""
    tried = "integrationLatency" in notes
    status = notes.get("integrationStatus", fault.status if fault and tried else None)
    endpoint = notes.get("awsEndpointRequestId")
    latency = notes.get("integrationLatency")
    failed = problem if tried else ""
    values = {
        **context(exchange),
        "awsEndpointRequestId": endpoint,
        "dataProcessed": len(exchange.body) + len(reply.body),
        "error": {
            "message": fault.message if fault else None,
            "messageString": f'"{fault.message}"' if fault else None,
            "responseType": _kind(fault) if fault else None,
        },
        "integration": {
            "error": failed,
            "integrationStatus": status,
            "latency": latency,
            "requestId": endpoint,
            "status": status,
        },
        "integrationErrorMessage": failed,
        "integrationLatency": latency,
        "integrationStatus": status,
        "responseLatency": round(took_s * 1000),
        "responseLength": len(reply.body),
        "status": reply.status,
    }
    return lambda name: found_in(values, name)


def _kind(fault: Fault) -> str:
    """API Gateway's name for a kind of answer of its own."""
    return {
        401: "UNAUTHORIZED",
        403: "ACCESS_DENIED",
        404: "NOT_FOUND",
        413: "REQUEST_TOO_LARGE",
        429: "THROTTLED",
        500: "API_CONFIGURATION_ERROR",
        503: "INTEGRATION_FAILURE",
    }.get(fault.status, "DEFAULT_4XX" if fault.status < 500 else "DEFAULT_5XX")
