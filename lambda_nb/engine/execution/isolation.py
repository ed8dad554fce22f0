"""How far environments are kept apart from each other and from the machine.

Level 0 works anywhere: a process group of its own, a cleared environment, resource limits, death
with the engine, a memory watchdog.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lambda_nb.engine.execution.places import Files, Places
from lambda_nb.engine.model import FunctionVersion

OPEN_FILES = 1024
"""File descriptors of an environment (AWS Developer Guide, quotas)."""
STACK_BYTES = 8 << 20


class Sandbox:
    """The confinement of one environment: its places and what its processes do to themselves."""

    def __init__(self, function: FunctionVersion, places: Places) -> None:
        self.places = places
        self._function = function

    def request(self) -> dict[str, Any]:
        """What to ask of the zygote for a process of this environment."""
        function = self._function
        return {
            "cwd": self.places.task,
            "limits": {
                "nofile": OPEN_FILES,
                "core": 0,
                "fsize": function.ephemeral_storage_mb << 20,
                "stack": STACK_BYTES,
            },
        }

    def close(self) -> None:
        """Give back what the environment held outside its own directory."""


class Isolation:
    """The isolation level of this engine."""

    def __init__(self, wanted: str, work_dir: Path) -> None:
        self.level = 0

    def places(self, files: Files, tmp: Path) -> Places:
        """The environment's view of its directories."""
        return Places(str(files.task), str(files.opt), str(files.runtime), str(tmp))

    def sandbox(self, function: FunctionVersion, files: Files, home: Path) -> Sandbox:
        """Make the directories of a new environment."""
        tmp = home / "tmp"
        tmp.mkdir(parents=True)
        return Sandbox(function, self.places(files, tmp))

    def status(self) -> dict[str, Any]:
        """What is known of the level."""
        return {"level": self.level}
