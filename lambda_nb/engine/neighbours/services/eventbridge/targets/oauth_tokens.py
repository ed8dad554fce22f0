"""Access tokens of connections with OAuth client credentials: fetched once, kept in memory."""

from __future__ import annotations

import threading
import time
from typing import Any
from urllib.parse import urlencode

from lambda_nb.engine.neighbours.services.eventbridge.targets import http_calls
from lambda_nb.engine.neighbours.services.eventbridge.targets.errors import (
    CONNECTION_FAILURE,
    NO_PERMISSIONS,
    DeliveryError,
)

_EARLIER_S = 30.0
"""A token is renewed so long before it expires."""
_LIFE_S = 3600.0
"""Of a token whose server does not say."""
_FORM = "application/x-www-form-urlencoded"


class OAuthTokens:
    """The tokens, by the ARN of the connection."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tokens: dict[str, tuple[str, float]] = {}

    def header(self, connection: Any) -> str:
        """The Authorization header for a connection.

        Raises
        ------
        DeliveryError
            The authorization server gives no token.
        """
        with self._lock:
            kept = self._tokens.get(connection.arn)
        if kept is None or kept[1] <= time.monotonic():
            kept = _fetched(connection.auth_parameters["OAuthParameters"])
            with self._lock:
                self._tokens[connection.arn] = kept
        return kept[0]

    def forget(self, arn: str) -> None:
        """A token was refused, or its connection has changed."""
        with self._lock:
            self._tokens.pop(arn, None)


def _fetched(parameters: Any) -> tuple[str, float]:
    """A token as a header, and until when it holds on the monotonic clock."""
    client = parameters["ClientParameters"]
    added = parameters.get("OAuthHttpParameters") or {}
    form = {
        "grant_type": "client_credentials",
        "client_id": client["ClientID"],
        "client_secret": client["ClientSecret"],
        **http_calls.pairs(added.get("BodyParameters")),
    }
    query = list(http_calls.pairs(added.get("QueryStringParameters")).items())
    headers = {"Content-Type": _FORM, **http_calls.pairs(added.get("HeaderParameters"))}
    method = parameters["HttpMethod"]
    body: str | None = urlencode(form)
    if method == "GET":
        query, body = [*query, *form.items()], None
    url = parameters["AuthorizationEndpoint"]
    with http_calls.request(method, url, headers, query, body) as response:
        if response.status_code == 429 or response.status_code >= 500:
            http_calls.check(response)
        if not 200 <= response.status_code < 300:
            text = f"The authorization endpoint answered with the status {response.status_code}."
            raise DeliveryError(NO_PERMISSIONS, text, retry=False)
        try:
            told = response.json()
            token = told["access_token"]
        except (ValueError, KeyError, TypeError) as error:
            text = "The authorization endpoint's answer has no access_token."
            raise DeliveryError(CONNECTION_FAILURE, text, retry=True) from error
    life = float(told.get("expires_in") or _LIFE_S)
    return f"Bearer {token}", time.monotonic() + max(1.0, life - _EARLIER_S)
