"""The addresses that the engine gives to function URLs, APIs and load balancers.

Every client on this machine must be able to use them. So there are three forms:

========= ============================== =========================================================
form      address                        who can use it
========= ============================== =========================================================
``host``  ``http://ID.KIND.localhost:P`` browsers and curl; others where the resolver knows
                                         ``*.localhost``. ``P`` is the engine's port
``port``  ``http://127.0.0.1:Q``         everybody. ``Q`` is a port of its own
``path``  ``http://127.0.0.1:P/KIND/ID`` everybody, but redirects to ``/path`` lose their way
========= ============================== =========================================================

Requests by host and by path are answered whatever form is given out.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from lambda_nb.engine.gateways.shared.own_ports import Accept, Owner, OwnPorts

_TRIAL = "lambda-nb.localhost"
_PATIENCE_S = 1.0  # a resolver that takes longer to answer would slow every client down
_TIDY_AFTER_S = 0.5


class OwnAddresses:
    """Gives gateways addresses that clients on this machine can use.

    Parameters
    ----------
    url
        The engine's own address.
    form
        ``host``, ``port``, ``path``, or ``auto``: ``host`` where the resolver knows
        ``*.localhost``, else ``port``. ``path`` stands in for ``auto`` and ``port`` before
        :meth:`open`, and where no port is to be had.
    resolves
        Whether the resolver knows a name; asked in a thread.
    """

    def __init__(
        self,
        url: str,
        form: str = "host",
        resolves: Callable[[str], bool] | None = None,
    ) -> None:
        self._url = url
        self._port = urlsplit(url).port
        self._form = form
        self._resolves = resolves or is_loopback
        self._ports: OwnPorts | None = None
        self._exists: Callable[[str, str], bool] | None = None
        self._tidying: asyncio.TimerHandle | None = None

    async def open(self, path: Path | None) -> None:
        """Choose the form, and bind the ports that were given out earlier.

        Parameters
        ----------
        path
            The file that remembers ports; ``None`` if descriptors are too scarce for ports.
        """
        if self._form == "auto":
            self._form = "host" if await self._knows_localhost() else "port"
        if path is not None:
            self._ports = OwnPorts(path)

    def serve(self, accept: Accept) -> None:
        """Accept connections to ports of their own from now on."""
        if self._ports is not None:
            self._ports.serve(accept)

    def close(self) -> None:
        """Close all ports, which stay remembered."""
        self._exists = None
        if self._tidying is not None:
            self._tidying.cancel()
        if self._ports is not None:
            self._ports.close()

    def of(self, kind: str, identifier: str, scheme: str = "http") -> str:
        """The address of a gateway, without a slash at its end.

        Parameters
        ----------
        kind
            A constant of :mod:`~lambda_nb.engine.gateways.shared.addresses`.
        identifier
            The id of a URL or an API, the name of a load balancer.
        scheme
            ``ws`` for a WebSocket API.
        """
        if self._form == "host":
            return f"{scheme}://{identifier}.{kind}.localhost:{self._port}"
        if self._form == "port" and self._ports is not None:
            port = self._ports.of((kind, identifier))
            if port is not None:
                return f"{scheme}://127.0.0.1:{port}"
        return f"{scheme}://{urlsplit(self._url).netloc}/{kind}/{identifier}"

    def owner(self, port: int) -> Owner | None:
        """Kind and identifier of who has a port of its own, if it is one."""
        return self._ports.owner(port) if self._ports is not None else None

    def release(self, kind: str, identifier: str) -> None:
        """Close the port of what is no more."""
        if self._ports is not None:
            self._ports.release((kind, identifier))

    def keep(self, exists: Callable[[str, str], bool]) -> None:
        """From now on, release the ports of what does not exist.

        Parameters
        ----------
        exists
            Whether there is something of a kind with an identifier. Asked a moment after
            :meth:`changed`.
        """
        self._exists = exists
        self.changed()

    def changed(self) -> None:
        """Something may have been deleted."""
        if self._exists is not None and self._ports is not None and self._tidying is None:
            loop = asyncio.get_running_loop()
            self._tidying = loop.call_later(_TIDY_AFTER_S, self._tidy)

    def _tidy(self) -> None:
        self._tidying = None
        assert self._ports is not None
        assert self._exists is not None
        for owner in self._ports.owners():
            if not self._exists(*owner):
                self._ports.release(owner)

    async def _knows_localhost(self) -> bool:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bool] = loop.create_future()

        def tell(known: bool) -> None:
            if not answer.done():
                answer.set_result(known)

        def ask() -> None:
            known = self._resolves(_TRIAL)
            with contextlib.suppress(RuntimeError):  # the engine has ended meanwhile
                loop.call_soon_threadsafe(tell, known)

        # A daemon: a resolver that hangs must hold up neither the start nor the end.
        threading.Thread(target=ask, name="resolver-trial", daemon=True).start()
        try:
            return await asyncio.wait_for(answer, _PATIENCE_S)
        except asyncio.TimeoutError:
            return False


def is_loopback(name: str) -> bool:
    """Whether the system's resolver says that a name is 127.0.0.1, and nothing beyond loopback."""
    try:
        found = socket.getaddrinfo(name, 80, type=socket.SOCK_STREAM)
    except OSError:
        return False
    addresses = {entry[4][0] for entry in found}
    return "127.0.0.1" in addresses and addresses <= {"127.0.0.1", "::1"}
