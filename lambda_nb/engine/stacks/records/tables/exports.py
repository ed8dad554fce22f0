"""The values that stacks export, and who imports them."""

from __future__ import annotations

from collections.abc import Mapping

from lambda_nb.engine.stacks.records.rows import Export
from lambda_nb.engine.stacks.records.tables.file import File


class ExportTable:
    """Keeps exports and imports.

    Parameters
    ----------
    file
        Where they are.
    """

    def __init__(self, file: File) -> None:
        self._file = file

    def set_exports(self, stack_id: str, exports: Mapping[str, str]) -> Export | None:
        """Replace what a stack exports: values by names.

        Returns
        -------
        Export or None
            Another stack's export of one of these names, and then nothing is changed.
        """
        with self._file.lock:
            for name in exports:
                other = self.find_export(name)
                if other is not None and other.stack_id != stack_id:
                    return other
            self._file.do("DELETE FROM export WHERE stack = ?", stack_id)
            for name, value in exports.items():
                self._file.do("INSERT INTO export VALUES (?, ?, ?)", name, stack_id, value)
        return None

    def find_export(self, name: str) -> Export | None:
        """An export by its name."""
        for export in self.exports(name):
            return export
        return None

    def exports(self, name: str | None = None) -> list[Export]:
        """All exports, or the one of a name, by name."""
        found = self._file.all(
            "SELECT name, value, stack FROM export WHERE name = coalesce(?, name) ORDER BY name",
            name,
        )
        return [Export(*row) for row in found]

    def set_imports(self, stack_id: str, names: frozenset[str]) -> None:
        """Replace the names of the exports that a stack imports."""
        with self._file.lock:
            self._file.do("DELETE FROM import WHERE stack = ?", stack_id)
            for name in names:
                self._file.do("INSERT INTO import VALUES (?, ?)", name, stack_id)

    def importers(self, name: str) -> list[str]:
        """Names of the stacks that import an export."""
        return [
            row[0]
            for row in self._file.all(
                "SELECT stack.name FROM import JOIN stack ON stack.id = import.stack "
                "WHERE import.name = ? AND stack.deleted IS NULL ORDER BY stack.name",
                name,
            )
        ]
