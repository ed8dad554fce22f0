"""Servers as targets: target groups of the types ``ip`` and ``instance``."""

from __future__ import annotations

from collections.abc import Sequence

from lambda_nb.engine.api.wire.headers import HOP_BY_HOP
from lambda_nb.engine.api.wire.http import Header, Reply
from lambda_nb.engine.aws_calls.upstream import TooSlow, Unreachable, Upstream
from lambda_nb.engine.gateways.load_balancer.target_groups import Target, TargetGroup

BODY_LIMIT = 10 << 20
"""Bytes of a request's body; ours, for it is held in memory."""


_NOT_PASSED_ON = HOP_BY_HOP | {"content-length"}

__all__ = ["BODY_LIMIT", "ServerTargets", "TooSlow", "Unreachable"]


class ServerTargets:
    """Passes requests on to servers.

    Parameters
    ----------
    upstream
        Makes the requests.
    """

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def answer(
        self,
        group: TargetGroup,
        target: Target,
        method: str,
        path: str,
        query: str,
        headers: Sequence[Header],
        body: bytes,
        timeout_s: float,
    ) -> Reply:
        """The reply of a server.

        Raises
        ------
        Unreachable
            It is not there; an EC2 instance never is, as none runs here.
        TooSlow
            It did not answer within ``timeout_s`` seconds.
        """
        if target.identifier.startswith("i-"):
            raise Unreachable(
                f"{target.identifier}: lambda_nb runs no EC2 instances. Register 127.0.0.1 in a "
                "target group of the type ip"
            )
        host = f"[{target.identifier}]" if ":" in target.identifier else target.identifier
        url = f"{group.protocol.lower()}://{host}:{target.port}{path}"
        answer = await self._upstream.request(
            method,
            f"{url}?{query}" if query else url,
            [
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in headers
                if name.decode("latin-1") not in _NOT_PASSED_ON
            ],
            body,
            timeout_s,
        )
        kept = [
            (name.lower().encode("latin-1"), value.encode("latin-1", "replace"))
            for name, value in answer.headers
            if name.lower() not in _NOT_PASSED_ON
            or (method == "HEAD" and name.lower() == "content-length")
        ]
        return Reply(answer.status, answer.body, kept, None)
