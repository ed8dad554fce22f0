"""API Gateway in one Region. Its parts are loaded with the first API: most engines have none."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from lambda_nb.engine.api.wire.http import HttpRequest, Reply, Send
from lambda_nb.engine.control.records.store import Store
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.shared.surroundings import Surroundings

if TYPE_CHECKING:
    from lambda_nb.engine.gateways.apis import Apis, Serving

_PARTS = "lambda_nb.engine.gateways.apis"


class ApiGateway:
    """API Gateway in one Region.

    Parameters
    ----------
    path
        The database of what is configured.
    surroundings
        What its gateways work with.
    """

    def __init__(self, path: Path, surroundings: Surroundings) -> None:
        self._store = Store(path)
        self._store.watch(surroundings.addresses.changed)
        self._surroundings = surroundings
        self._apis: Apis | None = None
        if not self._store.is_empty:
            self._open()

    def close(self) -> None:
        """Release the database."""
        if self._apis is not None:
            self._apis.close()
        self._store.close()

    async def answer(self, request: HttpRequest, request_id: str, send: Send) -> None:
        """Answer a request to the APIs ``apigateway`` and ``apigatewayv2``.

        Raises
        ------
        AWSError
            The error for the caller.
        """
        if self._apis is None:
            await asyncio.to_thread(import_module, _PARTS)
        await self._open().service_api.answer(request, request_id, send)

    def fault(self, error: AWSError, request_id: str) -> Reply:
        """An error of these APIs."""
        return self._open().service_api.fault(error, request_id)

    def serving(self, api_id: str) -> Serving | None:
        """What answers for an API; ``None`` if there is no such API here."""
        return None if self._apis is None else self._apis.serving(api_id)

    def has_domain(self, name: str) -> bool:
        """Whether a host, without a port, is a custom domain name here."""
        return self._apis is not None and self._apis.domain_names.has(name)

    def route(
        self, host: str, path: str, headers: Mapping[str, str]
    ) -> tuple[str, str, str] | None:
        """The API at a path of a custom domain name: its id, its stage, and the path below.

        Parameters
        ----------
        host
            Without a port.
        path
            Percent-encoded, with a slash first.
        headers
            By name in lower case; routing rules look at them.
        """
        return None if self._apis is None else self._apis.domain_names.route(host, path, headers)

    def _open(self) -> Apis:
        if self._apis is None:
            from lambda_nb.engine.gateways.apis import Apis

            self._apis = Apis(self._store, self._surroundings)
        return self._apis
