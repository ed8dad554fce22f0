"""``simulate_edge``: what another cache, other locations or functions would have meant.

The requests are those of a distribution's own access log. With the distribution's settings the
decisions are those that the log says were made (:attr:`EdgeReplay.agreement`).
"""

from __future__ import annotations

import difflib
import inspect
import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, get_args, overload

import numpy as np
import pandas as pd

from lambda_nb.rules.edge.locations import UnknownLocationError, location_of
from lambda_nb.rules.edge.places import place_of
from lambda_nb.simulator.assumptions.workload import WorkloadError
from lambda_nb.simulator.questions.edge import EdgeResult, Trigger, simulate_triggers
from lambda_nb.simulator.questions.edge_caches import CacheBehaviour, replay
from lambda_nb.simulator.questions.edge_latency import nearest_of, viewers_of, waits
from lambda_nb.simulator.questions.edge_replay import EdgeReplay
from lambda_nb.simulator.simulate import simulate
from lambda_nb.traces import Trace

_NEEDED = ("time", "method", "uri", "query", "status", "result", "sent", "location")
_HITS = ("Hit", "RefreshHit")
_TRIGGERS = get_args(Trigger)
_SIMULATED = tuple(inspect.signature(simulate).parameters)[1:]
_SETTINGS = (
    "behaviours",
    "locations",
    "cache_size",
    "origin",
    "functions",
    "cloudfront_functions",
)


@overload
def simulate_edge(requests: Trace, **settings: Any) -> EdgeResult: ...


@overload
def simulate_edge(
    requests: pd.DataFrame,
    *,
    behaviours: Sequence[CacheBehaviour] = (),
    locations: Sequence[str] | None = None,
    cache_size: float = math.inf,
    origin: str = "us-east-1",
    functions: Mapping[Trigger, Mapping[str, Any]] | None = None,
    cloudfront_functions: int = 0,
) -> EdgeReplay: ...


def simulate_edge(requests: Trace | pd.DataFrame, **settings: Any) -> EdgeResult | EdgeReplay:
    """Ask what a distribution would have done, of its access log or of a trace.

    With a :class:`~lambda_nb.traces.Trace` of viewers' requests it is about the function alone:
    :func:`lambda_nb.simulator.questions.edge.simulate_triggers` has the settings. With an access
    log (:func:`lambda_nb.traces.logs.cloudfront.read_cloudfront`) the caches are replayed too.

    Parameters
    ----------
    requests
        The log, or a trace.
    behaviours : sequence of CacheBehaviour
        Of the distribution, in their order; requests that none is for use the defaults.
    locations : sequence of str, optional
        Codes of edge locations. Each request goes to the one that is nearest to its viewer: in the
        columns ``viewer`` or ``country`` of the log, else beside the location that took it.
        Default: as logged.
    cache_size : float
        Bytes that each location keeps; what was used least recently is forgotten first.
    origin : str
        The Region of the origin, or any place: a location that is farther from it takes longer.
    functions : mapping, optional
        Lambda@Edge: settings of :func:`~lambda_nb.simulator.simulate` by trigger, such as
        ``{"viewer-request": {"duration": 0.005}}``; ``duration`` is in seconds.
    cloudfront_functions : int
        How many CloudFront Functions run for each request, for the bill.

    Returns
    -------
    EdgeReplay or EdgeResult
        Of a log, and of a trace.

    Raises
    ------
    WorkloadError
        When a setting makes no sense, the log has no such column, or there is no such location or
        place.
    """
    if isinstance(requests, Trace):
        return simulate_triggers(requests, **settings)
    if not isinstance(requests, pd.DataFrame):
        raise WorkloadError(
            f"simulate_edge has got {requests!r}; give a log, such as site.log(), or a trace"
        )
    for name in settings:
        if name not in _SETTINGS:
            near = difflib.get_close_matches(name, _SETTINGS, 1)
            hint = f"did you mean {near[0]}=?" if near else f"there are {', '.join(_SETTINGS)}"
            raise WorkloadError(f"simulate_edge has no setting {name}= for a log; {hint}")
    try:
        return _of_log(requests, **settings)
    except UnknownLocationError as error:
        raise WorkloadError(str(error)) from error


def _of_log(
    log: pd.DataFrame,
    *,
    behaviours: Sequence[CacheBehaviour] = (),
    locations: Sequence[str] | None = None,
    cache_size: float = math.inf,
    origin: str = "us-east-1",
    functions: Mapping[Trigger, Mapping[str, Any]] | None = None,
    cloudfront_functions: int = 0,
) -> EdgeReplay:
    missing = [name for name in _NEEDED if name not in log]
    if missing:
        raise WorkloadError(
            f"the log has no column {missing[0]!r}: read it with read_cloudfront, and have the "
            "distribution log it"
        )
    if not _is_number(cache_size) or not cache_size > 0:
        raise WorkloadError(f"cache_size is {cache_size!r}; give bytes, more than 0")
    for trigger, assumed in (functions or {}).items():
        if trigger not in _TRIGGERS:
            raise WorkloadError(f"functions has {trigger!r}; give {', '.join(_TRIGGERS)}")
        if not isinstance(assumed, Mapping):
            raise WorkloadError(
                f"functions has {trigger!r}: {assumed!r}; give settings such as "
                "{'duration': 0.005}"
            )
        for name in assumed:
            if name != "duration" and name not in _SIMULATED:
                near = difflib.get_close_matches(name, ["duration", *_SIMULATED], 1)
                hint = f"did you mean {near[0]!r}?" if near else "simulate() has the settings"
                raise WorkloadError(f"functions has {name!r} for {trigger!r}; {hint}")
        duration = assumed.get("duration", 0.0)
        if not _is_number(duration):
            raise WorkloadError(
                f"functions has the duration {duration!r} for {trigger!r}; give seconds"
            )
    for each in behaviours:
        if not isinstance(each, CacheBehaviour):
            raise WorkloadError(f"behaviours has {each!r}; give those of site.caching()")
    if isinstance(locations, str):
        raise WorkloadError(f"locations is {locations!r}; give a list: [{locations!r}]")
    told = [*behaviours, CacheBehaviour()]
    before = [location_of(str(code)) for code in log["location"].astype(object)]
    viewers = viewers_of(log, before)
    after = before
    if locations is not None:
        after = nearest_of(viewers, [location_of(code) for code in locations])
    done = replay(log, told, [place.code for place in after], cache_size)
    requests = pd.DataFrame(
        {
            "time": log["time"],
            "location": [place.code for place in after],
            "behaviour": [told[number].pattern for number in done.behaviour],
            "result": done.result,
            "logged": log["result"].astype(object),
            "decided": done.decided,
            "hit": done.decided & np.isin(done.result.astype(str), _HITS),
            "asked": done.asked,
            "bytes": log["sent"].fillna(0).astype(np.int64),
            "origin_bytes": done.origin_bytes,
            "latency": waits(log, done, viewers, before, after, place_of(origin)),
        }
    )
    secure = (
        np.asarray(log["protocol"] == "https") if "protocol" in log else np.zeros(len(log), bool)
    )
    return EdgeReplay(requests, secure, functions or {}, cloudfront_functions)


def _is_number(value: object) -> bool:
    """Also of NumPy's; what a notebook gives may have any type."""
    return isinstance(value, Real) and not isinstance(value, bool)
