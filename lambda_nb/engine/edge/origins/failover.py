"""Origin groups: a second origin for requests that the first does not answer well.

CloudFront Developer Guide, "Optimize high availability with CloudFront origin failover".
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping

from lambda_nb.engine.edge.model import OriginError, Response
from lambda_nb.engine.edge.origins.faults import NoAnswerError, NotConnectedError
from lambda_nb.engine.edge.settings import Origin, OriginGroup

Attempt = Callable[[Origin], Awaitable[Response]]
"""Asks one origin: with its triggers, which run again for the second one."""

_NO_CONNECTION = 503
_NO_ANSWER = 504


async def fetch(
    group: OriginGroup,
    origins: Mapping[str, Origin],
    method: str,
    cached_methods: Collection[str],
    attempt: Attempt,
) -> Response:
    """Ask the first origin of a group, and if that fails the second one.

    Parameters
    ----------
    origins
        By their ids.
    method
        The viewer's. Only GET, HEAD and, if it is among ``cached_methods``, OPTIONS fail over.
    attempt
        Asks an origin.

    Raises
    ------
    OriginError
        The first origin failed in a way that is not configured for failover, or the second failed.
    """
    first, second = origins[group.primary], origins[group.secondary]
    repeatable = method in ("GET", "HEAD") or (method == "OPTIONS" and method in cached_methods)
    try:
        response = await attempt(first)
    except OriginError as fault:
        if not repeatable or counted_as(fault) not in group.statuses:
            raise
    else:
        if not repeatable or response.status not in group.statuses:
            return response
        await response.leave()
    return await attempt(second)


def counted_as(fault: OriginError) -> int:
    """The failover status that stands for a fault.

    CloudFront fails over when it cannot connect if 503 is configured, and when the response takes
    too long if 504 is; other faults count as the status that the viewer would get.
    """
    if isinstance(fault, NotConnectedError):
        return _NO_CONNECTION
    return _NO_ANSWER if isinstance(fault, NoAnswerError) else fault.status
