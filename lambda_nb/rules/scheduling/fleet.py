"""The scheduler of execution environments: which environment serves a request, or why none may.

Theory of operation
-------------------
A *function* has reserved concurrency or shares the account's. Its environments are in *pools*:
those of one pool are interchangeable (same version, revision and tenant). An environment is in one
of these states; only the functions of this module change it::

                arrive: COLD                     finish
      (nothing) ------------> BUSY <----------------------> IDLE ---> ENDED
          |                    ^        arrive: WARM          ^    keep-alive over, too old,
          | prewarm, provision |        arrive: PROVISIONED   |    discarded, pool closed
          +------> STARTING ---|------------------------------+
                        ready

Nothing here does I/O, reads a clock, starts a thread or draws a random number. The driver passes
the time (float seconds of any clock that never goes back) and, at :func:`finish`, how long this
idle period may last. The engine drives these functions with the wall clock and real processes, the
simulator with SimPy's clock; the compiled replay compiles them with numba **unchanged**. State is a
:class:`State` of flat columns: Python lists for the first two, NumPy arrays for the third. So the
functions use only integers, floats, indexing and ``while``.

Idle environments form a stack per pool, linked through ``e_below``: AWS reuses the most recently
used one (99.97 % of 29,746 requests measured in 2020, facts/simulation.md section 3). Expiry
is lazy: the next arrival or ``Fleet.expire`` finds an expired environment, and records as its end
*the moment it expired*. Ended environments stay on a list until the driver collects them with
:func:`pop_ended`.

Rules and figures (facts/scaling-and-cost.md section 1, AWS Developer Guide, 2026):

* admission: an idle provisioned environment; else a warm one; else a new one, if limits and
  scaling rate allow;
* a function with reserved concurrency ``r`` runs at most ``r`` requests at once; all others share
  what the account has left; provisioned concurrency is set aside from the same budget whether used
  or not;
* requests a second: at most 10 per unit of concurrency, for the account, a reserved function, a
  provisioned pool (beyond that a provisioned pool spills over to on-demand environments);
* a function starts at most 1000 environments at once and 100 a second after, refilled
  continuously, never above 1000.
"""

from __future__ import annotations

import math
from collections.abc import MutableSequence
from typing import NamedTuple

Ints = MutableSequence[int]
Floats = MutableSequence[float]

# What arrive() answers.
WARM = 0
COLD = 1
PROVISIONED = 2
THROTTLE_ACCOUNT = 3
THROTTLE_RESERVED = 4
THROTTLE_SCALING = 5
THROTTLE_ACCOUNT_RATE = 6
THROTTLE_RESERVED_RATE = 7
FULL = 8
"""No free slot in the columns: grow them and ask again. Nothing has changed."""

DECISIONS = {
    WARM: "warm",
    COLD: "cold",
    PROVISIONED: "provisioned",
    THROTTLE_ACCOUNT: "throttle",
    THROTTLE_RESERVED: "throttle",
    THROTTLE_SCALING: "throttle",
    THROTTLE_ACCOUNT_RATE: "throttle",
    THROTTLE_RESERVED_RATE: "throttle",
}
"""The word for each answer in the trace's ``start`` column."""

THROTTLE_REASONS = {
    THROTTLE_ACCOUNT: "ConcurrentInvocationLimitExceeded",
    THROTTLE_RESERVED: "ReservedFunctionConcurrentInvocationLimitExceeded",
    THROTTLE_SCALING: "ConcurrentInvocationLimitExceeded",
    THROTTLE_ACCOUNT_RATE: "FunctionInvocationRateLimitExceeded",
    THROTTLE_RESERVED_RATE: "ReservedFunctionInvocationRateLimitExceeded",
}
"""``ThrottleReason`` of AWS's API model. AWS has no separate reason for the scaling rate."""

# States of an environment.
FREE = 0
STARTING = 1
BUSY = 2
IDLE = 3
ENDED = 4

STATES = {FREE: "free", STARTING: "starting", BUSY: "busy", IDLE: "idle", ENDED: "ended"}

# Indices into State.counts.
IN_FLIGHT = 0
"""Requests running on demand in functions without reserved concurrency."""
SHARED_LIMIT = 1
"""How many of those may run: account limit less everything reserved or provisioned."""
FREE_TOP = 2
ENDED_TOP = 3
USED_SLOTS = 4
SERIALS = 5
_COUNTS = 6

# Indices into State.figures.
ACCOUNT_RATE = 0
"""Requests a second of the account (10 per unit of concurrency)."""
ACCOUNT_TOKENS = 1
ACCOUNT_TOKENS_AT = 2
SCALE_BURST = 3
SCALE_RATE = 4
MAX_AGE = 5
_FIGURES = 6

