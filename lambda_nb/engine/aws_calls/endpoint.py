"""Addresses of services: a URL, and for embedded services a Unix socket."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import aiohttp


class NotStartedError(Exception):
    """The service is still starting: ask again in a moment."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Credentials that calls are signed with."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)

    def scope(self, service: str, region: str) -> str:
        """An ``Authorization`` header for services that verify no signature.

        The embedded services read account, Region and service from it.
        """
        return (
            f"AWS4-HMAC-SHA256 Credential={self.access_key}/20000101/{region}/{service}"
            "/aws4_request, SignedHeaders=host, Signature=0"
        )

    def sign(
        self,
        service: str,
        region: str,
        method: str,
        url: str,
        headers: Mapping[str, str],
        payload: bytes | str,
    ) -> dict[str, str]:
        """The headers of a call, including those of its signature.

        Parameters
        ----------
        service, region
            As named in signatures.
        url
            Percent-encoded as it is sent.
        headers
            The headers to sign; they should include all ``x-amz-*`` headers.
        payload
            The body, or the text that S3 accepts instead of its hash.
        """
        # Imported late: an engine that makes no calls never needs it.
        from botocore.auth import S3SigV4Auth, SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        body = payload if isinstance(payload, bytes) else b""
        request = AWSRequest(method, url, data=body, headers=dict(headers))
        kind: Any = S3SigV4Auth if service == "s3" else SigV4Auth
        auth = kind(Credentials(self.access_key, self.secret_key, self.token), service, region)
        if isinstance(payload, str):
            auth.payload = lambda _: payload
        # botocore signs Host without a default port; it must be the same as the one sent.
        request.headers["Host"] = urlsplit(url).netloc
        auth.add_auth(request)
        return dict(request.headers.items())


class Endpoint(NamedTuple):
    """An address for calls to AWS's services.

    ``url`` is the address in calls. With ``socket``, the path of a Unix socket, they go there:
    the embedded services have no port that others could reach. With ``keys``, calls must be
    signed with these keys.

    Examples
    --------
    >>> str(Endpoint("http://127.0.0.1:5000")), str(Endpoint("http://127.0.0.1:4571", "/d/s"))
    ('http://127.0.0.1:5000', 'unix:/d/s')
    """

    url: str
    socket: str | None = None
    keys: Keys | None = None

    def __str__(self) -> str:
        """Where connections go."""
        return self.url if self.socket is None else f"unix:{self.socket}"

    def connector(self, limit_per_host: int = 0) -> aiohttp.BaseConnector:
        """A connector for aiohttp; ``limit_per_host`` limits connections, 0 does not."""
        if self.socket is None:
            return aiohttp.TCPConnector(limit=0, limit_per_host=limit_per_host)
        return aiohttp.UnixConnector(self.socket, limit=0, limit_per_host=limit_per_host)

    def reach(self, client: Any) -> Any:
        """Send a boto3 client's calls for ``url`` to the socket, if any; returns the client."""
        if self.socket is not None:
            send = _unix_session()(self.socket).send
            client.meta.events.register("before-send", lambda request, **_: send(request))
        return client


@cache
def _unix_session() -> Any:
    """A function that makes botocore HTTP sessions for a Unix socket."""
    # Imported late: it takes a quarter of a second, and not every engine needs it.
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
