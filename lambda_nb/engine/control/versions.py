"""Published versions: immutable copies of ``$LATEST``."""

from __future__ import annotations

from lambda_nb.engine.control import context as c
from lambda_nb.engine.control.context import Context
from lambda_nb.engine.control.lookup import (
    Lookup,
    check_revision,
    refuse_while_changing,
)
from lambda_nb.engine.control.paging import page
from lambda_nb.engine.control.progress import CREATING, Progress, finished
from lambda_nb.engine.control.store import Record
from lambda_nb.engine.errors import invalid_parameter
from lambda_nb.engine.model import Caller, Operation, Request, Response
from lambda_nb.rules import quotas
from lambda_nb.rules.names import LATEST

_OWN = ("Version", "RevisionId", "LastModified", "Description", "SnapStart", "State", "StateReason")
"""Members in which a version may differ from ``$LATEST`` without anything having changed."""


class Versions:
    """PublishVersion and ListVersionsByFunction."""

    def __init__(self, context: Context, lookup: Lookup, progress: Progress) -> None:
        self._context = context
        self._lookup = lookup
        self._progress = progress

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "PublishVersion": self.publish_version,
            "ListVersionsByFunction": self.list,
        }

    def publish_version(self, request: Request, caller: Caller) -> Response:
        """Publish ``$LATEST``; if nothing changed since the last version, return that one."""
        name = self._lookup.unqualified(request)
        latest = self._lookup.version(name, LATEST)[1]
        config = latest["config"]
        refuse_while_changing(config, self._context.function_arn(name))
        check_revision(request, config["RevisionId"], "GetFunction/GetAlias")
        given = request.get("CodeSha256")
        if given and given != config["CodeSha256"]:
            raise invalid_parameter(
                f"CodeSHA256 ({given}) is different from current CodeSHA256 in $LATEST "
                f"({config['CodeSha256']}). Please try again with the CodeSHA256 in $LATEST."
            )
        return self.publish(name, latest, request.get("Description"))

    def publish(self, name: str, latest: Record, description: str | None = None) -> Response:
        """Make the next version from ``$LATEST``'s record, unless the last one equals it."""
        function = self._lookup.function(name)
        last = self._context.store.get("version", name, str(function["next"] - 1))
        if last is not None and _same(last, latest):
            return self._lookup.describe(name, last, last["config"]["Version"])
        version = str(function["next"])
        config = finished(latest, version)["config"] | {
            "Version": version,
            "RevisionId": c.revision(),
        }
        if description is not None:
            config["Description"] = description
        snapshot = config["SnapStart"]["ApplyOn"] == "PublishedVersions"
        if snapshot:
            config |= {"SnapStart": {**config["SnapStart"], "OptimizationStatus": "On"}, **CREATING}
            del config["LastUpdateStatus"]
        record: Record = {**latest, "config": config, "picture": c.revision()}
        with self._context.store.write() as batch:
            batch.put("function", "", name, {**function, "next": function["next"] + 1})
            batch.put("version", name, version, record)
        if snapshot:
            self._progress.finish_soon(name, version)
        return self._lookup.describe(name, record, version)

    def list(self, request: Request, caller: Caller) -> Response:
        """All versions: ``$LATEST``, then ascending."""
        name = self._lookup.target(request).name
        self._lookup.function(name)
        entries = [
            self._lookup.summary(name, record, version)
            for version, record in self._lookup.versions(name)
        ]
        return page(request, "Versions", entries, most=quotas.PAGE.value)


def _same(version: Record, latest: Record) -> bool:
    """Whether a version is what ``$LATEST`` would become."""
    return _essence(version) == _essence(latest)


def _essence(record: Record) -> Record:
    config = finished(record, "")["config"]
    kept = {key: value for key, value in config.items() if key not in _OWN}
    kept["ApplyOn"] = config["SnapStart"]["ApplyOn"]
    return {"config": kept, "code": record["code"], "layers": record["layers"]}
