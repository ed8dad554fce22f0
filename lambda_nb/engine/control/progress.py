"""A function's state machine: Pending to Active, an update from InProgress to Successful.

Code is unpacked before an operation is answered, so the work that remains is to take the new
picture up, which happens in the event loop's next turn, after the answer has been made. What a
crash left unfinished is finished when the engine starts.
"""

from __future__ import annotations

import asyncio

from lambda_nb.engine.control import context as c
from lambda_nb.engine.control.store import Record, Store

_REASON = {"StateReason": "The function is being created.", "StateReasonCode": "Creating"}

CREATING = {"State": "Pending", **_REASON}
"""Members that a new version shows until it is active."""

UPDATING = {
    "LastUpdateStatus": "InProgress",
    "LastUpdateStatusReason": "The function is being created.",
    "LastUpdateStatusReasonCode": "Creating",
}
"""Members that a version shows during an update (the words are AWS's: facts/api.md section 3)."""

_TRANSIENT = {*CREATING, *UPDATING}


class Progress:
    """Brings versions to rest."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def finish_soon(self, name: str, version: str) -> None:
        """Finish the creation or update of a version once the present operation is answered."""
        asyncio.get_running_loop().call_soon(self._finish, name, version)

    def finish_all(self) -> None:
        """Finish what an earlier engine did not come to finish."""
        for name, version, record in self._store.every("version"):
            if not at_rest(record["config"]):
                self._finish(name, version)

    def _finish(self, name: str, version: str) -> None:
        record = self._store.get("version", name, version)
        if record is None or at_rest(record["config"]):
            return
        with self._store.write() as batch:
            config = settled(record["config"]) | {"RevisionId": c.revision()}
            batch.put("version", name, version, {**record, "config": config})


def at_rest(config: Record) -> bool:
    """Whether neither creation nor an update is under way."""
    return config["State"] == "Active" and config.get("LastUpdateStatus") != "InProgress"


def settled(config: Record) -> Record:
    """A version's configuration once its creation or update is over."""
    kept = {key: value for key, value in config.items() if key not in _TRANSIENT}
    return kept | {"State": "Active", "LastUpdateStatus": "Successful"}
