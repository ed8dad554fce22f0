"""Published versions: immutable copies of ``$LATEST``."""

from __future__ import annotations

from lambda_nb.engine.control import context as c
from lambda_nb.engine.control.context import Context
from lambda_nb.engine.control.functions.lookup import Lookup, check_revision, refuse_while_changing
from lambda_nb.engine.control.functions.state_changes import CREATING, Progress, settled
from lambda_nb.engine.control.records.paging import page
from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.errors import invalid_parameter
from lambda_nb.engine.model import Caller, Operation, Request, Response
from lambda_nb.rules import quotas
from lambda_nb.rules.settings.names import LATEST, LATEST_PUBLISHED

_OWN = ("Version", "RevisionId", "LastModified", "Description", "SnapStart")
"""Members that are ignored when a version is compared with ``$LATEST``."""


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
        return self.publish(name, latest, request)

    def publish(self, name: str, latest: Record, request: Request) -> Response:
        """Make the next version from ``$LATEST``'s record, unless the last one equals it.

        ``PublishTo`` replaces ``$LATEST.PUBLISHED`` instead of making a numbered version.
        """
        function = self._lookup.function(name)
        number = function["next"]
        version = published_as({**request, "Publish": True}, str(number)) or str(number)
        last = self._context.store.get("version", name, str(number - 1))
        if version != LATEST_PUBLISHED and last is not None and _same(last, latest):
            return self._lookup.describe(name, last, last["config"]["Version"])
        config: Record = {
            **settled(latest["config"]),
            "Version": version,
            "RevisionId": c.revision(),
        }
        if request.get("Description") is not None:
            config["Description"] = request["Description"]
        if config["SnapStart"]["ApplyOn"] == "PublishedVersions":
            # Only a snapshot takes time: without one, a version is active at once.
            config |= {**CREATING, "SnapStart": {**config["SnapStart"], "OptimizationStatus": "On"}}
            del config["LastUpdateStatus"]
        record: Record = {
            **latest,
            "config": config,
            "picture": c.revision(),
            "described": latest["config"]["Description"],
        }
        with self._context.store.write() as batch:
            if version != LATEST_PUBLISHED:
                batch.put("function", "", name, {**function, "next": number + 1})
            batch.put("version", name, version, record)
        if version == LATEST_PUBLISHED:
            self._context.hooks.code_changed(name, version)
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


def published_as(request: Request, number: str) -> str | None:
    """The version that a request publishes: ``number``, ``$LATEST.PUBLISHED``, or none."""
    if request.get("PublishTo") == "LATEST_PUBLISHED":
        return LATEST_PUBLISHED
    return number if request.get("Publish") else None


def _same(version: Record, latest: Record) -> bool:
    """Whether publishing ``$LATEST`` would give this version."""
    return _essence(version) == _essence(latest)


def _essence(record: Record) -> Record:
    config = settled(record["config"])
    kept = {key: value for key, value in config.items() if key not in _OWN}
    kept["ApplyOn"] = config["SnapStart"]["ApplyOn"]
    kept["Description"] = record.get("described", config["Description"])
    return {"config": kept, "code": record["code"], "layers": record["layers"]}
