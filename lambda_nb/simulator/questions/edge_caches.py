"""The caches of a distribution, replayed: which request each would have answered.

The rules are those of the engine: :mod:`lambda_nb.rules.edge`. A log has no response headers, so
:class:`CacheBehaviour` says what the origin sends.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from lambda_nb.rules.edge.caching.cache_keys import cache_key, chosen_cookies, chosen_query
from lambda_nb.rules.edge.caching.freshness import Lifetime, Ttls, lifetime
from lambda_nb.rules.edge.path_patterns import PathPattern, normalized
from lambda_nb.simulator.assumptions.workload import WorkloadError

Chosen = Literal["all", "none"] | Collection[str]

_GENERATED = "LambdaGeneratedResponse"
_CACHED_METHODS = ("GET", "HEAD")
_MADE_BY_THE_CACHE = frozenset({"Hit", "RefreshHit", "Miss"})
_OF_THE_ORIGIN = frozenset({
    "Error", "AbortedOrigin", "OriginCommError", "OriginConnectError", "OriginDnsError",
    "OriginContentRangeLengthError", "OriginError", "OriginHeaderTooBigError",
    "OriginInvalidResponseError", "OriginReadError", "OriginTimeout", "OriginWriteError",
    "OriginZeroSizeObjectError", "SlowReaderOriginError", "OriginShieldHit", "ClientCommError",
})  # fmt: skip
"""Details of errors that the cache or the origin answered; with others nobody asked the cache."""


@dataclass(frozen=True, slots=True)
class CacheBehaviour:
    """A cache behaviour, as far as it decides what is cached.

    The defaults are the managed policy CachingOptimized, and an origin that sends no
    ``Cache-Control``.

    Attributes
    ----------
    pattern
        Of the paths; the first behaviour that matches counts.
    cache_control
        What the origin sends as ``Cache-Control``.
    min_ttl, default_ttl, max_ttl, error_ttl
        Seconds.
    query, cookies
        Names in the cache key, ``"all"`` or ``"none"``. Cookies are in logs only if the
        distribution logs them.
    generated
        Whether its origin-request function makes responses: what the log calls
        ``LambdaGeneratedResponse`` came to the cache then, and is kept there.
    revalidates
        Whether the origin answers 304 when an object has expired (a ``RefreshHit``) or sends it
        anew (a ``Miss``).
    """

    pattern: str = "*"
    cache_control: str | None = None
    min_ttl: float = 1.0
    default_ttl: float = 86_400.0
    max_ttl: float = 31_536_000.0
    error_ttl: float = 10.0
    query: Chosen = "none"
    cookies: Chosen = "none"
    generated: bool = False
    revalidates: bool = True

    def __post_init__(self) -> None:
        """Refuse what CloudFront refuses."""
        times = (self.min_ttl, self.default_ttl, self.max_ttl)
        if min(times) < 0 or not self.min_ttl <= self.default_ttl <= self.max_ttl:
            raise WorkloadError(
                f"behaviour {self.pattern!r}: min_ttl {self.min_ttl:g}, default_ttl "
                f"{self.default_ttl:g}, max_ttl {self.max_ttl:g}; give 0 or more, in this order"
            )

    def lifetime(self, status: int) -> Lifetime | None:
        """How long an answer of the origin with this status may be used; seconds."""
        headers = [("Cache-Control", self.cache_control)] if self.cache_control else []
        ttls = Ttls(self.min_ttl, self.default_ttl, self.max_ttl, self.error_ttl)
        return lifetime(status, headers, ttls, 0.0, 0.0)


class Replayed(NamedTuple):
    """What the caches did, one value a request.

    ``result`` is the log's word; ``asked`` whether the origin was asked, ``origin_bytes`` what it
    sent; ``behaviour`` its number; ``decided`` whether the caches had a say at all.
    """

    result: np.ndarray[Any, Any]
    asked: np.ndarray[Any, Any]
    origin_bytes: np.ndarray[Any, Any]
    behaviour: np.ndarray[Any, Any]
    decided: np.ndarray[Any, Any]


@dataclass(slots=True)
class _Object:
    status: int
    fresh_until: float
    usable_until: float
    size: int


class _Cache:
    """The cache of one location, which forgets what was used least recently."""

    def __init__(self, most_bytes: float) -> None:
        self._most = most_bytes
        self._used = 0
        self._objects: OrderedDict[str, _Object] = OrderedDict()

    def get(self, key: str) -> _Object | None:
        found = self._objects.get(key)
        if found is not None:
            self._objects.move_to_end(key)
        return found

    def drop(self, key: str) -> None:
        gone = self._objects.pop(key, None)
        if gone is not None:
            self._used -= gone.size

    def put(self, key: str, made: _Object) -> None:
        self.drop(key)
        if made.size > self._most:
            return
        self._objects[key] = made
        self._used += made.size
        while self._used > self._most:
            _, gone = self._objects.popitem(last=False)
            self._used -= gone.size


class _Row(NamedTuple):
    key: str
    number: int
    behaviour: CacheBehaviour
    status: int
    size: int
    arrival: float
    came: float


def replay(
    log: pd.DataFrame,
    behaviours: Sequence[CacheBehaviour],
    locations: Sequence[str],
    cache_bytes: float,
) -> Replayed:
    """Send the requests of a log through the caches, in the order in which they came.

    Parameters
    ----------
    log
        Of :func:`lambda_nb.traces.logs.cloudfront.read_cloudfront`.
    behaviours
        In their order; without one for ``*`` it is added with the defaults.
    locations
        Which location takes each request.
    cache_bytes
        How much each location keeps.
    """
    rows = list(_rows(log, behaviours))
    words = log["result"].astype(object).to_numpy()
    decided = _decided(log)
    by_function = np.array([row.behaviour.generated for row in rows], dtype=bool)
    decided = decided | ((words == _GENERATED) & by_function)
    generated = {
        row.key
        for row, word, came in zip(rows, words, decided, strict=True)
        if came and word == _GENERATED
    }
    caches: dict[str, _Cache] = {}
    lifetimes: dict[tuple[int, int], Lifetime | None] = {}
    result = words.copy()
    asked = np.zeros(len(log), dtype=bool)
    origin_bytes = np.zeros(len(log), dtype=np.int64)
    numbers = np.zeros(len(log), dtype=np.int32)
    methods = log["method"].astype(object).to_numpy()
    # A log has its lines as responses were finished: whoever waited for another's fetch may be done
    # before it.
    for i in np.argsort([row.arrival for row in rows], kind="stable"):
        row = rows[i]
        numbers[i] = row.number
        if not decided[i]:
            continue
        if methods[i] not in _CACHED_METHODS:
            result[i], asked[i], origin_bytes[i] = _miss(row), True, row.size
            continue
        place = locations[i]
        cache = caches.get(place)
        if cache is None:
            cache = caches[place] = _Cache(cache_bytes)
        about = (row.number, row.status)
        if about not in lifetimes:
            lifetimes[about] = row.behaviour.lifetime(row.status)
        result[i], asked[i], origin_bytes[i] = _one(cache, row, lifetimes[about])
        if result[i] == "Miss" and row.key in generated:
            result[i], origin_bytes[i] = _GENERATED, 0
    return Replayed(result, asked, origin_bytes, numbers, decided)


def came(log: pd.DataFrame, behaviours: Sequence[CacheBehaviour]) -> np.ndarray[Any, Any]:
    """Which requests of a log came to the caches, by the log's own words."""
    return replay(log, behaviours, ["" for _ in range(len(log))], 1.0).decided


