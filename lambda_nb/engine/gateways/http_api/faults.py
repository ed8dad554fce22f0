"""The answers that HTTP APIs give themselves, to the letter."""

from __future__ import annotations

import json
from collections.abc import Sequence

from lambda_nb.engine.api.wire.http import Header, Reply


class Fault(Exception):  # noqa: N818
    """A request ends with an answer of the gateway's own.

    Parameters
    ----------
    status
        The HTTP status.
    message
        What the caller reads.
    headers
        Further headers of the answer.
    problem
        What went wrong, for logs; the caller does not see it.
    """

    def __init__(
        self, status: int, message: str, headers: Sequence[Header] = (), problem: str = ""
    ) -> None:
        super().__init__(problem or message)
        self.status = status
        self.message = message
        self.headers = list(headers)
        self.problem = problem

    def reply(self) -> Reply:
        """The answer."""
        body = json.dumps({"message": self.message}, separators=(",", ":")).encode()
        return Reply(self.status, body, list(self.headers))


def not_found() -> Fault:
    """No stage, or no route, is meant."""
    return Fault(404, "Not Found")


def unauthorized(challenge: str = "") -> Fault:
    """Nobody says who asks; ``challenge`` is the ``www-authenticate`` header."""
    headers = [(b"www-authenticate", challenge.encode("latin-1", "replace"))] if challenge else []
    return Fault(401, "Unauthorized", headers, challenge)


def forbidden(problem: str = "", challenge: str = "") -> Fault:
    """Who asks may not."""
    headers = [(b"www-authenticate", challenge.encode("latin-1", "replace"))] if challenge else []
    return Fault(403, "Forbidden", headers, problem)


def too_many_requests() -> Fault:
    """A limit of the stage or route is used up."""
    return Fault(429, "Too Many Requests")


def too_large() -> Fault:
    """The body has more bytes than allowed."""
    return Fault(413, "Request Entity Too Large")


def headers_too_large() -> Fault:
    """Request line and headers have more bytes than allowed."""
    return Fault(431, "Request Header Fields Too Large")


def internal(problem: str) -> Fault:
    """The integration or the authorizer failed."""
    return Fault(500, "Internal Server Error", (), problem)


def unavailable(problem: str) -> Fault:
    """The integration does not answer, or not in time."""
    return Fault(503, "Service Unavailable", (), problem)
