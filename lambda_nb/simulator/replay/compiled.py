"""The compiled replay: the rule functions of ``rules.fleet``, unchanged, compiled by numba.

This is not a second copy of the rules. Numba's ``overload`` compiles the same functions that the
engine and the SimPy model call; only the driver below (a heap of completions merged with the
arrivals) is new. State is the same :class:`~lambda_nb.rules.scheduling.fleet.State`, with NumPy
arrays instead of lists.

``_nrt=False``: the kernel allocates nothing, so numba need not count references to the columns.
Counting costs ninety times the rules themselves (measured: 1.2 against 107 million decisions a
second). Arrays grow in Python; then the kernel continues where it stopped.
"""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from lambda_nb.rules.scheduling import fleet as rules
from lambda_nb.simulator.assumptions.constant_columns import constant, is_constant, read_only
from lambda_nb.simulator.assumptions.scenario import Scenario
from lambda_nb.simulator.assumptions.workload import Floats, Workload
from lambda_nb.simulator.replay.run import Run

Progress = Callable[[int], None]
CHUNK = 1 << 19
"""Requests between reports of progress."""

_ROW, _SLOT = 32, (1 << 32) - 1
"""A completion is one number: row in the high bits, slot in the low. Ties are ordered by row."""


def _later(when: Any, what: Any, child: int) -> int:
    """1 if the right one of two siblings comes first; elements past the end hold infinity."""
    left, right = when[child], when[child + 1]
    # Without a branch: the CPU could not predict it.
    first: int = (right < left) | ((right == left) & (what[child + 1] < what[child]))
    return first


_COMPILED = (
    _later,
    rules.refill,
    rules.idle_until,
    rules.has_slot,
    rules.start_environment,
    rules.end_environment,
    rules.pop_ended,
    rules.arrive,
    rules.release,
    rules.rest,
    rules.finish,
)


def covers(scenario: Scenario, load: Workload, u: Floats | None) -> bool:
    """Whether this engine can run the scenario: the policy must not need the clock."""
    return scenario.idle_limits(load, u) is not None


@lru_cache(maxsize=1)
def _kernel() -> Any:
    import numba
    from numba.extending import overload

    options: Any = {"_nrt": False}
    njit: Any = numba.njit(cache=True, **options)
    for function in _COMPILED:
        # Bound late: numba asks for the implementation when it meets a call.
        overload(function, strict=False, jit_options=options)(_always(function))

    # Numba's disk cache checks this file only. The kernel closes over the digest of the rules, so a
    # change of the rules makes another kernel too.
    digest = hashlib.sha256(inspect.getsource(rules).encode()).hexdigest()
    arrive, finish, pop_ended = rules.arrive, rules.finish, rules.pop_ended
    cold, full, serials = rules.COLD, rules.FULL, rules.SERIALS

    @njit  # type: ignore[untyped-decorator]
    def kernel(
        state: Any,
        first: int,
        last: int,
        heap: Any,
        when: Any,
        what: Any,
        arrival: Any,
        pool: Any,
        busy: Any,
        init: Any,
        known: Any,
        was: Any,
        limits: Any,
        steps: Any,
        code_of: Any,
        environment_of: Any,
        ended: Any,
    ) -> int:
        _ = digest
        # Completions are in a heap. When one is over, the root stays hollow until another fills
        # it, mostly that of the next request.
        size, hollow = heap
        # A constant column has one element; its step from row to row is 0.
        of_pool, of_busy, of_init, of_known, of_was, of_limit = steps
        total = len(arrival)
        i = first
        while True:
            if last <= i < total:
                heap[0], heap[1] = size, hollow
                return i
            now = arrival[i] if i < total else np.inf
            while size > hollow:
                if hollow:
                    # The root is hollow: one of its two children comes next.
                    if when[1] > now and when[2] > now:
                        break
                    size -= 1
                    t, w = when[size], what[size]
                    when[size] = np.inf
                    # The hole sinks from the root to the bottom, then the last element rises from
                    # there. It belongs near the bottom, so no step down need compare with it.
                    hole = 0
                    child = 1
                    while child < size:
                        child += _later(when, what, child)
                        when[hole], what[hole] = when[child], what[child]
                        hole = child
                        child = 2 * hole + 1
                    while hole > 0:
                        parent = (hole - 1) >> 1
                        if when[parent] > t or (when[parent] == t and what[parent] > w):
                            when[hole], what[hole] = when[parent], what[parent]
                            hole = parent
                        else:
                            break
                    when[hole], what[hole] = t, w
                elif when[0] > now:
                    break
                hollow = 1
                which = what[0]
                finish(state, when[0], which & _SLOT, limits[(which >> _ROW) * of_limit])
            if i >= total:
                heap[0], heap[1] = size, hollow
                return i
            # Without room for one more environment and completion, return to Python.
            if size + 2 >= len(when) or state.counts[serials] >= len(ended):
                heap[0], heap[1] = size, hollow
                return i
            gone = pop_ended(state)
            while gone >= 0:
                ended[state.e_serial[gone]] = state.e_expires[gone]
                gone = pop_ended(state)
            code, slot = arrive(state, now, pool[i * of_pool])
            if code == full:
                heap[0], heap[1] = size, hollow
                return i
            code_of[i] = code
            if slot >= 0:
                environment_of[i] = state.e_serial[slot]
                same = known[i * of_known]
                if code == was[i * of_was] and same == same:
                    end = same
                elif code == cold:
                    end = now + (busy[i * of_busy] + init[i * of_init])
                else:
                    end = now + busy[i * of_busy]
                # At the same time, earlier rows come first: those already in the heap.
                if hollow:
                    hollow = 0
                    hole = 0
                    child = 1 + _later(when, what, 1)
                    while when[child] <= end:
                        when[hole], what[hole] = when[child], what[child]
                        hole = child
                        child = 2 * hole + 1
                        if child >= size:
                            break
                        child += _later(when, what, child)
                else:
                    hole = size
                    size += 1
                    while hole > 0:
                        parent = (hole - 1) >> 1
                        if when[parent] <= end:
                            break
                        when[hole], what[hole] = when[parent], what[parent]
                        hole = parent
                when[hole], what[hole] = end, i << _ROW | slot
            i += 1

    return kernel


