"""How fast traces are replayed: ours, SimFaaS, SimPy as usually written, a hand-written C loop.

One function has Poisson arrivals, exponential durations and a keep-alive of 600 s: all four can do
that. Each measurement is a fresh process. It measures CPU seconds and memory above the input.

    python benchmarks/replay.py [--repeat 3] [--most 1e7] [--full]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

RATE, SERVICE, INIT, KEEP_ALIVE, CAP = 17.0, 2.0, 0.25, 600.0, 1000
"""Requests/s, s, s, s, environments: 34 requests in flight on average."""

TOOLS = ("compiled", "kernel", "C -O3", "simpy", "plain SimPy", "SimFaaS")
LARGEST = {"simpy": 1_000_000, "plain SimPy": 100_000, "SimFaaS": 100_000}
"""The most invocations for a slow tool: more would take minutes, or all the memory."""


def main() -> None:
    """Print a table for each size, ratios, and growth."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--most", type=float, default=1e7, help="invocations (default 1e7)")
    parser.add_argument("--full", action="store_true", help="up to 3e7 invocations")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(measure(options.child[0], int(options.child[1]))))
        return
    from support import peers

    most = 30_000_000 if options.full else int(options.most)
    print(
        f"One function, {RATE:g}/s x {SERVICE:g} s, keep-alive {KEEP_ALIVE:g} s ({peers.machine()})"
    )
    print(f"Medians of {options.repeat}; 'kernel' is 'compiled' without checks and result.\n")
    print(f"{'tool':<13}{'invocations':>13}{'CPU s':>9}{'per s':>13}{'MB/million':>12}{'cold':>8}")
    child("compiled", 1000)  # compiles, once a machine
    rate: dict[tuple[str, int], float] = {}
    for count in (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000, 30_000_000):
        if count > most:
            break
        runs: dict[str, list[dict[str, float]]] = {}
        for _ in range(options.repeat):  # alternate, so that a slow phase hits all tools
            for tool in TOOLS:
                if count <= LARGEST.get(tool, count):
                    runs.setdefault(tool, []).append(child(tool, count))
        for tool, rows in runs.items():
            seconds = statistics.median(row["seconds"] for row in rows)
            served = statistics.median(row["invocations"] for row in rows)
            memory = statistics.median(row["memory_mb"] for row in rows) / served * 1e6
            rate[tool, count] = served / seconds
            print(
                f"{tool:<13}{served:>13,.0f}{seconds:>9.3f}{served / seconds:>13,.0f}"
                f"{memory:>12.1f}{rows[0]['cold']:>8.0f}",
                flush=True,
            )
        print()
    report(rate)


def report(rate: dict[tuple[str, int], float]) -> None:
    """Print ratios of speeds at the largest size of both tools, and growth with size."""
    sizes = sorted({count for _, count in rate})
    pairs = [
        ("kernel", "C -O3"),
        ("kernel", "SimFaaS"),
        ("compiled", "SimFaaS"),
        ("simpy", "SimFaaS"),
        ("simpy", "plain SimPy"),
    ]
    for one, other in pairs:
        both = [count for count in sizes if (one, count) in rate and (other, count) in rate]
        if both:
            ratio = rate[one, both[-1]] / rate[other, both[-1]]
            print(f"{one} / {other}: {ratio:.3g}x (at {both[-1]:,})")
    # SimFaaS gets no faster with size, so its speed at its largest size counts.
    largest = max(count for tool, count in rate if tool == "SimFaaS")
    for one in ("kernel", "compiled"):
        ratio = rate[one, sizes[-1]] / rate["SimFaaS", largest]
        print(f"{one} at {sizes[-1]:,} / SimFaaS at {largest:,}: {ratio:.3g}x")
    for tool in ("compiled", "kernel", "C -O3"):
        each = ", ".join(f"{1e9 / rate[tool, count]:.0f}" for count in sizes)
        print(f"{tool}, ns an invocation as the trace grows: {each}")


