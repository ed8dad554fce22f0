"""Layers: immutable numbered versions of archives that functions share."""

from __future__ import annotations

from lambda_nb.engine.control import context as c
from lambda_nb.engine.control.code.download_links import Downloads
from lambda_nb.engine.control.code.source import Sources
from lambda_nb.engine.control.context import Context
from lambda_nb.engine.control.records.paging import page
from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.errors import AWSError, invalid_parameter, not_found
from lambda_nb.engine.model import Caller, Operation, Request, Response
from lambda_nb.rules.settings import names

_OPTIONAL = ("CompatibleRuntimes", "CompatibleArchitectures", "LicenseInfo")


def _optional(request: Request) -> Record:
    """Optional members of a version. Given lists are shown even if empty; the list of runtimes
    also if only architectures were given (recorded.md 8)."""
    given = {member: request[member] for member in _OPTIONAL if request.get(member) is not None}
    if "CompatibleArchitectures" in given:
        given.setdefault("CompatibleRuntimes", [])
    return {member: value for member, value in given.items() if value != ""}


class LayerShelf:
    """Finds layer versions by the names and ARNs in requests."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def name(self, text: str) -> str:
        """The layer's name, from a name or an ARN of this account and Region."""
        layer = names.parse_layer(text)
        here = (None, self._context.account), (None, self._context.region)
        if layer.account not in here[0] or layer.region not in here[1]:
            raise AWSError(
                "AccessDeniedException",
                f"User: arn:aws:iam::{self._context.account}:root is not authorized to perform "
                f"this operation on resource: {text}",
                403,
            )
        return layer.name

    def version(self, text: str, version: int) -> tuple[str, Record | None]:
        """The layer's name, and the version's record if it exists."""
        if version < 1:
            raise invalid_parameter("Layer Version Cannot be less than 1")
        name = self.name(text)
        return name, self._context.store.get("layer_version", name, str(version))

    def arn(self, name: str, version: int | None = None) -> str:
        """The ARN of a layer, or of a version of it."""
        return names.layer_arn(self._context.region, self._context.account, name, version)


class Layers:
    """Publish, read, list and delete layer versions."""

    def __init__(
        self, context: Context, shelf: LayerShelf, sources: Sources, downloads: Downloads
    ) -> None:
        self._store = context.store
        self._shelf = shelf
        self._sources = sources
        self._downloads = downloads

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "PublishLayerVersion": self.publish,
            "GetLayerVersion": self.get,
            "GetLayerVersionByArn": self.get_by_arn,
            "ListLayerVersions": self.list_versions,
            "ListLayers": self.list_layers,
            "DeleteLayerVersion": self.delete,
        }

    async def publish(self, request: Request, caller: Caller) -> Response:
        """Add the next version of a layer; numbers of deleted versions are not reused."""
        name = self._shelf.name(request["LayerName"])
        content = request.get("Content") or {}
        if content.get("ZipFile") is None and not (
            content.get("S3Bucket") and content.get("S3Key")
        ):
            raise invalid_parameter("Please provide a source for layer content.")
        code = await self._sources.archive(content)
        layer = self._store.get("layer", "", name) or {"next": 1}
        version = layer["next"]
        record: Record = {
            "Version": version,
            "Description": request.get("Description") or "",
            "CreatedDate": c.timestamp(),
            "code": dict(code._asdict()),
            "sha256": code.sha256,
        }
        record |= _optional(request)
        with self._store.write() as batch:
            batch.put("layer", "", name, {"next": version + 1})
            batch.put("layer_version", name, str(version), record)
        return self._shown(name, record)

    def get(self, request: Request, caller: Caller) -> Response:
        """One version."""
        name, record = self._shelf.version(request["LayerName"], request["VersionNumber"])
        if record is None:
            raise not_found("The resource you requested does not exist.")
        return self._shown(name, record)

    def get_by_arn(self, request: Request, caller: Caller) -> Response:
        """One version, named by its ARN."""
        version = names.parse_layer(request["Arn"]).version
        if version is None:
            raise invalid_parameter(f"Layer version ARN '{request['Arn']}' names no version.")
        return self.get({"LayerName": request["Arn"], "VersionNumber": version}, caller)

    def list_versions(self, request: Request, caller: Caller) -> Response:
        """Versions of a layer that match, newest first."""
        name = self._shelf.name(request["LayerName"])
        entries = [self._summary(name, record) for record in self._matching(name, request)]
        return page(request, "LayerVersions", entries)

    def list_layers(self, request: Request, caller: Caller) -> Response:
        """Layers with a version that matches, and the newest such version of each."""
        entries = []
        for name in sorted(self._store.children("layer", "")):
            matching = self._matching(name, request)
            if matching:
                entries.append(
                    {
                        "LayerName": name,
                        "LayerArn": self._shelf.arn(name),
                        "LatestMatchingVersion": self._summary(name, matching[0]),
                    }
                )
        return page(request, "Layers", entries)

    def delete(self, request: Request, caller: Caller) -> Response:
        """Delete a version; functions keep using it. A missing version is not an error."""
        name, record = self._shelf.version(request["LayerName"], request["VersionNumber"])
        if record is not None:
            with self._store.write() as batch:
                batch.delete("layer_version", name, str(record["Version"]))
                batch.delete("layer_policy", name, str(record["Version"]))
        return {}

    def _matching(self, name: str, request: Request) -> list[Record]:
        runtime = request.get("CompatibleRuntime")
        architecture = request.get("CompatibleArchitecture")
        found = [
            record
            for record in self._store.children("layer_version", name).values()
            if (runtime is None or runtime in record.get("CompatibleRuntimes", ()))
            and (architecture is None or architecture in record.get("CompatibleArchitectures", ()))
        ]
        return sorted(found, key=lambda record: -record["Version"])

    def _summary(self, name: str, record: Record) -> Response:
        summary: Response = {
            "LayerVersionArn": self._shelf.arn(name, record["Version"]),
            "Version": record["Version"],
            "Description": record["Description"],
            "CreatedDate": record["CreatedDate"],
        }
        return summary | {member: record[member] for member in _OPTIONAL if record.get(member)}

    def _shown(self, name: str, record: Record) -> Response:
        code = record["code"]
        location = self._downloads.url(name, str(record["Version"]), code["digest"])
        return {
            "LayerArn": self._shelf.arn(name),
            **self._summary(name, record),
            **{member: record[member] for member in _OPTIONAL if member in record},
            "Content": {
                "Location": location,
                "CodeSha256": record["sha256"],
                "CodeSize": code["size"],
            },
        }
