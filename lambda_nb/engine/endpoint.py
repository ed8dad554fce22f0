"""Where services answer: a URL, and for those of our own the Unix socket behind it."""

from __future__ import annotations

import socket
from functools import cache
from typing import Any, NamedTuple

import aiohttp


class Endpoint(NamedTuple):
    """An address for calls to AWS's services.

    ``url`` is what calls name as their address. With ``socket``, the path of a Unix socket, they
    go there: the embedded services have no port that somebody else could reach.

    Examples
    --------
    >>> str(Endpoint("http://127.0.0.1:5000")), str(Endpoint("http://127.0.0.1:4571", "/d/s"))
    ('http://127.0.0.1:5000', 'unix:/d/s')
    """

    url: str
    socket: str | None = None

    def __str__(self) -> str:
        """Where connections go."""
        return self.url if self.socket is None else f"unix:{self.socket}"

    def connector(self, limit_per_host: int = 0) -> aiohttp.BaseConnector:
        """Make connections of aiohttp; as many as are needed, or to each host only so many."""
        if self.socket is None:
            return aiohttp.TCPConnector(limit=0, limit_per_host=limit_per_host)
        return aiohttp.UnixConnector(self.socket, limit=0, limit_per_host=limit_per_host)

    def reach(self, client: Any) -> Any:
        """Let the calls of a boto3 client, made for ``url``, go where they should; the client."""
        if self.socket is not None:
            send = _unix_session()(self.socket).send
            client.meta.events.register("before-send", lambda request, **_: send(request))
        return client


@cache
def _unix_session() -> Any:
    """The class of botocore's HTTP sessions that go to a Unix socket."""
    # Imported late: a quarter of a second that not every engine needs.
    from botocore.awsrequest import AWSHTTPConnection, AWSHTTPConnectionPool
    from botocore.httpsession import URLLib3Session
    from urllib3.exceptions import NewConnectionError

    def session(path: str) -> Any:
        class Connection(AWSHTTPConnection):
            def _new_conn(self) -> socket.socket:
                made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                try:
                    made.settimeout(self.timeout)
                    made.connect(path)
                except OSError as error:
                    made.close()
                    raise NewConnectionError(self, f"no connection to {path}: {error}") from error
                return made

        class Pool(AWSHTTPConnectionPool):
            ConnectionCls = Connection

        made: Any = URLLib3Session(max_pool_connections=50)
        made._manager.pool_classes_by_scheme = {"http": Pool}
        return made

    return session