REQUESTS_PER_CONCURRENCY = 10.0
"""Requests a second per unit of concurrency (facts/scaling-and-cost.md section 1)."""
LONG_AGO = -1e18
"""Seconds: the last refill of a bucket that was never used. Finite, so that 0 times it is 0."""
ALMOST_ONE = 1.0 - 1e-9
"""A token bucket that rounding left just below one still grants one."""


class State(NamedTuple):
    """All that the scheduler knows, in columns. ``f_`` by function, ``p_`` by pool, ``e_`` by
    environment slot.

    Slots are reused after :func:`pop_ended`; an ``e_serial`` is never reused.
    """

    counts: Ints
    figures: Floats
    f_reserved: Ints  # reserved concurrency, -1 for none
    f_in_flight: Ints  # requests running on demand
    f_provisioned: Ints  # environments set aside, over all pools of the function
    f_scale_tokens: Floats
    f_scale_at: Floats
    f_rate_tokens: Floats
    f_rate_at: Floats
    p_function: Ints
    p_top: Ints  # most recently used idle environment, -1 for none
    p_spare: Ints  # most recently used idle provisioned environment, -1 for none
    p_provisioned: Ints  # environments asked for
    p_provisioned_made: Ints  # starting, busy or idle provisioned environments
    p_provisioned_ready: Ints
    p_serving: Ints  # 1 once all provisioned environments have been ready together
    p_rate_tokens: Floats
    p_rate_at: Floats
    p_open: Ints  # 0 when its environments must not be used again
    e_pool: Ints
    e_state: Ints
    e_provisioned: Ints
    e_below: Ints
    e_serial: Ints
    e_uses: Ints
    e_born: Floats
    e_expires: Floats  # of an idle environment: when it expires; of an ended one: when it ended


def refill(tokens: float, since: float, now: float, rate: float, most: float) -> float:
    """Tokens of a bucket at ``now`` that held ``tokens`` at ``since`` and gains ``rate`` a second
    up to ``most``."""
    filled = tokens + (now - since) * rate
    if filled > most:
        return most
    return filled


def idle_until(now: float, keep_alive: float, born: float, max_age: float) -> float:
    """When an environment idle since ``now`` ends: keep-alive over or too old, whichever comes
    first."""
    expires = now + keep_alive
    oldest = born + max_age
    if oldest < expires:
        return oldest
    return expires


def has_slot(s: State) -> bool:
    """Whether a new environment fits without growing the columns."""
    return s.counts[FREE_TOP] >= 0 or s.counts[USED_SLOTS] < len(s.e_pool)


def start_environment(s: State, now: float, p: int, state: int, provisioned: int) -> int:
    """Take a slot for a new environment of pool ``p``; there must be one."""
    counts = s.counts
    e = counts[FREE_TOP]
    if e >= 0:
        counts[FREE_TOP] = s.e_below[e]
    else:
        e = counts[USED_SLOTS]
        counts[USED_SLOTS] = e + 1
    s.e_pool[e] = p
    s.e_state[e] = state
    s.e_provisioned[e] = provisioned
    s.e_below[e] = -1
    s.e_serial[e] = counts[SERIALS]
    s.e_uses[e] = 0
    s.e_born[e] = now
    s.e_expires[e] = math.inf
    counts[SERIALS] += 1
    return e


def end_environment(s: State, when: float, e: int) -> None:
    """Record that environment ``e``, no longer on any stack, ended at ``when``."""
    if s.e_provisioned[e] == 1:
        p = s.e_pool[e]
        s.p_provisioned_made[p] -= 1
        if s.e_state[e] != STARTING:
            s.p_provisioned_ready[p] -= 1
    s.e_state[e] = ENDED
    s.e_expires[e] = when
    s.e_below[e] = s.counts[ENDED_TOP]
    s.counts[ENDED_TOP] = e


def pop_ended(s: State) -> int:
    """One environment that has ended since the driver last asked, or -1; its slot becomes free.

    Its columns (``e_serial``, ``e_born``, ``e_expires`` = when it ended, ...) stay readable until
    the next new environment takes the slot.
    """
    e = s.counts[ENDED_TOP]
    if e >= 0:
        s.counts[ENDED_TOP] = s.e_below[e]
        s.e_state[e] = FREE
        s.e_below[e] = s.counts[FREE_TOP]
        s.counts[FREE_TOP] = e
    return e


