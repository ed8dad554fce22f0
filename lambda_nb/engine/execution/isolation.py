"""How far environments are kept apart from each other and from the machine.

Level 0 works anywhere: a process group of its own, a cleared environment, resource limits, death
with the engine, a memory watchdog.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambda_nb.engine.execution.variables import Places
from lambda_nb.engine.model import FunctionVersion

if TYPE_CHECKING:
    from lambda_nb.engine.execution.environment import Prepared

OPEN_FILES = 1024
"""File descriptors of an environment (AWS Developer Guide, quotas)."""
STACK_BYTES = 8 << 20
DATA_MARGIN_MB = 256
"""Data segment allowed above the memory limit: only what the watchdog could miss."""


class Sandbox:
    """The confinement of one environment: its places and what its processes do to themselves."""

    def __init__(self, function: FunctionVersion, places: Places, cwd: Path) -> None:
        self.places = places
        self._cwd = cwd
        self._function = function

    def request(self) -> dict[str, Any]:
        """What to ask of the zygote for a process of this environment."""
        function = self._function
        return {
            "cwd": str(self._cwd),
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

    def sandbox(self, function: FunctionVersion, prepared: Prepared, home: Path) -> Sandbox:
        """Make the directories of a new environment."""
        tmp = home / "tmp"
        tmp.mkdir(parents=True)
        places = Places(
            task_root=str(function.code_dir),
            opt=str(prepared.opt),
            runtime_dir=str(prepared.runtime_dir),
            tmp=str(tmp),
        )
        return Sandbox(function, places, function.code_dir)

    def status(self) -> dict[str, Any]:
        """What is known of the level."""
        return {"level": self.level}
