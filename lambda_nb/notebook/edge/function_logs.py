"""What functions at the edge wrote: in the Regions where they ran, under names of their own."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from typing import Any

from lambda_nb.notebook.connection.clients import in_region
from lambda_nb.notebook.edge.settings import associations
from lambda_nb.notebook.errors import UsageError
from lambda_nb.notebook.functions.monitoring import LogEvent, Logs, read_logs
from lambda_nb.rules.edge.locations import LOCATIONS
from lambda_nb.rules.edge.triggers.replication import HOME, replica_name

_LOOK_EVERY_S = 0.2


def places(config: dict[str, Any], name: str, locations: Collection[str]) -> tuple[str, set[str]]:
    """The log group of a function of a distribution, and the Regions where that may be.

    Parameters
    ----------
    config
        The distribution's.
    locations
        Codes of the locations that answered.

    Raises
    ------
    UsageError
        The distribution has no such function.
    """
    held = {one.function: one.kind for one in associations.all_of(config)}
    if name not in held:
        there = ", ".join(sorted(held)) or "none"
        raise UsageError(f"no function {name!r} runs at this distribution; there are: {there}")
    if held[name] == "CloudFront":
        return f"/aws/cloudfront/function/{name}", {HOME}
    regions = {LOCATIONS[code].region for code in locations if code in LOCATIONS}
    return f"/aws/lambda/{replica_name(name)}", regions


def read(
    client: Any,
    name: str,
    group: str,
    regions: Collection[str],
    last: str,
    limit: int,
    within_s: float = 0.0,
) -> Logs:
    """The last events of a log group in several Regions, ordered by time.

    Parameters
    ----------
    within_s
        Seconds to wait for the first one.
    """
    clients = [in_region(client, "logs", region) for region in sorted(regions)]
    deadline = time.monotonic() + within_s
    while not (events := _events(clients, name, group, last, limit)):
        if time.monotonic() >= deadline:
            break
        time.sleep(_LOOK_EVERY_S)
    return Logs(name, sorted(events, key=lambda event: event.time)[-limit:])


def _events(clients: Sequence[Any], name: str, group: str, last: str, limit: int) -> list[LogEvent]:
    return [event for each in clients for event in read_logs(each, name, group, last, limit)]
