"""Where the files of an environment are: on this machine, and as its processes see them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Files:
    """A function's directories on this machine."""

    task: Path
    opt: Path
    runtime: Path


@dataclass(frozen=True, slots=True)
class Places:
    """The same, and ``/tmp``, as the environment's processes see them."""

    task: str
    opt: str
    runtime: str
    tmp: str

    def of(self, path: str) -> str:
        """A path under ``/opt`` or ``/var/task`` as the processes must write it."""
        for root, here in (("/opt/", self.opt), ("/var/task/", self.task)):
            if path.startswith(root):
                return f"{here}/{path[len(root) :]}"
        return path
