"""What the engine and the process of its services both know."""

from __future__ import annotations

from typing import Final

LOG: Final = "moto.log"
"""The file, in the working directory, of what the services say."""
EMPTY: Final = b"empty"
"""The line by which the engine asks that all services be emptied."""
