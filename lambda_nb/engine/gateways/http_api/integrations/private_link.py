"""Private integrations: listeners of this engine's load balancers, named by ARN."""

from __future__ import annotations

import re

from lambda_nb.engine.aws_calls.services import Services
from lambda_nb.engine.aws_calls.upstream import TooSlow, Unreachable
from lambda_nb.engine.gateways.http_api.faults import unavailable
from lambda_nb.engine.gateways.http_api.mapping import BadMapping

_LISTENER = re.compile(
    r"arn:aws[a-z-]*:elasticloadbalancing:([a-z0-9-]+):\d{12}:listener/app/([^/]+)/[^/]+/[^/]+"
)
_PORT = re.compile(rb"<Port>(\d+)</Port>")
_TIMEOUT_S = 10.0


class ListenerAddress:
    """Where a listener of a load balancer answers.

    Parameters
    ----------
    services
        Asked for the listener's port.
    own_url
        The engine's own address, where load balancers answer by path.
    arn
        The listener's.

    Raises
    ------
    BadMapping
        It is no listener of an application load balancer.
    """

    def __init__(self, services: Services, own_url: str, arn: str) -> None:
        found = _LISTENER.fullmatch(arn)
        if found is None:
            raise BadMapping(
                "a private integration reaches listeners of application load balancers, "
                f"not {arn!r}"
            )
        self._services = services
        self._own_url = own_url
        self._arn = arn
        self._region, self._name = found[1], found[2]
        self._url: str | None = None

    async def __call__(self) -> str:
        """Its URL, without a slash at its end.

        Raises
        ------
        Fault
            There is no such listener.
        """
        if self._url is None:
            self._url = f"{self._own_url}/elb/{self._name}:{await self._port()}"
        return self._url

    async def _port(self) -> int:
        try:
            answer = await self._services.query(
                "elbv2",
                "DescribeListeners",
                {"ListenerArns.member.1": self._arn},
                _TIMEOUT_S,
                self._region,
            )
        except (Unreachable, TooSlow) as error:
            raise unavailable(str(error)) from error
        port = _PORT.search(answer.body)
        if port is None:
            raise unavailable(f"there is no listener {self._arn}")
        return int(port[1])
