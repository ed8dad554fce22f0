"""The addresses that the engine gives to function URLs, APIs and load balancers."""

from __future__ import annotations

from urllib.parse import urlsplit


class OwnAddresses:
    """Gives gateways addresses that clients on this machine can use.

    Parameters
    ----------
    url
        The engine's own address.
    """

    def __init__(self, url: str) -> None:
        self._port = urlsplit(url).port

    def of(self, kind: str, identifier: str) -> str:
        """The address of a gateway, without a slash at its end: ``http://ID.KIND.localhost:PORT``.

        Parameters
        ----------
        kind
            A constant of :mod:`~lambda_nb.engine.gateways.shared.addresses`.
        identifier
            The id of a URL or an API, the name of a load balancer.
        """
        return f"http://{identifier}.{kind}.localhost:{self._port}"
