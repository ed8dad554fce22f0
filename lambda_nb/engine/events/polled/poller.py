"""What reads one source, whoever gets what it reads."""

from __future__ import annotations

import asyncio
from typing import Protocol


class Poller(Protocol):
    """Reads one source for one function or pipe.

    ``begun`` is set when it will miss no new record, ``ended`` when it has stopped reading.
    """

    begun: asyncio.Event
    ended: asyncio.Event

    async def run(self) -> None:
        """Read until told to stop."""

    def stop(self) -> None:
        """Stop reading, but finish running batches."""

    async def close(self) -> None:
        """Cancel running batches."""