def arrive(s: State, now: float, p: int, paced: int = 1) -> tuple[int, int]:
    """A request for pool ``p`` arrives: which environment takes it, or why none may.

    Request rates do not limit asynchronous events (``paced`` is 0): an environment serves as many
    of them as it can (AWS Developer Guide, quotas, 2026).

    Returns
    -------
    code, environment
        ``WARM``, ``COLD`` or ``PROVISIONED`` and the slot of the environment, now busy; or a
        throttle code (see ``THROTTLE_REASONS``) and -1; or ``FULL`` and -1 when the columns must
        grow first.
    """
    f = s.p_function[p]

    e = s.p_spare[p]
    if e >= 0 and s.p_serving[p] == 1:
        most = REQUESTS_PER_CONCURRENCY * s.p_provisioned[p]
        tokens = refill(s.p_rate_tokens[p], s.p_rate_at[p], now, most, most)
        if tokens >= ALMOST_ONE or paced == 0:
            if paced == 1:
                s.p_rate_tokens[p] = tokens - 1.0
                s.p_rate_at[p] = now
            s.p_spare[p] = s.e_below[e]
            s.e_state[e] = BUSY
            s.e_uses[e] += 1
            return PROVISIONED, e

    counts = s.counts
    figures = s.figures
    reserved = s.f_reserved[f]
    if reserved < 0:
        if counts[IN_FLIGHT] >= counts[SHARED_LIMIT]:
            return THROTTLE_ACCOUNT, -1
        most = figures[ACCOUNT_RATE]
        tokens = refill(figures[ACCOUNT_TOKENS], figures[ACCOUNT_TOKENS_AT], now, most, most)
        if tokens < ALMOST_ONE and paced == 1:
            return THROTTLE_ACCOUNT_RATE, -1
    else:
        if s.f_in_flight[f] >= reserved - s.f_provisioned[f]:
            return THROTTLE_RESERVED, -1
        most = REQUESTS_PER_CONCURRENCY * reserved
        tokens = refill(s.f_rate_tokens[f], s.f_rate_at[f], now, most, most)
        if tokens < ALMOST_ONE and paced == 1:
            return THROTTLE_RESERVED_RATE, -1

    e = s.p_top[p]
    while e >= 0 and s.e_expires[e] <= now:
        below = s.e_below[e]
        end_environment(s, s.e_expires[e], e)
        e = below
    if e >= 0:
        s.p_top[p] = s.e_below[e]
        s.e_state[e] = BUSY
        code = WARM
    else:
        s.p_top[p] = -1
        if not has_slot(s):
            return FULL, -1
        burst = figures[SCALE_BURST]
        scale = refill(s.f_scale_tokens[f], s.f_scale_at[f], now, figures[SCALE_RATE], burst)
        if scale < ALMOST_ONE:
            return THROTTLE_SCALING, -1
        s.f_scale_tokens[f] = scale - 1.0
        s.f_scale_at[f] = now
        e = start_environment(s, now, p, BUSY, 0)
        code = COLD

    if reserved < 0:
        counts[IN_FLIGHT] += 1
    if paced == 0:
        pass
    elif reserved < 0:
        figures[ACCOUNT_TOKENS] = tokens - 1.0
        figures[ACCOUNT_TOKENS_AT] = now
    else:
        s.f_rate_tokens[f] = tokens - 1.0
        s.f_rate_at[f] = now
    s.f_in_flight[f] += 1
    s.e_uses[e] += 1
    return code, e


def has_room(s: State, p: int) -> bool:
    """Whether concurrency allows an asynchronous event for pool ``p``; the scaling rate may still
    forbid it."""
    if s.p_spare[p] >= 0 and s.p_serving[p] == 1:
        return True
    f = s.p_function[p]
    reserved = s.f_reserved[f]
    if reserved < 0:
        return s.counts[IN_FLIGHT] < s.counts[SHARED_LIMIT]
    return s.f_in_flight[f] < reserved - s.f_provisioned[f]


def release(s: State, e: int) -> None:
    """The request of busy environment ``e`` no longer counts as running."""
    if s.e_provisioned[e] == 0:
        f = s.p_function[s.e_pool[e]]
        s.f_in_flight[f] -= 1
        if s.f_reserved[f] < 0:
            s.counts[IN_FLIGHT] -= 1


def rest(s: State, now: float, e: int, keep_alive: float) -> None:
    """Environment ``e`` has nothing to do from ``now`` on: it goes idle, or ends."""
    p = s.e_pool[e]
    if s.e_provisioned[e] == 1:
        if s.p_open[p] == 0 or s.p_provisioned_made[p] > s.p_provisioned[p]:
            end_environment(s, now, e)
            return
        s.e_state[e] = IDLE
        s.e_below[e] = s.p_spare[p]
        s.p_spare[p] = e
        return
    expires = idle_until(now, keep_alive, s.e_born[e], s.figures[MAX_AGE])
    if expires <= now or s.p_open[p] == 0:
        end_environment(s, now, e)
        return
    s.e_state[e] = IDLE
    s.e_expires[e] = expires
    s.e_below[e] = s.p_top[p]
    s.p_top[p] = e