def _always(function: Any) -> Callable[..., Any]:
    return lambda *_: function


def ready() -> bool:
    """Whether the kernel is compiled in this process."""
    return _kernel.cache_info().currsize > 0 and bool(_kernel().signatures)


def on_disk() -> bool:
    """Whether numba's disk cache has a kernel of this file: then the first use is quick."""
    folder = Path(_kernel().stats.cache_path)
    return any(folder.glob(f"{Path(__file__).stem}._kernel*.nbi"))


_COMPILING = "Compiling the simulator's kernel: once, a few seconds ..."


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Show why the first run takes longer, for as long as the kernel compiles."""
    if ready() or on_disk():
        yield
        return
    ipython: Any = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    if shell is not None and hasattr(shell, "kernel"):
        shown = ipython.display.display({"text/plain": _COMPILING}, raw=True, display_id=True)
        try:
            yield
        finally:
            shown.update({"text/plain": ""}, raw=True)
        return
    terminal = sys.stderr.isatty()
    print(_COMPILING, end="" if terminal else "\n", file=sys.stderr, flush=True)  # noqa: T201
    try:
        yield
    finally:
        if terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)  # noqa: T201


def _columns(state: rules.State) -> rules.State:
    """The same state with arrays for columns."""
    kinds = rules.State.__annotations__
    columns: Any = (
        np.array(column, dtype=np.float64 if "Float" in str(kinds[name]) else np.int64)
        for name, column in zip(rules.State._fields, state, strict=True)
    )
    return rules.State(*columns)


def _grown(state: rules.State) -> rules.State:
    """The state with twice the room for environments."""
    more = max(64, len(state.e_pool))
    arrays: Any = state
    columns: Any = [
        np.concatenate([column, np.zeros(more, dtype=column.dtype)])
        if name.startswith("e_")
        else column
        for name, column in zip(rules.State._fields, arrays, strict=True)
    ]
    return rules.State(*columns)


def _longer(array: Any, fill: float | int) -> Any:
    extra = np.full(max(1024, len(array)), fill, dtype=array.dtype)
    return np.concatenate([array, extra])


def _numbers(environments: int) -> Any:
    """The type for so many environment numbers: mostly two bytes per request are enough."""
    return np.int16 if environments <= np.iinfo(np.int16).max + 1 else np.int32


def simulate(
    load: Workload,
    scenario: Scenario,
    u: Floats | None,
    progress: Progress | None = None,
) -> Run:
    """Run a workload through the compiled rules; arguments as for the reference engine.

    Raises
    ------
    ValueError
        When the policy needs the clock (see :func:`covers`).
    """
    limits = scenario.idle_limits(load, u)
    if limits is None:
        raise ValueError(
            f"the compiled engine cannot ask {type(scenario.policy).__name__} each time; "
            "use engine='simpy'"
        )
    each = constant(limits, len(load)) if isinstance(limits, float) else limits
    columns = (load.function, load.busy, load.init, load.finish, load.was, each)
    steps = tuple(0 if is_constant(column) else 1 for column in columns)
    kernel = _kernel()
    fleet, ahead = scenario.fleet()
    state = _columns(fleet.state)
    n = len(load)
    heap = np.zeros(2, dtype=np.int64)
    when, what = np.full(1024, np.inf), np.zeros(1024, dtype=np.int64)
    code = np.zeros(n, dtype=np.int8)
    ended = np.full(max(1024, 2 * len(ahead)), np.inf)
    environment = np.full(n, -1, dtype=_numbers(len(ended)))
    i = 0
    with explained():
        while True:
            last = min(n, i + CHUNK) if progress is not None else n
            i = kernel(
                state, i, last, heap, when, what, read_only(load.arrival),
                *map(read_only, columns), steps, code, environment, ended,
            )  # fmt: skip
            if progress is not None:
                progress(i)
            if i >= n:
                break
            if heap[0] + 2 >= len(when):
                when, what = _longer(when, np.inf), _longer(what, 0)
            if state.counts[rules.SERIALS] >= len(ended):
                ended = _longer(ended, np.inf)
                environment = environment.astype(_numbers(len(ended)), copy=False)
            if not rules.has_slot(state):
                state = _grown(state)
    _collect(state, ended)
    return Run(
        code=code,
        environment=environment,
        finish=None,
        ended=ended[: int(state.counts[rules.SERIALS])],
        engine="compiled",
        ahead=ahead,
        allocations=scenario.allocations,
    )


def _collect(state: rules.State, ended: Any) -> None:
    """After the last request, record when each idle environment ends."""
    used = int(state.counts[rules.USED_SLOTS])
    states, serials = np.asarray(state.e_state[:used]), np.asarray(state.e_serial[:used])
    expires = np.asarray(state.e_expires[:used])
    over = (states == rules.ENDED) | (states == rules.IDLE)
    ended[serials[over]] = expires[over]
