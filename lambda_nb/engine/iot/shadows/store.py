"""Where shadows are kept."""

from __future__ import annotations

from pathlib import Path

from lambda_nb.engine.control.records.store import Record, Store
from lambda_nb.rules.iot.shadow_documents import VERSION_KEPT_S, Shadow

_KIND = "shadow"
_CLASSIC = ""  # the key of a thing's classic shadow; names have at least one character


class ShadowStore:
    """The shadows of a Region, in SQLite. What was put survives a ``kill -9``.

    Parameters
    ----------
    path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self._records = Store(path)

    def close(self) -> None:
        """Release the file."""
        self._records.close()

    def get(self, thing: str, name: str | None) -> Shadow | None:
        """A shadow, or ``None``."""
        record = self._records.get(_KIND, thing, name or _CLASSIC)
        if record is None or "deleted_s" in record:
            return None
        return Shadow(record["state"], record["metadata"], record["version"])

    def remembered_version(self, thing: str, name: str | None, now_s: float) -> int:
        """The version of a shadow that was deleted in the last 48 hours; 0 for none."""
        record = self._records.get(_KIND, thing, name or _CLASSIC)
        if record is None or now_s - record.get("deleted_s", now_s) > VERSION_KEPT_S:
            return 0
        return int(record["version"])

    def put(self, thing: str, name: str | None, shadow: Shadow) -> None:
        """Keep a shadow."""
        self._put(
            thing,
            name,
            {
                "state": dict(shadow.state),
                "metadata": dict(shadow.metadata),
                "version": shadow.version,
            },
        )

    def delete(self, thing: str, name: str | None, version: int, now_s: float) -> None:
        """Delete a shadow, and remember its version."""
        self._put(thing, name, {"deleted_s": now_s, "version": version})

    def names(self, thing: str) -> list[str]:
        """The names of a thing's named shadows, sorted."""
        kept = self._records.children(_KIND, thing)
        return sorted(name for name, record in kept.items() if name and "deleted_s" not in record)

    def forget_old_versions(self, now_s: float) -> None:
        """Drop what was deleted more than 48 hours ago."""
        old = [
            (thing, name)
            for thing, name, record in self._records.every(_KIND)
            if now_s - record.get("deleted_s", now_s) > VERSION_KEPT_S
        ]
        if old:
            with self._records.write() as batch:
                for thing, name in old:
                    batch.delete(_KIND, thing, name)

    def _put(self, thing: str, name: str | None, record: Record) -> None:
        with self._records.write() as batch:
            batch.put(_KIND, thing, name or _CLASSIC, record)
