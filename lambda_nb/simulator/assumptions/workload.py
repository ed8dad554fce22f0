"""The input of the simulator's engines: a trace as flat arrays of what each request needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lambda_nb.rules import quotas
from lambda_nb.rules.scheduling import fleet
from lambda_nb.simulator.assumptions.constant_columns import constant, is_constant, taken
from lambda_nb.simulator.assumptions.scaling import Scaling, factors
from lambda_nb.traces import Trace
from lambda_nb.traces.generators import laws

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Codes = npt.NDArray[np.int8]

UNKNOWN = -1
"""In :attr:`Workload.was`: it is not recorded how the request was served."""

DEFAULT_MEMORY_MB = 128
"""Lambda's default, for functions whose memory is not recorded."""

SUCCESS, ERROR, TIMEOUT = 0, 1, 2
"""How a handler ended (:attr:`Workload.status`)."""

_WORDS = {"warm": fleet.WARM, "cold": fleet.COLD, "provisioned": fleet.PROVISIONED}


@dataclass(frozen=True, slots=True)
class Workload:
    """Requests in order of arrival, all times in seconds.

    Columns may be read-only: constant ones come from :func:`columns.constant`.

    Attributes
    ----------
    functions
        Names; ``function`` holds indices into them.
    arrival, function
        When each request arrives, and for which function (int32).
    busy
        How long its environment is busy with it, without init.
    init
        How much longer if it starts cold.
    duration
        The billed part of ``busy``: the handler's time.
    finish, was
        Of a recorded run: when the environment was free again (NaN if unknown), and the decision
        on the request (a code of ``rules.fleet``, or ``UNKNOWN``). If the simulation makes the same
        decision, it repeats the finish exactly.
    memory
        MB of each request's function.
    status
        How the handler ends: ``SUCCESS``, ``ERROR`` or ``TIMEOUT`` (int8).
    timeout
        Seconds after which a handler is stopped, one per function (inf: not given).
    """

    functions: list[str]
    arrival: Floats
    function: Ints
    busy: Floats
    init: Floats
    duration: Floats
    finish: Floats
    was: Codes
    memory: Ints
    status: Codes
    timeout: Floats

    def __len__(self) -> int:
        return len(self.arrival)


class WorkloadError(ValueError):
    """The trace cannot be simulated as asked; the message says what is missing and what to give."""

    def _render_traceback_(self) -> list[str]:
        """IPython prints this instead of a traceback through the simulator."""
        return [f"{type(self).__name__}: {self}"]


class NotCompiledError(WorkloadError):
    """The compiled engine was asked for something that only the SimPy engine can do."""


def workload(
    trace: Trace,
    *,
    init: Any,
    duration: Any,
    timeout: float | Mapping[str, float] | None,
    rng: np.random.Generator,
) -> Workload:
    """Make a workload from a trace.

    Parameters
    ----------
    trace
        What was invoked when.
    init, duration
        Seconds, laws (a callable ``law(rng, n)``), or these by function; by default the
        trace's own.
    timeout
        Seconds after which an invocation ends; for all functions or by name.
    rng
        Draws from laws.

    Raises
    ------
    WorkloadError
        When something that is needed is neither in the trace nor given.
    """
    functions = trace.functions
    codes = constant(0, len(trace), np.int32) if len(functions) == 1 else trace.codes
    unknown = constant(np.nan, len(trace))
    arrival = trace.numbers("arrival")
    measured, started, finish = (
        trace.numbers(name) if name in trace else unknown for name in ("duration", "init", "finish")
    )
    was = _recorded(trace)
    if duration is not None:
        measured = _given(duration, "duration", functions, codes, rng, measured)
        finish = unknown
    measured = _filled(measured, codes, functions, "duration")
    if init is not None:
        law = _given(init, "init", functions, codes, rng, unknown)
        started = law if started is unknown else np.where(np.isnan(law), started, law)
        if finish is not unknown:
            finish = np.where(was == fleet.COLD, np.nan, finish)
    inits = _inits(started, codes, len(functions))
    busy = measured
    if finish is not unknown:
        done = ~np.isnan(finish)
        busy = np.where(done, finish - arrival, measured)
        busy = np.where((was == fleet.COLD) & done, np.maximum(busy - inits, 0.0), busy)
    status = _statuses(trace)
    stops = np.full(len(functions), np.inf)
    if timeout is not None:
        stops = _by_function(timeout, "timeout", functions, np.inf)
        limits = taken(stops, codes)
        over = measured > limits
        measured, busy = np.minimum(measured, limits), np.where(over, limits, busy)
        if finish is not unknown:
            finish = np.where(over, np.nan, finish)
        status = np.where(over, np.int8(TIMEOUT), status)
    return Workload(
        functions=functions,
        arrival=arrival,
        function=codes,
        busy=busy,
        init=inits,
        duration=measured,
        finish=finish,
        was=was,
        memory=_memory(trace),
        status=status,
        timeout=stops,
    )


