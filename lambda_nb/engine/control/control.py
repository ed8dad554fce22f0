"""The control plane of one account in one Region, assembled from its parts."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from lambda_nb.engine.control.access.function_urls import FunctionUrl, Urls
from lambda_nb.engine.control.access.permissions import Permissions
from lambda_nb.engine.control.access.resource_policies import ResourcePolicies
from lambda_nb.engine.control.code.code_signing import Signing, SigningGate
from lambda_nb.engine.control.code.code_store import CodeStore
from lambda_nb.engine.control.code.download_links import Downloads
from lambda_nb.engine.control.code.mounted import Mounts
from lambda_nb.engine.control.code.source import Sources
from lambda_nb.engine.control.concurrency.account_limits import Account
from lambda_nb.engine.control.concurrency.capacity_providers import CapacityProviders
from lambda_nb.engine.control.concurrency.provisioned import Provisioned
from lambda_nb.engine.control.concurrency.reserved import Budget, Concurrency
from lambda_nb.engine.control.context import Context
from lambda_nb.engine.control.events.event_invoke_config import EventInvoke
from lambda_nb.engine.control.events.mappings import Mappings
from lambda_nb.engine.control.functions.aliases import Aliases
from lambda_nb.engine.control.functions.functions import Functions
from lambda_nb.engine.control.functions.lookup import Lookup
from lambda_nb.engine.control.functions.resolve import Resolver
from lambda_nb.engine.control.functions.runtime_settings import RuntimeSettings
from lambda_nb.engine.control.functions.state_changes import Progress
from lambda_nb.engine.control.functions.updates import Updates
from lambda_nb.engine.control.functions.versions import Versions
from lambda_nb.engine.control.handler_checks import answering
from lambda_nb.engine.control.layers.layer_permissions import LayerPermissions
from lambda_nb.engine.control.layers.layer_use import LayerUse
from lambda_nb.engine.control.layers.layers import Layers, LayerShelf
from lambda_nb.engine.control.records.store import Record, Store
from lambda_nb.engine.control.records.tags import Tags
from lambda_nb.engine.model import (
    ControlHooks,
    FetchObject,
    Named,
    Operation,
    Probe,
    Resolved,
)
from lambda_nb.rules import quotas

_RECLAIM_EVERY_S = 600.0


class _Theme(Protocol):
    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""


class Control:
    """Everything about functions except running them.

    Parameters
    ----------
    db_path
        The SQLite file that holds all records; locked while this object lives.
    files_dir
        The directory of code and file systems.
    account, region
        The owner of the functions. Names of other accounts and Regions are refused, as in AWS.
    endpoint
        The engine's URL, for download links.
    address
        The address of the function URL with an identifier, without a slash at its end.
    fetch
        Reads code from S3.
    executor_hooks
        Called on changes that affect environments.
    account_limit
        Concurrent executions of the account in the Region (environments).
    probe
        Checks that queues, streams and subnets in requests exist; ``None`` skips the check.
    settled
        Waits until the poller of an event source mapping has started or stopped, as its record
        says; ``None`` if there are no pollers.
    hot_reload
        Directories that functions may have as their code, and those below them.

    Notes
    -----
    Handlers run on the event loop's thread. Call :meth:`announce` there once execution is ready.
    """

    def __init__(
        self,
        db_path: Path,
        files_dir: Path,
        *,
        account: str,
        region: str,
        endpoint: Callable[[], str],
        address: Callable[[str], str],
        fetch: FetchObject,
        executor_hooks: ControlHooks,
        account_limit: int = quotas.CONCURRENCY.value,
        probe: Probe | None = None,
        settled: Callable[[str], Awaitable[None]] | None = None,
        hot_reload: Sequence[Path] = (),
    ) -> None:
        store = Store(db_path)
        code = CodeStore(files_dir)
        context = Context(
            store,
            code,
            account,
            region,
            endpoint,
            fetch,
            executor_hooks,
            probe,
            settled,
            Mounts(hot_reload),
        )
        lookup = Lookup(context)
        layer_use = LayerUse(context)
        sources = Sources(context)
        progress = Progress(store, self._prepare, self._snapshot)
        versions = Versions(context, lookup, progress)
        self._context = context
        self._downloads = Downloads(context)
        budget = Budget(context, account_limit)
        self._concurrency = Concurrency(context, lookup, budget)
        self._provisioned = Provisioned(context, lookup, budget)
        self._event_invoke = EventInvoke(context, lookup)
        shelf = LayerShelf(context)
        self._urls = Urls(context, lookup, address)
        gate = SigningGate(context)
        capacity = CapacityProviders(context)
        mappings = Mappings(context, lookup)
        self._resolver = Resolver(context, lookup, files_dir)
        self._themes: list[_Theme] = [
            Functions(
                context,
                lookup,
                sources,
                layer_use,
                progress,
                self._downloads,
                self._provisioned,
                gate,
                capacity,
            ),
            Updates(context, lookup, sources, layer_use, progress, versions, gate, capacity),
            versions,
            Aliases(context, lookup, self._provisioned),
            Permissions(context, lookup),
            self._concurrency,
            self._provisioned,
            self._event_invoke,
            Layers(context, shelf, sources, self._downloads),
            LayerPermissions(context, shelf),
            RuntimeSettings(context, lookup),
            Account(context, budget),
            Tags(context, lookup),
            mappings,
            self._urls,
            Signing(context, lookup, gate),
            capacity,
            ResourcePolicies(context, lookup),
        ]
        context.code.sweep(self._digests())
        self._reclaimed = time.monotonic()
        store.watch(self._reclaim)
        progress.finish_all()
        mappings.finish_all()
        capacity.finish_all()
        self.resolve = self._resolver.resolve

    def _prepare(self, name: str, version: str, record: Record) -> None:
        self._context.hooks.prepare(self._resolver.picture(name, version, record))

    def _snapshot(
        self, name: str, version: str, record: Record, taken: Callable[[str], None]
    ) -> None:
        self._context.hooks.snapshot(self._resolver.picture(name, version, record), taken)

    def operations(self) -> dict[str, Operation]:
        """Handlers of all operations of the control plane, by AWS's operation names."""
        return {
            name: answering(name, handler)
            for theme in self._themes
            for name, handler in theme.operations().items()
        }

    resolve: Callable[[str, str | None], Resolved]
    """``resolve(function_name_or_arn, qualifier)``: see :meth:`Resolver.resolve`."""

    def named(self, function_name: str, qualifier: str | None) -> Named | None:
        """What a name means, whether it can be invoked now or not; ``None`` if there is none."""
        return self._resolver.named(function_name, qualifier)

    @property
    def store(self) -> Store:
        """The record store; other rooms keep records in it too (durable executions)."""
        return self._context.store

    def configuration(self, function_name: str, version: str) -> Record | None:
        """The stored configuration of a version, or ``None``."""
        record = self._context.store.get("version", function_name, version)
        return record["config"] if record else None

    def announce(self) -> None:
        """Tell execution the reserved and provisioned concurrency from before this start."""
        self._concurrency.announce_all()
        self._provisioned.announce_all()

    def event_invoke_config(self, function_name: str, qualifier: str | None) -> Record:
        """The settings for asynchronous invocation of a version or alias.

        ``DestinationConfig``; ``MaximumRetryAttempts`` and ``MaximumEventAgeInSeconds`` (s) only
        if set. Empty if there is no configuration.
        """
        return self._event_invoke.effective(function_name, qualifier)

    def dead_letter_target(self, function_name: str, version: str) -> str | None:
        """The ARN of a version's dead-letter queue or topic."""
        config = self.configuration(function_name, version) or {}
        target: str | None = config.get("DeadLetterConfig", {}).get("TargetArn")
        return target

    def reserved_concurrency(self, function_name: str) -> int | None:
        """Environments reserved for a function, or ``None``."""
        record = self._context.store.get("function", "", function_name) or {}
        reserved: int | None = record.get("reserved")
        return reserved

    def function_url(self, identifier: str) -> FunctionUrl | None:
        """The function URL with an identifier, if there is one."""
        return self._urls.served(identifier)

    def recursion_allowed(self, function_name: str) -> bool:
        """Whether a function may be part of an invocation loop."""
        record = self._context.store.get("function", "", function_name) or {}
        return record.get("recursion") == "Allow"

    def download(self, path: str, query: Mapping[str, str]) -> Path:
        """The zip archive behind a link of GetFunction or GetLayerVersion (``/snapshots/...``)."""
        return self._downloads.open(path, query)

    def close(self) -> None:
        """Release the database."""
        self._context.store.close()

    def _reclaim(self) -> None:
        """Remove unused code: after a change, but not too often."""
        now = time.monotonic()
        if now - self._reclaimed > _RECLAIM_EVERY_S:
            self._reclaimed = now
            self._context.code.reclaim(self._digests(), now)

    def _digests(self) -> set[str]:
        """The archives that records use."""
        used = set()
        for kind in ("version", "layer_version"):
            for _, _, record in self._context.store.every(kind):
                used.add(record["code"].get("digest", ""))
                used.update(layer["digest"] for layer in record.get("layers", ()))
        return used
