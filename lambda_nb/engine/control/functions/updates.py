"""Changes to ``$LATEST``: new code, new configuration."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.control import context as c
from lambda_nb.engine.control.code.code_signing import SigningGate
from lambda_nb.engine.control.code.source import Sources, vpc_of
from lambda_nb.engine.control.concurrency.capacity_providers import CapacityProviders
from lambda_nb.engine.control.context import Context
from lambda_nb.engine.control.functions.lookup import UNQUALIFIED_ONLY, Lookup
from lambda_nb.engine.control.functions.state_changes import UPDATING, Progress
from lambda_nb.engine.control.functions.versions import Versions
from lambda_nb.engine.control.layers.layer_use import LayerUse, UsedLayer
from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.errors import invalid_parameter
from lambda_nb.engine.model import Caller, Operation, Request, Response
from lambda_nb.rules.settings import settings
from lambda_nb.rules.settings.names import LATEST


class Updates:
    """UpdateFunctionCode and UpdateFunctionConfiguration."""

    def __init__(
        self,
        context: Context,
        lookup: Lookup,
        sources: Sources,
        layers: LayerUse,
        progress: Progress,
        versions: Versions,
        gate: SigningGate,
        capacity: CapacityProviders,
    ) -> None:
        self._context = context
        self._lookup = lookup
        self._sources = sources
        self._layers = layers
        self._progress = progress
        self._versions = versions
        self._gate = gate
        self._capacity = capacity

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "UpdateFunctionCode": self.code,
            "UpdateFunctionConfiguration": self.configuration,
        }

    async def code(self, request: Request, caller: Caller) -> Response:
        """Replace the code of ``$LATEST``; ``DryRun`` only checks, ``Publish`` makes a version."""
        name = self._name(request)
        record = self._lookup.updatable(name, request)
        package = record["config"]["PackageType"]
        _check_package(request, package)
        self._gate.check(self._lookup.function(name).get("code_signing"))
        layers = [UsedLayer(**layer) for layer in record["layers"]]
        code = await self._sources.code(request, package, layers)
        record = self._lookup.updatable(name, request)  # it may have changed meanwhile
        config = {**record["config"], **code.shown()}
        if request.get("Architectures"):
            config["Architectures"] = list(request["Architectures"])
        changed = {**record, "config": config, "code": code.record()}
        if request.get("DryRun"):
            return self._lookup.describe(name, changed, None)
        return self._take_up(name, changed, request)

    async def configuration(self, request: Request, caller: Caller) -> Response:
        """Change settings of ``$LATEST``."""
        name = self._name(request)
        self._lookup.updatable(name, request)
        vpc = await vpc_of(self._context, request.get("VpcConfig"))
        record = self._lookup.updatable(name, request)
        current = record["config"]
        given = {**request, "FunctionName": name}
        settings.check(given, today=c.today(), region=self._context.region, current=current)
        for member in ("DurableConfig", "CapacityProviderConfig"):
            if request.get(member) and not current.get(member):
                raise invalid_parameter(
                    f"{member} can only be updated for functions that were created with it."
                )
        self._capacity.check(request.get("CapacityProviderConfig"))
        config = settings.updated(current, given, region=self._context.region) | vpc
        changed = {**record, "config": config}
        if request.get("Layers") is not None:
            layers = self._layers.resolve(request["Layers"], record["layers"])
            changed["layers"] = [layer.record() for layer in layers]
            config.pop("Layers", None)
            if layers:
                config["Layers"] = [layer.shown() for layer in layers]
        return self._take_up(name, changed, {})

    def _name(self, request: Request) -> str:
        target = self._lookup.target(request, namespaced=False)
        if target.qualifier not in (None, LATEST):
            raise invalid_parameter(UNQUALIFIED_ONLY)
        return target.name

    def _take_up(self, name: str, changed: Record, request: Request) -> Response:
        """Store the new ``$LATEST`` and let environments of the old one drain."""
        config = changed["config"] | {"LastModified": c.timestamp(), "RevisionId": c.revision()}
        updating: Record = {
            **changed,
            "config": config | UPDATING,
            "picture": c.revision(),
        }
        with self._context.store.write() as batch:
            batch.put("version", name, LATEST, updating)
        self._context.hooks.code_changed(name, LATEST)
        self._progress.finish_soon(name, LATEST)
        if request.get("Publish") or request.get("PublishTo"):
            return self._versions.publish(name, updating, {"PublishTo": request.get("PublishTo")})
        return self._lookup.describe(name, updating, None)


def _check_package(request: dict[str, Any], package: str) -> None:
    if package == "Image" and not request.get("ImageUri"):
        raise invalid_parameter(
            "Please provide ImageUri when updating a function with packageType Image."
        )
    if package == "Zip" and request.get("ImageUri"):
        raise invalid_parameter(
            "Please don't provide ImageUri when updating a function with packageType Zip."
        )
    zip_file, s3 = request.get("ZipFile") is not None, request.get("S3Bucket")
    if package == "Zip" and zip_file and s3:
        raise invalid_parameter(
            "Please do not provide other FunctionCode parameters when providing a ZipFile."
        )
    if package == "Zip" and not zip_file and not (s3 and request.get("S3Key")):
        raise invalid_parameter("Please provide a source for function code.")
