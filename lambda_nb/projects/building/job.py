"""One thing to build: the code of a function or the content of a layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Job:
    """What a builder is told.

    ``layer`` is whether it is a layer's content; ``at_aws`` whether it will run on AWS's machines
    and not on this one; ``properties`` are the ``BuildProperties`` of its metadata. ``scratch`` is
    an empty folder for a result that is not kept.
    """

    identifier: str
    folder: Path
    runtime: str = ""
    architecture: str = "x86_64"
    handler: str = ""
    method: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)
    layer: bool = False
    at_aws: bool = False
    scratch: Path = Path()

    @property
    def what(self) -> str:
        """Its name in messages."""
        return f"{self.identifier} ({self.folder})"