def with_functions(load: Workload, names: Sequence[str]) -> Workload:
    """The same requests, with more functions that have no rows in the trace."""
    more = [name for name in dict.fromkeys(names) if name not in load.functions]
    if not more:
        return load
    timeout = np.append(load.timeout, np.full(len(more), np.inf))
    return replace(load, functions=[*load.functions, *more], timeout=timeout)


def _statuses(trace: Trace) -> Codes:
    return _coded(trace, "status", {"error": ERROR, "timeout": TIMEOUT}, SUCCESS)


def _recorded(trace: Trace) -> Codes:
    return _coded(trace, "start", _WORDS, UNKNOWN)


def _coded(trace: Trace, column: str, codes: Mapping[str, int], otherwise: int) -> Codes:
    """A code for each row's word."""
    if column not in trace:
        return np.asarray(constant(otherwise, len(trace), np.int8))
    words = trace.table.column(column).to_pandas()
    coded = np.full(len(trace), otherwise, dtype=np.int8)
    for word, code in codes.items():
        coded[(words == word).to_numpy()] = code
    return coded


def _filled(values: Floats, codes: Ints, functions: list[str], name: str) -> Floats:
    """Unknown values (those of throttled requests) become the median of their function."""
    if not np.isnan(np.min(values, initial=np.inf)):
        return values
    missing = np.isnan(values)
    filled: Floats = values.copy()
    for code in np.unique(codes[missing]):
        of_function = values[codes == code]
        known = of_function[~np.isnan(of_function)]
        if not len(known):
            raise WorkloadError(
                f"no invocation of {functions[code]!r} has a {name}: give "
                f"{name}=seconds, or {name}={{{functions[code]!r}: seconds}}"
            )
        filled[missing & (codes == code)] = np.median(known)
    return filled


def _inits(init: Floats, codes: Ints, count: int) -> Floats:
    """The init phase of each request: its own, else its function's median, else the overall one."""
    if is_constant(init):
        return np.asarray(constant(np.nan_to_num(init[0]) if len(init) else 0.0, len(init)))
    known = ~np.isnan(init)
    if known.all():
        return init
    if not known.any():
        return np.asarray(constant(0.0, len(init)))
    overall = float(np.median(init[known]))
    medians = np.full(count, overall)
    for code in np.unique(codes[known]):
        medians[code] = np.median(init[known & (codes == code)])
    filled: Floats = np.where(known, init, medians[codes])
    return filled


def _by_function(
    given: float | Mapping[str, float], name: str, functions: list[str], otherwise: float
) -> Floats:
    if not isinstance(given, Mapping):
        given = dict.fromkeys(functions, given)
    unknown = [key for key in given if key not in functions]
    if unknown:
        raise WorkloadError(
            f"{name} names {unknown[0]!r}, which is not in the trace; it has "
            f"{', '.join(functions[:8])}{', ...' if len(functions) > 8 else ''}"
        )
    for function, value in given.items():
        if not value >= 0:
            raise WorkloadError(f"{name} of {function!r} is {value!r}: it must be 0 or more")
    return np.array([float(given.get(f, otherwise)) for f in functions])


