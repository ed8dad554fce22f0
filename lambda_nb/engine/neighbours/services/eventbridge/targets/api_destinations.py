"""Calls API destinations: any HTTP endpoint, with the authorization of a connection."""

from __future__ import annotations

import base64
import json
import threading
import time
from typing import Any
from urllib.parse import quote

from lambda_nb.engine.neighbours.services.eventbridge.targets import http_calls
from lambda_nb.engine.neighbours.services.eventbridge.targets.errors import (
    NO_PERMISSIONS,
    NO_RESOURCE,
    DeliveryError,
    NotYet,
)
from lambda_nb.engine.neighbours.services.eventbridge.targets.jobs import Job
from lambda_nb.engine.neighbours.services.eventbridge.targets.oauth_tokens import OAuthTokens
from lambda_nb.rules.events.eventbridge.input_transformation import resolved

RATE_PER_S = 300
"""Invocations a second of a destination that has no limit of its own (User Guide, quotas)."""
_UNAUTHORIZED = (401, 407)


class ApiDestinations:
    """Calls the destinations of all accounts and Regions.

    Parameters
    ----------
    tokens
        OAuth tokens of connections.
    """

    def __init__(self, tokens: OAuthTokens) -> None:
        self._tokens = tokens
        self._lock = threading.Lock()
        self._next: dict[str, float] = {}

    def send(self, job: Job) -> None:
        """Make the request of one job.

        Raises
        ------
        DeliveryError
            It failed.
        NotYet
            The destination's rate limit is used up.
        """
        destination, connection = _found(job.arn)
        self._admit(job.arn, destination)
        event = json.loads(job.whole_event)
        parameters = job.target.get("HttpParameters") or {}
        method = destination.http_method
        headers = _texts(parameters.get("HeaderParameters"), event)
        query = _texts(parameters.get("QueryStringParameters"), event)
        url = _with_path(destination.invocation_endpoint, parameters, event)
        kept = connection.auth_parameters.get("InvocationHttpParameters") or {}
        headers |= http_calls.pairs(kept.get("HeaderParameters"))
        query |= http_calls.pairs(kept.get("QueryStringParameters"))
        headers |= self._authorization(connection)
        body = _with_body(job.payload, http_calls.pairs(kept.get("BodyParameters")))
        sent = None if method in ("GET", "HEAD", "OPTIONS") and not body else body
        oauth = connection.authorization_type == "OAUTH_CLIENT_CREDENTIALS"
        with http_calls.request(method, url, headers, list(query.items()), sent) as response:
            if oauth and response.status_code in _UNAUTHORIZED:
                self._tokens.forget(connection.arn)
            http_calls.check(response, retried=_UNAUTHORIZED if oauth else ())

    def _admit(self, arn: str, destination: Any) -> None:
        """Space requests out evenly; a destination idle for a second may send a second's worth."""
        rate = float(destination.invocation_rate_limit_per_second or RATE_PER_S)
        now = time.monotonic()
        with self._lock:
            free = max(self._next.get(arn, 0.0), now - 1.0 + 1.0 / rate)
            if free > now:
                raise NotYet(free - now)
            self._next[arn] = free + 1.0 / rate

    def _authorization(self, connection: Any) -> dict[str, str]:
        parameters = connection.auth_parameters
        if connection.authorization_type == "BASIC":
            basic = parameters["BasicAuthParameters"]
            pair = f"{basic['Username']}:{basic['Password']}".encode()
            return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        if connection.authorization_type == "API_KEY":
            key = parameters["ApiKeyAuthParameters"]
            return {key["ApiKeyName"]: key["ApiKeyValue"]}
        return {"Authorization": self._tokens.header(connection)}


def _found(arn: str) -> tuple[Any, Any]:
    """The destination of an ARN and its connection."""
    from moto.events.models import events_backends

    _, _, _, region, account, resource = arn.split(":", 5)
    backend = events_backends[account][region]
    destination = backend.destinations.get(resource.split("/")[1])
    if destination is None or destination.arn != arn:
        raise DeliveryError(NO_RESOURCE, f"There is no API destination {arn}.", retry=False)
    arn = destination.connection_arn
    connection = backend.connections.get(arn.split("/")[1])
    if connection is None or connection.arn != arn:
        raise DeliveryError(NO_RESOURCE, f"There is no connection {arn}.", retry=False)
    if connection.state not in ("AUTHORIZED", "AUTHORIZING"):
        text = f"The connection {connection.name} is {connection.state}."
        raise DeliveryError(NO_PERMISSIONS, text, retry=False)
    return destination, connection


def _texts(parameters: Any, event: Any) -> dict[str, str]:
    return {name: resolved(value, event) for name, value in (parameters or {}).items()}


def _with_path(endpoint: str, parameters: Any, event: Any) -> str:
    """The endpoint with the path parameters in place of its asterisks, in order."""
    for value in parameters.get("PathParameterValues") or ():
        endpoint = endpoint.replace("*", quote(resolved(value, event), safe=""), 1)
    return endpoint


def _with_body(payload: str, added: dict[str, str]) -> str:
    """The payload with the connection's body parameters, if it is a JSON object."""
    if not added:
        return payload
    try:
        told = json.loads(payload)
    except ValueError:
        return payload
    return json.dumps({**told, **added}) if isinstance(told, dict) else payload