def child(tool: str, count: int) -> dict[str, float]:
    """Measure in a process of its own."""
    python = _simfaas_python() if tool == "SimFaaS" else Path(sys.executable)
    command = [str(python), __file__, "--child", tool, str(count)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def measure(tool: str, count: int) -> dict[str, float]:
    """CPU seconds, memory above the input (MB) and cold starts of one tool, in this process."""
    if tool == "SimFaaS":
        return simfaas(count)
    import numpy as np

    rng = np.random.default_rng(1)
    arrival = rng.exponential(1 / RATE, count).cumsum()
    busy = rng.exponential(SERVICE, count)
    run: Any = {
        "compiled": ours, "simpy": ours, "kernel": kernel, "C -O3": c_loop, "plain SimPy": plain,
    }[tool]  # fmt: skip
    seconds, memory, cold = run(tool, arrival, busy)
    return {"seconds": seconds, "memory_mb": memory, "cold": cold, "invocations": count}


class Meter:
    """Measures CPU seconds and growth of peak resident memory (MB) while the block runs."""

    def __enter__(self) -> Meter:
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
        self._before = _status("VmRSS")
        self._began = time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.process_time() - self._began
        self.memory = _status("VmHWM") - self._before


def _status(field: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"/proc/self/status has no {field}")


def ours(engine: str, arrival: Any, busy: Any) -> tuple[float, float, float]:
    """``simulate``, from trace to result, as a user calls it."""
    import numpy as np
    import pyarrow as pa

    from lambda_nb.simulator import simulate
    from lambda_nb.traces import Trace

    names = pa.DictionaryArray.from_arrays(np.zeros(len(arrival), dtype=np.int32), ["f"])
    trace = Trace(pa.table({"arrival": arrival, "function": names, "duration": busy}))
    settings: Any = {
        "init": INIT, "keep_alive": KEEP_ALIVE, "account_limit": CAP, "engine": engine,
    }  # fmt: skip
    warm_up = trace.between(0.0, float(arrival[min(500, len(arrival) - 1)]))
    simulate(warm_up, **settings)
    with Meter() as meter:
        result = simulate(trace, **settings)
    return meter.seconds, meter.memory, float((result.invocations["start"] == "cold").sum())


def kernel(_: str, arrival: Any, busy: Any) -> tuple[float, float, float]:
    """The compiled engine alone: it takes arrays and returns arrays."""
    from lambda_nb.rules.scheduling import fleet
    from lambda_nb.simulator.assumptions import scenario
    from lambda_nb.simulator.replay import compiled

    load = _workload(arrival, busy)
    few = _workload(arrival[:500], busy[:500])
    assumed = scenario.scenario(
        load, keep_alive=KEEP_ALIVE, provisioned=None, reserved=None, account_limit=CAP,
        scale_burst=1000.0, scale_rate=100.0, max_age=float("inf"),
    )  # fmt: skip
    compiled.simulate(few, assumed, None)
    with Meter() as meter:
        run = compiled.simulate(load, assumed, None)
    return meter.seconds, meter.memory, float((run.code == fleet.COLD).sum())


def _workload(arrival: Any, busy: Any) -> Any:
    import numpy as np

    from lambda_nb.simulator.assumptions.constant_columns import constant
    from lambda_nb.simulator.assumptions.workload import UNKNOWN, Workload

    count = len(arrival)
    return Workload(
        functions=["f"],
        arrival=arrival,
        function=constant(0, count, np.int32),
        busy=busy,
        init=constant(INIT, count),
        duration=busy,
        finish=constant(np.nan, count),
        was=constant(UNKNOWN, count, np.int8),
        memory=constant(128, count, np.int32),
        status=constant(0, count, np.int8),
        timeout=np.full(1, np.inf),
    )


def c_loop(_: str, arrival: Any, busy: Any) -> tuple[float, float, float]:
    """``support/replay.c``, compiled with ``cc -O3``."""
    import ctypes

    import numpy as np

    library = ROOT / ".benchmarks" / "replay.so"
    source = Path(__file__).parent / "support" / "replay.c"
    if not library.exists() or library.stat().st_mtime < source.stat().st_mtime:
        library.parent.mkdir(exist_ok=True)
        options = ["-O3", "-march=native", "-shared", "-fPIC"]
        compiler = os.environ.get("CC", "cc")
        subprocess.run([compiler, *options, "-o", str(library), str(source)], check=True)
    replay = ctypes.CDLL(str(library)).replay
    replay.restype = ctypes.c_int64
    count = len(arrival)

    def column(array: Any) -> Any:
        return ctypes.c_void_p(array.ctypes.data)

    with Meter() as meter:
        code, environment = np.zeros(count, np.int8), np.full(count, -1, np.int32)
        cold = replay(
            ctypes.c_int64(count), column(arrival), column(busy), ctypes.c_double(INIT),
            ctypes.c_double(KEEP_ALIVE), ctypes.c_int64(CAP), column(code), column(environment),
        )  # fmt: skip
    return meter.seconds, meter.memory, float(cold)


def plain(_: str, arrival: Any, busy: Any) -> tuple[float, float, float]:
    """SimPy in its usual style: one process per invocation, one per idle period."""
    import simpy

    times, lengths = arrival.tolist(), busy.tolist()
    with Meter() as meter:
        env = simpy.Environment()
        idle: list[list[float]] = []
        running = cold = 0

        def expire(environment: list[float], period: float) -> Any:
            yield env.timeout(KEEP_ALIVE)
            if environment[0] == period and environment in idle:
                idle.remove(environment)

        def invocation(seconds: float) -> Any:
            nonlocal running, cold
            if running >= CAP:
                return
            running += 1
            if idle:
                environment = idle.pop()
            else:
                environment = [0.0, float(cold)]
                cold += 1
                yield env.timeout(INIT)
            yield env.timeout(seconds)
            running -= 1
            environment[0] += 1
            idle.append(environment)
            env.process(expire(environment, environment[0]))

        def source() -> Any:
            for when, seconds in zip(times, lengths, strict=True):
                yield env.timeout(when - env.now)
                env.process(invocation(seconds))

        env.process(source())
        env.run()
    return meter.seconds, meter.memory, float(cold)


def simfaas(count: int) -> dict[str, float]:
    """SimFaaS at the same rates; it draws its own arrivals, so the count is only similar."""
    from simfaas.ServerlessSimulator import ServerlessSimulator

    simulator = ServerlessSimulator(
        arrival_rate=RATE, warm_service_rate=1 / SERVICE, cold_service_rate=1 / (SERVICE + INIT),
        expiration_threshold=KEEP_ALIVE, max_time=count / RATE,
    )  # fmt: skip
    with Meter() as meter:
        simulator.generate_trace(debug_print=False, progress=False)
    return {
        "seconds": meter.seconds, "memory_mb": meter.memory,
        "cold": simulator.total_cold_count, "invocations": simulator.total_req_count,
    }  # fmt: skip


def _simfaas_python() -> Path:
    """The interpreter of a virtual environment that has SimFaaS, kept in ``.benchmarks/``."""
    from support import peers

    return peers.python_with("simfaas", "setuptools")


if __name__ == "__main__":
    main()
