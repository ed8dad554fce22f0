"""boto3 clients that call the engine itself: one for each service and Region, for all threads."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Any

from lambda_nb.engine import service_model
from lambda_nb.engine.stacks.records.store import Closed

_POOL = 50
"""Connections of one client: many resources of one kind are made at once."""
_TRIES = 6
_FIRST_PAUSE_S = 0.05
_BUSY = frozenset(
    (
        "LimitExceededException",
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
    )
)
"""Error codes that may pass by themselves; of the first, only those with status 429."""
_CHECKED_HERE = frozenset(("lambda",))
"""Services whose requests the engine itself checks by their model, with the texts of their APIs;
botocore's own check would come first, with texts of its own."""


class Clients:
    """Makes each client once; calls that are throttled are tried again.

    Parameters
    ----------
    url
        The engine's URL.
    keys
        Access key and secret of the engine's user.
    region
        The Region of calls that name none.
    """

    def __init__(self, url: Callable[[], str], keys: tuple[str, str], region: str) -> None:
        self._url = url
        self._keys = keys
        self._region = region
        self._session: Any = None
        self._clients: dict[tuple[str, str], Any] = {}
        self._making = threading.Lock()  # boto3's sessions are not thread-safe
        self._closed = False

    def __call__(self, service: str, region: str | None = None) -> Any:
        """The client of a service, by botocore's name for it."""
        key = (service, region or self._region)
        found = self._clients.get(key)
        if found is None:
            with self._making:
                found = self._clients.get(key) or self._make(*key)
                self._clients[key] = found
        return found

    def close(self) -> None:
        """Close the connections; whoever calls afterwards gets :class:`Closed`."""
        self._closed = True
        with self._making:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _make(self, service: str, region: str) -> Any:
        # Imported late: it takes a quarter of a second, and not every engine needs it.
        from botocore.config import Config

        if self._session is None:
            self._session = service_model.session(self._keys)
        config = Config(
            s3={"addressing_style": "path"},
            max_pool_connections=_POOL,
            retries={"total_max_attempts": 1},
            inject_host_prefix=False,
            parameter_validation=service not in _CHECKED_HERE,
            read_timeout=300,
        )
        client = self._session.client(
            service, region_name=region, endpoint_url=self._url(), config=config
        )
        client.meta.events.register("needs-retry.*", _pause)
        client.meta.events.register("before-send", self._check_open)
        return client

    def _check_open(self, **_: Any) -> None:
        """Let no step that outlived its engine make anything at the next, or after a reset."""
        if self._closed:
            raise Closed


def _pause(response: Any, attempts: int, **_: Any) -> float | None:
    """Seconds until the next try of a call; ``None`` if what it answered is final."""
    if response is None or attempts >= _TRIES:
        return None
    http, parsed = response
    code = parsed.get("Error", {}).get("Code", "")
    if code not in _BUSY or (code == "LimitExceededException" and http.status_code != 429):
        return None
    return float(_FIRST_PAUSE_S * 2 ** (attempts - 1) * (0.5 + random.random()))