def _one(cache: _Cache, row: _Row, life: Lifetime | None) -> tuple[str, bool, int]:
    """One request: its word, whether the origin is asked, and the bytes that it sends."""
    found = cache.get(row.key)
    if found is not None:
        word = "Error" if found.status >= 400 else "Hit"
        if row.arrival < found.fresh_until:
            return word, False, 0
        if row.arrival < found.usable_until and life is not None:
            _keep(cache, row, life)  # answered at once, and renewed meanwhile
            return word, True, 0
        whole = found.status < 400 and row.status < 400
        if whole and row.behaviour.revalidates and life is not None and life.conditional:
            _keep(cache, row, life)
            return "RefreshHit", True, 0
    if life is None:
        cache.drop(row.key)
    else:
        _keep(cache, row, life)
    return _miss(row), True, row.size


def _keep(cache: _Cache, row: _Row, life: Lifetime) -> None:
    until = row.came + life.fresh
    cache.put(row.key, _Object(row.status, until, until + life.stale_while_revalidate, row.size))


def _miss(row: _Row) -> str:
    return "Error" if row.status >= 400 else "Miss"


def _decided(log: pd.DataFrame) -> np.ndarray[Any, Any]:
    """Whether a request came to the cache: no redirect, refusal or function answered before."""
    words, detail = log["result"], log.get("detail", log["result"])
    of_cache = words.isin(_MADE_BY_THE_CACHE) | (
        (words == "Error") & (detail.isin(_OF_THE_ORIGIN) | detail.isna())
    )
    decided: np.ndarray[Any, Any] = (of_cache & (log["status"] != 0)).to_numpy()
    return decided


