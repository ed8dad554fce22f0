"""Functions: create, read, list and delete."""

from __future__ import annotations

from pathlib import Path

from lambda_nb.engine.control import context as c
from lambda_nb.engine.control.code.code_signing import SigningGate
from lambda_nb.engine.control.code.download_links import Downloads
from lambda_nb.engine.control.code.source import Sources, vpc_of
from lambda_nb.engine.control.concurrency.capacity_providers import CapacityProviders
from lambda_nb.engine.control.concurrency.provisioned import Provisioned
from lambda_nb.engine.control.context import Context
from lambda_nb.engine.control.functions.lookup import Lookup
from lambda_nb.engine.control.functions.state_changes import CREATING, Progress
from lambda_nb.engine.control.functions.versions import published_as
from lambda_nb.engine.control.layers.layer_use import LayerUse
from lambda_nb.engine.control.records.paging import page
from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.control.records.tags import check_tags
from lambda_nb.engine.errors import conflict, invalid_parameter
from lambda_nb.engine.model import Caller, Operation, Request, Response
from lambda_nb.rules.settings import names, settings
from lambda_nb.rules.settings.names import LATEST


class Functions:
    """CreateFunction, GetFunction(Configuration), ListFunctions, DeleteFunction."""

    def __init__(
        self,
        context: Context,
        lookup: Lookup,
        sources: Sources,
        layers: LayerUse,
        progress: Progress,
        downloads: Downloads,
        provisioned: Provisioned,
        gate: SigningGate,
        capacity: CapacityProviders,
    ) -> None:
        self._context = context
        self._store = context.store
        self._lookup = lookup
        self._sources = sources
        self._layers = layers
        self._progress = progress
        self._downloads = downloads
        self._provisioned = provisioned
        self._gate = gate
        self._capacity = capacity

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "CreateFunction": self.create,
            "GetFunction": self.get,
            "GetFunctionConfiguration": self.get_configuration,
            "ListFunctions": self.list,
            "DeleteFunction": self.delete,
        }

    async def create(self, request: Request, caller: Caller) -> Response:
        """Create a function; with ``Publish``, its version 1 as well."""
        name = self._lookup.target(request, namespaced=False).name
        request = {**request, "FunctionName": name}
        settings.check(request, today=c.today(), region=self._context.region)
        check_tags(request.get("Tags") or {})
        self._refuse_existing(name)
        self._gate.check(request.get("CodeSigningConfigArn"))
        self._capacity.check(request.get("CapacityProviderConfig"))
        layers = self._layers.resolve(request.get("Layers") or [])
        vpc = await vpc_of(self._context, request.get("VpcConfig"))
        code = await self._sources.code(request["Code"], request.get("PackageType", "Zip"), layers)
        self._refuse_existing(name)  # another request may have created it meanwhile
        config = settings.created(request, region=self._context.region)
        config |= (
            code.shown()
            | vpc
            | {
                "LastModified": c.timestamp(),
                "RevisionId": c.revision(),
                "Version": LATEST,
                **CREATING,
            }
        )
        if layers:
            config["Layers"] = [layer.shown() for layer in layers]
        latest: Record = {
            "config": config,
            "code": code.record(),
            "layers": [layer.record() for layer in layers],
            "picture": c.revision(),
        }
        published = published_as(request, "1")
        function: Record = {
            "next": 2 if published == "1" else 1,
            "tags": dict(request.get("Tags") or {}),
        }
        if request.get("CodeSigningConfigArn"):
            function["code_signing"] = request["CodeSigningConfigArn"]
        with self._store.write() as batch:
            batch.put("function", "", name, function)
            batch.put("version", name, LATEST, latest)
            if published:
                first = {**config, "Version": published, "RevisionId": c.revision()}
                batch.put("version", name, published, {**latest, "config": first})
        self._progress.finish_soon(name, LATEST)
        if published is None:
            return self._lookup.describe(name, latest, None)
        self._progress.finish_soon(name, published)
        return {**self._lookup.describe(name, latest, None), "Version": published}

    def _refuse_existing(self, name: str) -> None:
        if self._store.get("function", "", name):
            raise conflict(f"Function already exist: {name}")

    def get(self, request: Request, caller: Caller) -> Response:
        """A version's configuration and where its code can be downloaded."""
        target = self._lookup.target(request)
        version, record = self._lookup.version(target.name, target.qualifier)
        function = self._lookup.function(target.name)
        config = self._lookup.describe(target.name, record, target.qualifier)
        response: Response = {
            "Configuration": config,
            "Code": self._code_location(target.name, version, record),
        }
        if function["tags"]:
            response["Tags"] = dict(function["tags"])
        if function.get("reserved") is not None:
            response["Concurrency"] = {"ReservedConcurrentExecutions": function["reserved"]}
        return response

    def _code_location(self, name: str, version: str, record: Record) -> Response:
        code = record["code"]
        if "image" in code:
            return {
                "RepositoryType": "ECR",
                "ImageUri": code["image"],
                "ResolvedImageUri": code["resolved"],
            }
        if "mounted" in code:
            return {"RepositoryType": "S3", "Location": Path(code["mounted"]).as_uri()}
        location = self._downloads.url(name, version, code["digest"])
        return {"RepositoryType": "S3", "Location": location}

    def get_configuration(self, request: Request, caller: Caller) -> Response:
        """A version's configuration."""
        target = self._lookup.target(request)
        record = self._lookup.version(target.name, target.qualifier)[1]
        return self._lookup.describe(target.name, record, target.qualifier)

    def list(self, request: Request, caller: Caller) -> Response:
        """All functions by name, or all their versions."""
        found = sorted(self._store.children("function", ""))
        if request.get("FunctionVersion") != "ALL":
            return page(request, "Functions", found, show=self._summary)
        entries = [
            self._lookup.summary(name, record, version)
            for name in found
            for version, record in self._lookup.versions(name)
        ]
        return page(request, "Functions", entries)

    def _summary(self, name: str) -> Response:
        return self._lookup.summary(name, self._lookup.version(name, None)[1], None)

    def delete(self, request: Request, caller: Caller) -> Response:
        """Delete a function with its versions and aliases, or one version of it."""
        target = self._lookup.target(request)
        if target.qualifier is not None:
            return self._delete_version(target.name, target.qualifier)
        self._lookup.function(target.name)
        with self._store.write() as batch:
            self._lookup.forget(batch, target.name)
        self._provisioned.forget(target.name, None)
        self._context.hooks.deleted(target.name, None)
        return {"StatusCode": 204}

    def _delete_version(self, name: str, version: str) -> Response:
        if version == LATEST:
            raise invalid_parameter(
                "$LATEST version cannot be deleted without deleting the function."
            )
        if not names.is_version(version):
            raise invalid_parameter("Deletion of aliases is not currently supported.")
        self._lookup.function(name)
        aliases = [
            alias
            for alias, record in sorted(self._store.children("alias", name).items())
            if version in (record["FunctionVersion"], *record.get("weights", {}))
        ]
        if aliases:
            raise conflict(
                "Unable to delete version because the following aliases reference it: "
                f"[{', '.join(aliases)}]"
            )
        with self._store.write() as batch:
            for kind in ("version", "policy", "provisioned", "event_invoke", "runtime_management"):
                batch.delete(kind, name, version)
        self._provisioned.forget(name, version)
        self._context.hooks.deleted(name, version)
        return {"StatusCode": 204}
