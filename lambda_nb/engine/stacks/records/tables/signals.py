"""The signals that resources got."""

from __future__ import annotations

from lambda_nb.engine.stacks.records.tables.file import File


class SignalTable:
    """Keeps signals.

    Parameters
    ----------
    file
        Where they are.
    """

    def __init__(self, file: File) -> None:
        self._file = file

    def add_signal(self, stack_id: str, logical_id: str, sender: str, status: str) -> None:
        """Keep a signal for a resource; a later one of the same sender changes nothing.

        Parameters
        ----------
        stack_id, logical_id
            The resource.
        sender
            Its ``UniqueId``.
        status
            ``SUCCESS`` or ``FAILURE``.
        """
        self._file.do(
            "INSERT OR IGNORE INTO signal (stack, name, sender, status) VALUES (?, ?, ?, ?)",
            stack_id,
            logical_id,
            sender,
            status,
        )

    def signals(self, stack_id: str, logical_id: str) -> dict[str, str]:
        """The signals a resource got: statuses by senders, in the order in which they came."""
        found = self._file.all(
            "SELECT sender, status FROM signal WHERE stack = ? AND name = ? ORDER BY rowid",
            stack_id,
            logical_id,
        )
        return dict(found)

    def drop_signals(self, stack_id: str, logical_id: str) -> None:
        """Forget the signals that a resource got."""
        self._file.do("DELETE FROM signal WHERE stack = ? AND name = ?", stack_id, logical_id)