def _rows(log: pd.DataFrame, behaviours: Sequence[CacheBehaviour]) -> Iterator[_Row]:
    at = log["time"].astype("int64").to_numpy() / _ticks_a_second(log)
    taken = _seconds(log, "taken")
    first = _seconds(log, "first_byte")
    sizes = _sizes(log)
    numbered = _numbered(behaviours)
    known: dict[tuple[str, str, str], tuple[str, int, CacheBehaviour]] = {}
    columns = [log[name].astype(object).to_numpy() for name in ("uri", "query")]
    cookies = log["cookies"].astype(object).to_numpy() if "cookies" in log else [""] * len(log)
    statuses = log["status"].to_numpy()
    for i, (uri, query, cookie) in enumerate(zip(*columns, cookies, strict=True)):
        about = (uri, query, cookie if isinstance(cookie, str) else "")
        if about not in known:
            number, behaviour = numbered(uri)
            text = cache_key(
                uri,
                chosen_query(query, _wanted(behaviour.query)),
                cookies=chosen_cookies([about[2]], _wanted(behaviour.cookies)),
            ).text
            known[about] = (text, number, behaviour)
        arrival = at[i] - taken[i]
        # A viewer's 304 or 206 is made of a whole object.
        status = 200 if statuses[i] in (206, 304) else int(statuses[i])
        yield _Row(*known[about], status, int(sizes[i]), arrival, arrival + first[i])


def _numbered(
    behaviours: Sequence[CacheBehaviour],
) -> Callable[[str], tuple[int, CacheBehaviour]]:
    """The first behaviour that matches a path, and its number."""
    compiled = [(PathPattern(each.pattern), each) for each in behaviours]

    def first(uri: str) -> tuple[int, CacheBehaviour]:
        path = normalized(uri)
        return next((i, each) for i, (test, each) in enumerate(compiled) if test.matches(path))

    return first


def _wanted(chosen: Chosen) -> Callable[[str], bool]:
    if isinstance(chosen, str):
        return (lambda name: True) if chosen == "all" else (lambda name: False)
    return frozenset(chosen).__contains__


def _seconds(log: pd.DataFrame, name: str) -> np.ndarray[Any, Any]:
    if name not in log:
        return np.zeros(len(log))
    return np.asarray(log[name].fillna(0.0), dtype=np.float64)


def _sizes(log: pd.DataFrame) -> np.ndarray[Any, Any]:
    """Bytes of each request's object: of a part or a 304 it is the whole object's, if known."""
    own = log["sent"].fillna(0)
    if "content_length" in log:
        own = log["content_length"].fillna(own)
    whole = own.groupby([log["uri"], log["query"]], observed=True).transform("max")
    return np.asarray(whole.fillna(own), dtype=np.int64)


def _ticks_a_second(log: pd.DataFrame) -> float:
    unit = str(log["time"].dtype).partition("[")[2][:2]
    return {"ns": 1e9, "us": 1e6, "ms": 1e3}.get(unit, 1.0)