def finish(s: State, now: float, e: int, keep_alive: float) -> None:
    """The request of busy environment ``e`` is done; the environment may idle ``keep_alive``
    seconds."""
    release(s, e)
    rest(s, now, e, keep_alive)


def prewarm(s: State, now: float, p: int) -> int:
    """Start an on-demand environment ahead of any request (proactive initialisation); -1 if the
    columns are full."""
    if not has_slot(s):
        return -1
    return start_environment(s, now, p, STARTING, 0)


def provision(s: State, now: float, p: int) -> int:
    """Start one provisioned environment of pool ``p``; -1 if the columns are full."""
    if not has_slot(s):
        return -1
    s.p_provisioned_made[p] += 1
    return start_environment(s, now, p, STARTING, 1)


def ready(s: State, now: float, e: int, keep_alive: float) -> None:
    """The init phase of environment ``e`` is over. One that was started ahead of requests may now
    be used.

    An environment that a request started (``BUSY``) stays as it is.
    """
    if s.e_state[e] != STARTING:
        return
    s.e_state[e] = IDLE
    if s.e_provisioned[e] == 1:
        p = s.e_pool[e]
        s.p_provisioned_ready[p] += 1
        if s.p_provisioned_ready[p] >= s.p_provisioned[p]:
            s.p_serving[p] = 1
    rest(s, now, e, keep_alive)


def sweep(s: State, now: float, p: int) -> None:
    """End the idle environments of pool ``p`` that have expired (all if the pool is closed)."""
    shut = s.p_open[p] == 0
    kept = -1  # the last environment that stays, walking down from the top
    e = s.p_top[p]
    while e >= 0:
        below = s.e_below[e]
        if shut or s.e_expires[e] <= now:
            if kept < 0:
                s.p_top[p] = below
            else:
                s.e_below[kept] = below
            end_environment(s, min(now, s.e_expires[e]), e)
        else:
            kept = e
        e = below
    e = s.p_spare[p]
    kept = -1
    while e >= 0:
        below = s.e_below[e]
        surplus = s.p_provisioned_made[p] > s.p_provisioned[p]
        if shut or surplus or s.e_expires[e] <= now:
            if kept < 0:
                s.p_spare[p] = below
            else:
                s.e_below[kept] = below
            end_environment(s, now, e)
        else:
            kept = e
        e = below


def discard(s: State, now: float, e: int) -> None:
    """End environment ``e`` now, whatever it does: its process died for good, or it was evicted."""
    state = s.e_state[e]
    if state == BUSY:
        release(s, e)
        end_environment(s, now, e)
    elif state == STARTING:
        end_environment(s, now, e)
    elif state == IDLE:
        s.e_expires[e] = now
        sweep(s, now, s.e_pool[e])


def share_limit(s: State, account_limit: int) -> None:
    """Recompute the concurrency that functions without reserved concurrency share."""
    claimed = 0
    f = 0
    while f < len(s.f_reserved):
        claimed += s.f_reserved[f] if s.f_reserved[f] >= 0 else s.f_provisioned[f]
        f += 1
    s.counts[SHARED_LIMIT] = account_limit - claimed


def empty_state(
    account_limit: int = 1000,
    scale_burst: float = 1000.0,
    scale_rate: float = 100.0,
    max_age: float = math.inf,
) -> State:
    """A state of Python lists with no function in it."""
    counts = [0] * _COUNTS
    counts[SHARED_LIMIT] = account_limit
    counts[FREE_TOP] = counts[ENDED_TOP] = -1
    figures = [0.0] * _FIGURES
    figures[ACCOUNT_RATE] = figures[ACCOUNT_TOKENS] = REQUESTS_PER_CONCURRENCY * account_limit
    figures[ACCOUNT_TOKENS_AT] = LONG_AGO
    figures[SCALE_BURST] = scale_burst
    figures[SCALE_RATE] = scale_rate
    figures[MAX_AGE] = max_age
    columns: list[list[int]] = [[] for _ in range(len(State._fields) - 2)]
    return State(counts, figures, *columns)  # type: ignore[arg-type]


def make_room(s: State) -> None:
    """Double the columns of a state of lists, unless there is a free slot."""
    if has_slot(s):
        return
    more = max(16, len(s.e_pool))
    for column in (s.e_pool, s.e_state, s.e_provisioned, s.e_below, s.e_serial, s.e_uses):
        column.extend([0] * more)
    s.e_born.extend([0.0] * more)
    s.e_expires.extend([0.0] * more)
