"""The options of ``lambda-nb serve``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lambda_nb.engine.execution.runtimes.interpreters import Fallback
from lambda_nb.rules import quotas


@dataclass(frozen=True, slots=True)
class Options:
    """The options of ``lambda-nb serve``.

    ``region`` is the home Region: that of requests without a Region.
    ``elsewhere`` has the URLs of services that are not embedded, by signing name; ``mqtt_url`` that
    of an MQTT broker for the home Region. ``edge_locations`` are codes of edge locations; without
    any there is one, which takes no time to reach. ``edge_cache_bytes`` bounds their caches.
    ``keep_alive_s``, ``max_age_s``, ``retry_delay_s`` and how long WebSockets may be idle or live
    are in seconds; the engine ends when the process ``parent`` ends, if given. With ``keep_frames``
    it keeps the variables of Python functions that failed, for a debugger; with ``resettable`` it
    forgets everything when its user asks it to. ``unknown_resources`` says whether a stack with a
    resource of a type that is not here fails (``fail``) or goes on without it (``skip``).
    ``hot_reload`` has the directories that functions may have as their code.
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
    mqtt_port: int | None = None
    mqtt_url: str | None = None
    edge_locations: tuple[str, ...] = ()
    edge_cache_bytes: int = 1 << 30
    edge_viewer_timeout_s: int = quotas.EDGE_TIMEOUT_S.value
    websocket_idle_s: float = quotas.WEBSOCKET_IDLE_S.value
    websocket_life_s: float = quotas.WEBSOCKET_LIFE_S.value
    account_concurrency: int = 1000
    isolation: str = "auto"
    cpu_share: str = "whole"
    runtime_fallback: Fallback = "none"
    parent: int | None = None
    allowed_hosts: tuple[str, ...] = ()
    addresses: str = "auto"
    recover: bool = False
    keep_frames: bool = False
    resettable: bool = False
    unknown_resources: str = "fail"
    hot_reload: tuple[Path, ...] = ()
