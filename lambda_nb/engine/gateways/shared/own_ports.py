"""Loopback ports that belong to one URL or API each, remembered over restarts.

A machine whose resolver does not know ``*.localhost`` needs them: at a port of its own, a URL has
a root of its own. Connections that come to such a port are for its owner and for nothing else.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import secrets
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

from lambda_nb.engine.notices import Notice

log = logging.getLogger(__name__)

Owner = tuple[str, str]
"""Kind and identifier, as in :class:`~lambda_nb.engine.gateways.shared.addresses.Address`."""
Accept = Callable[[socket.socket], Awaitable[Callable[[], None]]]
"""Serves the connections of a listening socket from now on; returns what ends that."""

# Below the ports that systems give to outgoing connections (32768 on Linux, 49152 elsewhere): such
# a connection could hold a port just when it is wanted back.
_FIRST, _LAST = 20000, 29999
_TRIES = 50
_BACKLOG = 128


class OwnPorts:
    """Gives each owner a port on 127.0.0.1.

    Parameters
    ----------
    path
        The file that remembers them. Its ports are bound again at once.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._listeners: dict[Owner, socket.socket] = {}
        self._ports: dict[Owner, int] = {}
        # Former owners too: a connection may outlive the end of its port.
        self._owners: dict[int, Owner] = {}
        self._accept: Accept | None = None
        self._ends: dict[Owner, Callable[[], None]] = {}
        self._beginning: set[asyncio.Future[None]] = set()
        self._none_left = Notice(log, "no port is left for function URLs and APIs")
        self._bind_again(_remembered(path))

    def of(self, owner: Owner) -> int | None:
        """The port of an owner, who gets one if need be; ``None`` if there is none to be had."""
        port = self._ports.get(owner)
        if port is not None:
            return port
        listener = _listen(None)
        if listener is None:
            self._none_left.warn()
            return None
        self._take(owner, listener)
        self._save()
        return self._ports[owner]

    def owner(self, port: int) -> Owner | None:
        """Who has a port, or had it last; ``None`` for a port that nobody had."""
        return self._owners.get(port)

    def owners(self) -> list[Owner]:
        """Who has a port."""
        return list(self._ports)

    def serve(self, accept: Accept) -> None:
        """Accept connections from now on; those that came earlier have waited."""
        self._accept = accept
        for owner in self._listeners:
            self._begin(owner)

    def release(self, owner: Owner) -> None:
        """Close the port of an owner, if there is one."""
        if self._ports.pop(owner, None) is not None:
            self._end(owner)
            self._save()

    def close(self) -> None:
        """Close all ports, which stay remembered."""
        for task in self._beginning:
            task.cancel()
        for owner in list(self._listeners):
            self._end(owner)

    def _bind_again(self, remembered: dict[Owner, int]) -> None:
        for owner, port in remembered.items():
            listener = _listen(port) or _listen(None)
            if listener is None:
                self._none_left.warn()
                continue
            self._take(owner, listener)
            if self._ports[owner] != port:
                log.warning(
                    "port %d of %s %s is taken by another process: it has port %d now",
                    *(port, *owner, self._ports[owner]),
                )
        if self._ports != remembered:
            self._save()

    def _take(self, owner: Owner, listener: socket.socket) -> None:
        port = listener.getsockname()[1]
        self._listeners[owner] = listener
        self._ports[owner] = port
        self._owners[port] = owner
        if self._accept is not None:
            self._begin(owner)

    def _begin(self, owner: Owner) -> None:
        task = asyncio.ensure_future(self._serve(owner, self._listeners[owner]))
        self._beginning.add(task)
        task.add_done_callback(self._beginning.discard)

    async def _serve(self, owner: Owner, listener: socket.socket) -> None:
        assert self._accept is not None
        end = await self._accept(listener)
        if self._listeners.get(owner) is listener:
            self._ends[owner] = end
        else:  # released meanwhile
            end()

    def _end(self, owner: Owner) -> None:
        end = self._ends.pop(owner, None)
        if end is not None:
            end()
        self._listeners.pop(owner).close()

    def _save(self) -> None:
        told = [[*owner, port] for owner, port in self._ports.items()]
        new = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}")
        try:
            new.touch(0o600, exist_ok=False)
            new.write_text(json.dumps(told))
            new.replace(self._path)
        except OSError as error:
            new.unlink(missing_ok=True)
            log.warning("%s: %s: new ports will not be kept", self._path, error.strerror)


def _remembered(path: Path) -> dict[Owner, int]:
    try:
        told = json.loads(path.read_text())
        return {(str(kind), str(identifier)): int(port) for kind, identifier, port in told}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError) as error:
        log.warning("%s cannot be read (%s): URLs and APIs get other ports", path, error)
        return {}


def _listen(port: int | None) -> socket.socket | None:
    """A listening socket on a port, or any free one; ``None`` if it is not to be had."""
    ports = [port] if port else [*random.sample(range(_FIRST, _LAST + 1), _TRIES), 0]
    for one in ports:
        try:
            listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        except OSError:  # no descriptor is left
            return None
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", one))
            listener.listen(_BACKLOG)
            listener.setblocking(False)
        except (OSError, OverflowError):
            listener.close()
        else:
            return listener
    return None
