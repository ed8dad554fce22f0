"""The control plane of one account in one Region, put together from its themes."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Protocol

from lambda_nb.engine.control.code import CodeStore
from lambda_nb.engine.control.context import Context
from lambda_nb.engine.control.download import Downloads
from lambda_nb.engine.control.functions import Functions
from lambda_nb.engine.control.layer_use import LayerUse
from lambda_nb.engine.control.lookup import Lookup
from lambda_nb.engine.control.progress import Progress
from lambda_nb.engine.control.resolve import Resolver
from lambda_nb.engine.control.source import Sources
from lambda_nb.engine.control.store import Store
from lambda_nb.engine.control.updates import Updates
from lambda_nb.engine.control.versions import Versions
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.model import (
    Caller,
    ControlHooks,
    FetchObject,
    Operation,
    Request,
    Resolved,
    Response,
)
from lambda_nb.rules.refusal import Refused


class _Theme(Protocol):
    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""


class Control:
    """Everything about functions but running them.

    Parameters
    ----------
    db_path
        The SQLite file that holds all records; locked while this object lives.
    files_dir
        Where code and file systems lie.
    account, region
        Whose functions these are. Names of other accounts and Regions are refused as AWS does.
    endpoint
        The engine's URL, for download links.
    fetch
        Reads code from S3.
    executor_hooks
        Told of changes that concern environments.

    Notes
    -----
    Handlers run on the event loop's thread; :meth:`start` must be awaited on it once execution
    can take orders.
    """

    def __init__(
        self,
        db_path: Path,
        files_dir: Path,
        *,
        account: str,
        region: str,
        endpoint: Callable[[], str],
        fetch: FetchObject,
        executor_hooks: ControlHooks,
    ) -> None:
        store = Store(db_path)
        context = Context(
            store, CodeStore(files_dir), account, region, endpoint, fetch, executor_hooks
        )
        lookup = Lookup(context)
        layer_use = LayerUse(context)
        sources = Sources(context)
        progress = Progress(store)
        versions = Versions(context, lookup, progress)
        self._context = context
        self._downloads = Downloads(context)
        self._resolver = Resolver(context, lookup, files_dir)
        self._themes: list[_Theme] = [
            Functions(context, lookup, sources, layer_use, progress, self._downloads),
            Updates(context, lookup, sources, layer_use, progress, versions),
            versions,
        ]
        context.code.sweep(self._digests())
        progress.finish_all()
        self.resolve = self._resolver.resolve

    def operations(self) -> dict[str, Operation]:
        """Handlers of all operations of the control plane, by AWS's operation names."""
        return {
            name: _answering(handler)
            for theme in self._themes
            for name, handler in theme.operations().items()
        }

    resolve: Callable[[str, str | None], Resolved]
    """``resolve(function_name_or_arn, qualifier)``: see :meth:`Resolver.resolve`."""

    def download(self, path: str, query: Mapping[str, str]) -> Path:
        """The zip archive behind a link of GetFunction or GetLayerVersion (``/snapshots/...``)."""
        return self._downloads.open(path, query)

    def close(self) -> None:
        """Release the database."""
        self._context.store.close()

    def _digests(self) -> set[str]:
        """The archives that any record names."""
        used = set()
        for kind in ("version", "layer_version"):
            for _, _, record in self._context.store.every(kind):
                used.add(record["code"].get("digest", ""))
                used.update(layer["digest"] for layer in record.get("layers", ()))
        return used


def _answering(handler: Operation) -> Operation:
    """A handler whose refusals by the rules come out as errors of the API."""
    if inspect.iscoroutinefunction(handler):

        @wraps(handler)
        async def awaited(request: Request, caller: Caller) -> Response:
            try:
                response: Response = await handler(request, caller)
            except Refused as refused:
                raise _as_error(refused) from refused
            return response

        return awaited

    @wraps(handler)
    def answered(request: Request, caller: Caller) -> Response | Awaitable[Response]:
        try:
            return handler(request, caller)
        except Refused as refused:
            raise _as_error(refused) from refused

    return answered


def _as_error(refused: Refused) -> AWSError:
    return AWSError(refused.code, refused.message, refused.status)
