"""Finds the version that serves an invocation; cached, because every warm invoke needs it."""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import accumulate
from pathlib import Path

from lambda_nb.engine.control.context import Context
from lambda_nb.engine.control.functions.lookup import Lookup
from lambda_nb.engine.control.handler_checks import as_error
from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.errors import AWSError, conflict
from lambda_nb.engine.model import FileSystemMount, FunctionVersion, Named, Resolved
from lambda_nb.rules.refusal import Refused
from lambda_nb.rules.settings import names

_Choice = Callable[[], Resolved]


class Resolver:
    """Finds function versions by name or ARN and qualifier.

    Parameters
    ----------
    context, lookup
        Where it looks up functions.
    files_dir
        Parent of the local directories of file systems (EFS access points).
    choose
        Returns a random number in [0, 1) for each invocation through a weighted alias.
    """

    def __init__(
        self,
        context: Context,
        lookup: Lookup,
        files_dir: Path,
        choose: Callable[[], float] = random.random,
    ) -> None:
        self._context = context
        self._lookup = lookup
        self._files_dir = files_dir
        self._choose = choose
        self._pictures: dict[tuple[str, str, str], FunctionVersion] = {}
        self._fixed: dict[tuple[str, str | None], Resolved] = {}
        self._changing: dict[tuple[str, str | None], _Choice] = {}
        self._mounted: set[Path] = set()
        context.store.watch(self._forget)

    def _forget(self) -> None:
        self._fixed.clear()
        self._changing.clear()

    def resolve(self, function_name: str, qualifier: str | None = None) -> Resolved:
        """The version that serves one invocation; a weighted alias draws each time.

        Raises
        ------
        AWSError
            ``ResourceNotFoundException`` if there is no such function, version or alias;
            ``ResourceConflictException`` while it is not active, or
            ``SnapStartNotReadyException`` while its snapshot is being taken.
        """
        key = (function_name, qualifier)
        fixed = self._fixed.get(key)
        if fixed is not None:
            return fixed
        choice = self._changing.get(key)
        if choice is not None:
            return choice()
        try:
            return self._find(function_name, qualifier, key)
        except Refused as refused:
            raise as_error(refused) from refused

    def named(self, function_name: str, qualifier: str | None) -> Named | None:
        """What a name means, whether it can be invoked now or not; ``None`` if there is none."""
        try:
            name, wanted = self._parsed(function_name, qualifier)
            version, _ = self._lookup.version(name, wanted)
        except (AWSError, Refused):
            return None
        return Named(name, wanted, version, self._context.function_arn(name))

    def _parsed(self, function_name: str, qualifier: str | None) -> tuple[str, str | None]:
        name = names.parse_function(function_name)
        names.located(name, self._context.account, self._context.region)
        return name.name, names.one_qualifier(name, qualifier)

    def _find(
        self, function_name: str, qualifier: str | None, key: tuple[str, str | None]
    ) -> Resolved:
        name, wanted = self._parsed(function_name, qualifier)
        alias = self._context.store.get("alias", name, wanted or "")
        if alias is None or not alias.get("weights"):
            resolved = self._resolved(name, wanted, wanted if alias else None)
            if resolved.function.code_dir in self._mounted:
                self._changing[key] = partial(self._reloaded, resolved)
                return self._reloaded(resolved)
            self._fixed[key] = resolved
            return resolved
        self._changing[key] = self._drawn(name, wanted, alias)
        return self._changing[key]()

    def _drawn(self, name: str, wanted: str | None, alias: Record) -> _Choice:
        """A weighted random choice of an alias's versions; the main one has the rest."""
        weights = alias["weights"]
        bounds = list(accumulate(weights.values()))
        additional = [self._resolved(name, wanted, wanted, version) for version in weights]
        candidates = [*additional, self._resolved(name, wanted, wanted)]
        return lambda: self._reloaded(candidates[bisect(bounds, self._choose())])

    def _reloaded(self, resolved: Resolved) -> Resolved:
        """The same with the code as it is now, if it is a directory of the user's."""
        if resolved.function.code_dir not in self._mounted:
            return resolved
        current, changed = self._context.mounts.current(resolved.function)
        if changed:
            self._context.hooks.code_changed(current.name, current.version)
        return replace(resolved, function=current)

    def _resolved(
        self, name: str, wanted: str | None, alias: str | None, version: str | None = None
    ) -> Resolved:
        number, record = self._lookup.version(name, version or wanted or names.LATEST)
        state = record["config"]["State"]
        if state == "Pending" and record["config"]["SnapStart"]["OptimizationStatus"] == "On":
            message = (
                "Lambda is initializing your function. It will be ready to invoke once your "
                "function state becomes ACTIVE."
            )
            raise AWSError("SnapStartNotReadyException", message, 409)
        if state != "Active":
            raise conflict(
                "The operation cannot be performed at this time. "
                f"The function is currently in the following state: {state}"
            )
        arn = self._context.function_arn(name, wanted)
        return Resolved(self.picture(name, number, record), arn, alias)

    def picture(self, name: str, version: str, record: Record) -> FunctionVersion:
        """What execution needs to run a version; the same object until it changes."""
        key = (name, version, record["picture"])
        picture = self._pictures.get(key)
        if picture is None:
            for old in [k for k in self._pictures if k[:2] == key[:2]]:
                del self._pictures[old]
            picture = self._pictures[key] = self._drawn_up(name, version, record)
        return picture

    def _drawn_up(self, name: str, version: str, record: Record) -> FunctionVersion:
        context, config, code = self._context, record["config"], record["code"]
        logging = config["LoggingConfig"]
        return FunctionVersion(
            account=context.account,
            region=context.region,
            name=name,
            version=version,
            arn=context.function_arn(name),
            revision=record["picture"],
            handler=config.get("Handler", ""),
            runtime=config.get("Runtime", ""),
            code_dir=self._code_dir(code),
            role=config["Role"],
            package_type=config["PackageType"],
            image_uri=code.get("image", ""),
            layer_dirs=tuple(context.code.tree(layer["digest"]) for layer in record["layers"]),
            memory_mb=config["MemorySize"],
            timeout_s=config["Timeout"],
            ephemeral_storage_mb=config["EphemeralStorage"]["Size"],
            environment=config.get("Environment", {}).get("Variables", {}),
            architecture=config["Architectures"][0],
            log_format=logging["LogFormat"],
            application_log_level=logging.get("ApplicationLogLevel"),
            system_log_level=logging.get("SystemLogLevel"),
            log_group=logging["LogGroup"],
            snap_start=config["SnapStart"]["OptimizationStatus"] == "On",
            tenant_isolation="TenancyConfig" in config,
            tracing_mode=config["TracingConfig"]["Mode"],
            runtime_version_arn=config.get("RuntimeVersionConfig", {}).get("RuntimeVersionArn", ""),
            file_systems=tuple(self._mount(fs) for fs in config.get("FileSystemConfigs", ())),
            durable="DurableConfig" in config,
            code_sha256=config["CodeSha256"],
        )

    def _code_dir(self, code: Record) -> Path:
        if "mounted" not in code:
            return self._context.code.tree(code.get("digest", "image"))
        folder = self._context.mounts.directory(code["mounted"])
        self._mounted.add(folder)
        return folder

    def _mount(self, config: Record) -> FileSystemMount:
        local = self._files_dir / "efs" / config["Arn"].rpartition("/")[2]
        local.mkdir(parents=True, exist_ok=True)
        return FileSystemMount(local, config["LocalMountPath"], config["Arn"])
