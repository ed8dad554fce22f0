"""What ``lambda-nb serve`` was told."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lambda_nb.engine.execution.runtimes.interpreters import Fallback


@dataclass(frozen=True, slots=True)
class Options:
    """What ``lambda-nb serve`` was told.

    ``region`` is the home Region: that of requests which name none.
    ``elsewhere`` has the URLs of services that are not embedded, by their names in signatures.
    ``keep_alive_s``, ``max_age_s`` and ``retry_delay_s`` are in seconds; ``parent`` is the process
    to end with, if any.
    """

    port: int = 0
    data_dir: Path | None = None
    signed: bool = True
    neighbours_url: str | None = None
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    account: str = "000000000000"
    region: str = "us-east-1"
    keep_alive_s: float = 600.0
    max_age_s: float = math.inf
    retry_delay_s: float = 60.0
    account_concurrency: int = 1000
    isolation: str = "auto"
    cpu_share: str = "whole"
    runtime_fallback: Fallback = "none"
    parent: int | None = None
    allowed_hosts: tuple[str, ...] = ()
    recover: bool = False
