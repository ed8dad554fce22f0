"""A function's state machine: Pending to Active, an update from InProgress to Successful.

An operation unpacks code before it responds. The version then becomes active in the event loop's
next turn, after the response. A version with SnapStart is Pending until its snapshot is taken, and
Failed if its init phase fails. When the engine starts, it finishes what a crash interrupted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from lambda_nb.engine.control import context as c
from lambda_nb.engine.control.records.store import Record, Store

_REASON = {"StateReason": "The function is being created.", "StateReasonCode": "Creating"}

CREATING = {"State": "Pending", **_REASON}
"""Members that a new version shows until it is active."""

_FAILED = {
    "StateReason": "An error occurred during function initialization.",
    "StateReasonCode": "FunctionError",
}
"""Members of a version whose init phase failed before its snapshot (AWS's text, reported by
CloudFormation and Terraform users, 2026)."""

UPDATING = {
    "LastUpdateStatus": "InProgress",
    "LastUpdateStatusReason": "The function is being created.",
    "LastUpdateStatusReasonCode": "Creating",
}
"""Members that a version shows during an update (AWS's text: facts/api.md section 3)."""

_TRANSIENT = {*CREATING, *UPDATING}


Prepare = Callable[[str, str, Record], None]
"""Tells execution that a version (name, number, record) is now ready."""

Snapshot = Callable[[str, str, Record, Callable[[str], None]], None]
"""Takes the snapshot of a version (name, number, record), then calls back."""


class Progress:
    """Finishes creations and updates of versions."""

    def __init__(self, store: Store, prepare: Prepare, snapshot: Snapshot) -> None:
        self._store = store
        self._prepare = prepare
        self._snapshot = snapshot

    def finish_soon(self, name: str, version: str) -> None:
        """Finish the creation or update of a version after the current operation responds."""
        asyncio.get_running_loop().call_soon(self._proceed, name, version)

    def finish_all(self) -> None:
        """Finish what an earlier engine left unfinished."""
        for name, version, record in self._store.every("version"):
            if not at_rest(record["config"]):
                self._finish(name, version)

    def _proceed(self, name: str, version: str) -> None:
        """Take the snapshot of a version with SnapStart; finish any other version."""
        record = self._store.get("version", name, version)
        if record is None or record["config"]["SnapStart"]["OptimizationStatus"] != "On":
            self._finish(name, version)
            if record is not None:
                self._prepare(name, version, record)
        else:
            self._snapshot(name, version, record, partial(self._finish, name, version))

    def _finish(self, name: str, version: str, error_type: str = "") -> None:
        record = self._store.get("version", name, version)
        if record is None or at_rest(record["config"]):
            return
        with self._store.write() as batch:
            config = settled(record["config"]) | {"RevisionId": c.revision()}
            if error_type:
                config |= {"State": "Failed", **_FAILED}
            batch.put("version", name, version, {**record, "config": config})


def at_rest(config: Record) -> bool:
    """Whether no creation or update is in progress."""
    return config["State"] != "Pending" and config.get("LastUpdateStatus") != "InProgress"


def settled(config: Record) -> Record:
    """A version's configuration once its creation or update is over."""
    kept = {key: value for key, value in config.items() if key not in _TRANSIENT}
    return kept | {"State": "Active", "LastUpdateStatus": "Successful"}