def _given(
    given: Any,
    name: str,
    functions: list[str],
    codes: Ints,
    rng: np.random.Generator,
    otherwise: Floats,
) -> Floats:
    """Seconds of each request from a number, a law, or either by function."""
    said = given.values() if isinstance(given, Mapping) else [given]
    if any(value == np.inf for value in said if isinstance(value, (int, float))):
        raise WorkloadError(f"{name} is infinite; give a finite number of seconds")
    if callable(given):
        return laws.draw(given, rng, len(codes))
    if not isinstance(given, Mapping):
        each: Floats = taken(_by_function(given, name, functions, np.nan), codes)
        return each
    values: Floats = otherwise.copy()
    constants = {key: law for key, law in given.items() if not callable(law)}
    _by_function(dict.fromkeys(given, 0.0), name, functions, 0.0)
    for key, law in given.items():
        rows = codes == functions.index(key)
        if key in constants:
            values[rows] = _by_function({key: law}, name, functions, 0.0)[functions.index(key)]
        else:
            values[rows] = laws.draw(law, rng, int(rows.sum()))
    return values


def _memory(trace: Trace) -> Ints:
    column = trace.table.column("memory")
    if column.null_count == len(column):
        return np.asarray(constant(DEFAULT_MEMORY_MB, len(trace), np.int32))
    if column.null_count:
        column = column.fill_null(DEFAULT_MEMORY_MB)
    return np.asarray(column.to_numpy(), dtype=np.int32)


def with_memory(
    load: Workload, memory: int | Mapping[str, int] | None, scaling: Scaling | None = None
) -> Workload:
    """The same requests with another memory: MB, for all functions or by name.

    ``scaling`` says how durations change with it (:mod:`lambda_nb.simulator.assumptions.scaling`).
    Durations cut short by a timeout are not known beyond it.

    Raises
    ------
    WorkloadError
        When Lambda does not allow that memory, or scaling makes no sense.
    """
    if memory is None:
        return load
    by_function = _by_function(memory, "memory", load.functions, np.nan)
    least, most = quotas.MEMORY_MIN_MB.value, quotas.MEMORY_MAX_MB.value
    outside = (by_function < least) | (by_function > most)
    if outside.any():
        place = int(np.argmax(outside))
        raise WorkloadError(
            f"memory of {load.functions[place]!r} is {by_function[place]:g} MB: Lambda has "
            f"{least} to {most} MB"
        )
    if not np.isnan(by_function).any():
        chosen = taken(by_function.astype(np.int32), load.function)
    else:
        asked = by_function[load.function]
        chosen = np.where(np.isnan(asked), load.memory, asked).astype(np.int32)
    if scaling is None:
        return replace(load, memory=chosen)
    try:
        factor = factors(scaling, load.functions, load.function, load.memory, chosen)
    except ValueError as error:
        raise WorkloadError(str(error)) from None
    duration = load.duration * factor
    # What an environment is busy with beyond the handler's time does not depend on the CPU share.
    busy = duration
    if load.busy is not load.duration:
        busy = load.busy + (duration - load.duration)
    status, finish = load.status, load.finish
    if np.isfinite(load.timeout).any():
        limits = taken(load.timeout, load.function)
        over = duration > limits
        duration, busy = np.where(over, limits, duration), np.where(over, limits, busy)
        status = np.where(over, np.int8(TIMEOUT), status)
    if not is_constant(finish):
        finish = np.where(factor == 1.0, finish, np.nan)
    return replace(load, memory=chosen, duration=duration, busy=busy, finish=finish, status=status)


def finishes(load: Workload, code: Codes) -> Floats:
    """When each request's environment is free again, given the decisions (NaN: throttled)."""
    cold = np.flatnonzero(code == fleet.COLD)
    finish: Floats = load.arrival + load.busy
    finish[cold] = load.arrival[cold] + (load.busy[cold] + load.init[cold])
    if not is_constant(load.was):
        again = np.flatnonzero((code == load.was) & ~np.isnan(load.finish))
        finish[again] = load.finish[again]
    finish[code >= fleet.THROTTLE_ACCOUNT] = np.nan
    return finish
