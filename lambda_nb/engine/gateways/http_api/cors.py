"""Cross-origin rules of an HTTP API.

The gateway answers preflights itself. Where rules are configured, those headers of an integration
do not count (API Gateway's guide, "Configure CORS for HTTP APIs").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.api.wire.http import Header, HttpRequest, Reply
from lambda_nb.engine.permissions.policy_conditions import like

_OWN = b"access-control-"


class Cors:
    """The rules, made ready.

    Parameters
    ----------
    configuration
        ``CorsConfiguration`` of the API.
    """

    def __init__(self, configuration: Mapping[str, Any]) -> None:
        origins = configuration.get("AllowOrigins") or []
        self._everyone = "*" in origins
        self._origins = frozenset(origin.lower() for origin in origins)
        self._patterns = [o.lower() for o in origins if "*" in o and o != "*"]
        self._credentials = bool(configuration.get("AllowCredentials"))
        self._exposed = ",".join(configuration.get("ExposeHeaders") or []).encode()
        self._preflight: list[Header] = []
        for member, name in (
            ("AllowMethods", b"access-control-allow-methods"),
            ("AllowHeaders", b"access-control-allow-headers"),
        ):
            if configuration.get(member):
                self._preflight.append((name, ",".join(configuration[member]).encode()))
        if configuration.get("MaxAge") is not None:
            age = str(configuration["MaxAge"]).encode()
            self._preflight.append((b"access-control-max-age", age))

    def preflight(self, request: HttpRequest) -> Reply:
        """The answer to a browser that asks before it makes a request."""
        allowed = self._allowed(request)
        return Reply(204, b"", allowed + self._preflight if allowed else [], None)

    def add_to(self, request: HttpRequest, reply: Reply) -> None:
        """Give an answer the headers of these rules, and take away those of its own."""
        headers = [h for h in reply.headers if not h[0].lower().startswith(_OWN)]
        allowed = self._allowed(request)
        if allowed and self._exposed:
            allowed.append((b"access-control-expose-headers", self._exposed))
        reply.headers = headers + allowed

    def _allowed(self, request: HttpRequest) -> list[Header]:
        origin = request.headers.get("origin")
        if origin is None:
            return []
        if self._everyone:
            shown = b"*"
        elif self._names(origin.lower()):
            shown = origin.encode("latin-1")
        else:
            return []
        headers: list[Header] = [(b"access-control-allow-origin", shown)]
        if self._credentials:
            headers.append((b"access-control-allow-credentials", b"true"))
        if not self._everyone:
            headers.append((b"vary", b"Origin"))
        return headers

    def _names(self, origin: str) -> bool:
        return origin in self._origins or any(like(pattern, origin) for pattern in self._patterns)
