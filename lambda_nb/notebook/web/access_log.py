"""Read the access log of an HTTP API, as it grows."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from lambda_nb.notebook.connection.clients import Clients
from lambda_nb.notebook.connection.log_groups import NewEvents
from lambda_nb.notebook.errors import UsageError, aws_errors
from lambda_nb.notebook.web import http_api

KEPT = 2000
"""Requests that a reader remembers."""
LOOK_BACK_S = 900.0
"""How far back the first look goes."""

_LATE_MS = 10_000


@dataclass(frozen=True)
class Request:
    """One line of the log.

    Attributes
    ----------
    time
        When it was written.
    method, path, route, address
        What was asked, the route's key, and who asked.
    status
        HTTP status; 0 if the line does not tell.
    milliseconds
        From the request to the response.
    function
        The function that the route leads to, or empty.
    error
        Why the function's answer was not used, or empty.
    line
        The line as it is, if its format is not JSON.
    """

    time: datetime
    method: str = ""
    path: str = ""
    route: str = ""
    address: str = ""
    status: int = 0
    milliseconds: float | None = None
    function: str = ""
    error: str = ""
    line: str = ""


class AccessLog:
    """Reads an API's log; each look continues after the last one.

    Parameters
    ----------
    clients
        Clients for the endpoint.
    name
        Name or id of an HTTP API.

    Raises
    ------
    UsageError
        There is no such API, or it has no access log.
    """

    def __init__(self, clients: Clients, name: str) -> None:
        self._gateway = clients.client("apigatewayv2")
        self.requests: deque[Request] = deque(maxlen=KEPT)
        self._since = int((time.time() - LOOK_BACK_S) * 1000)
        self._functions: dict[str, str] = {}
        with aws_errors():
            api = http_api.find(self._gateway, name)
            self._api_id: str = api["ApiId"]
            self.name: str = api["Name"]
            self.address: str = api["ApiEndpoint"]
            self._events = NewEvents(clients.client("logs"), self._find_group(), _LATE_MS)

    def _find_group(self) -> str:
        pages = self._gateway.get_paginator("get_stages").paginate(ApiId=self._api_id)
        for page in pages:
            for stage in page["Items"]:
                arn = stage.get("AccessLogSettings", {}).get("DestinationArn", "")
                if ":log-group:" in arn:
                    return str(arn.partition(":log-group:")[2].removesuffix(":*"))
        raise UsageError(
            f"the API {self.name!r} has no access log in CloudWatch; give its stage "
            "AccessLogSettings. APIs that %%lambda --http creates have one"
        )

    def look(self) -> None:
        """Read the new lines into ``requests``."""
        with aws_errors():
            fresh = [self._request(event) for event in self._events.read(self._since)]
        self.requests.extend(sorted(fresh, key=lambda request: request.time))

    def _request(self, event: Mapping[str, Any]) -> Request:
        when = datetime.fromtimestamp(event["timestamp"] / 1000, timezone.utc)
        message = event["message"].rstrip("\n")
        told = _fields(message)
        if told is None:
            return Request(when, line=message)
        route = _known(told, "routeKey")
        return Request(
            when,
            _known(told, "httpMethod"),
            _known(told, "path"),
            route,
            _known(told, "ip"),
            int(_number(told, "status") or 0),
            _number(told, "responseLatency"),
            self._function(route),
            _known(told, "integrationError"),
        )

    def _function(self, route: str) -> str:
        """The function behind a route; asks the API about a route that is new."""
        if route and route not in self._functions:
            targets = http_api.integrations(self._gateway, self._api_id)
            for one in http_api.all_routes(self._gateway, self._api_id):
                target = targets.get(one.get("Target", ""), {})
                self._functions[one["RouteKey"]] = http_api.function_of(target)
            self._functions.setdefault(route, "")
        return self._functions.get(route, "")


def _fields(message: str) -> dict[str, Any] | None:
    try:
        told = json.loads(message)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _known(told: Mapping[str, Any], name: str) -> str:
    """A field's text; API Gateway writes a hyphen for what it does not know."""
    text = str(told.get(name, ""))
    return "" if text == "-" else text


def _number(told: Mapping[str, Any], name: str) -> float | None:
    try:
        return float(_known(told, name))
    except ValueError:
        return None
