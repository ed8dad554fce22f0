"""Which JavaScript engine runs CloudFront Functions: a call, a start, and what each can stop.

Times are ratios to the engine that lambda_nb uses (quickjs-ng); its own are in microseconds. The
other engines are not needed by lambda_nb: those that are not installed are left out. quickjs and
quickjs-ng are modules of one name: each engine runs in a process of its own, by turns, and can be
given another Python:

    python benchmarks/js_engines.py [--calls 2000] [--quickjs /path/to/python-with-quickjs]
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

ENGINES = ("quickjs-ng", "quickjs", "mini-racer", "dukpy", "pythonmonkey")

FUNCTION = """
function handler(event) {
    var request = event.request;
    if (request.uri.endsWith('/')) { request.uri += 'index.html'; }
    request.headers['x-added'] = {value: 'yes'};
    return request;
}
function call(text) { return JSON.stringify(handler(JSON.parse(text))); }
"""
MODERN = "async () => { const a = {b: null}; return `${a?.b ?? 1}` + 'x'.replaceAll('x', 'y'); }"
EVENT = json.dumps(
    {
        "request": {
            "method": "GET",
            "uri": "/blog/",
            "querystring": {},
            "headers": {f"header-{i}": {"value": "x" * 40} for i in range(12)},
            "cookies": {},
        }
    }
)

Call = Callable[[str], str]
Evaluate = Callable[[str], object]


def quickjs() -> tuple[Evaluate, Call]:
    """Of the package quickjs, or of quickjs-ng, which has the same name."""
    context: Any = importlib.import_module("quickjs").Context()
    context.eval(FUNCTION)
    return context.eval, context.get("call")


def quickjs_limited() -> Evaluate:
    """A context with limits of 20 ms of CPU and 2 MB."""
    context: Any = importlib.import_module("quickjs").Context()
    context.set_time_limit(0.02)
    context.set_memory_limit(context.memory()["malloc_size"] + (2 << 20))
    evaluate: Evaluate = context.eval
    return evaluate


def mini_racer() -> tuple[Evaluate, Call]:
    """V8."""
    context: Any = importlib.import_module("py_mini_racer").MiniRacer()
    context.eval(FUNCTION)
    return context.eval, lambda event: str(context.eval(f"call({json.dumps(event)})"))


def mini_racer_limited() -> Evaluate:
    """V8's limits: its heap has no limit below some megabytes."""
    context: Any = importlib.import_module("py_mini_racer").MiniRacer()
    context.set_hard_memory_limit(2 << 20)
    return lambda code: context.eval(code, timeout_sec=0.02)


def dukpy() -> tuple[Evaluate, Call]:
    """Duktape."""
    interpreter: Any = importlib.import_module("dukpy").JSInterpreter()
    interpreter.evaljs(FUNCTION.replace("request.uri.endsWith('/')", "/\\/$/.test(request.uri)"))
    return interpreter.evaljs, lambda event: str(interpreter.evaljs("call(dukpy.e)", e=event))


def pythonmonkey() -> tuple[Evaluate, Call]:
    """SpiderMonkey: one for the process, without limits."""
    evaluate: Any = importlib.import_module("pythonmonkey").eval
    evaluate(FUNCTION)
    return evaluate, evaluate("call")


MAKE = {
    "quickjs-ng": quickjs,
    "quickjs": quickjs,
    "mini-racer": mini_racer,
    "dukpy": dukpy,
    "pythonmonkey": pythonmonkey,
}
LIMITED = {
    "quickjs-ng": quickjs_limited,
    "quickjs": quickjs_limited,
    "mini-racer": mini_racer_limited,
}


def stops(name: str, code: str) -> bool:
    """Whether an engine breaks code off within half a second, by an error."""
    if name not in LIMITED:
        return False
    evaluate = LIMITED[name]()
    began = time.perf_counter()
    try:
        evaluate(code)
    except Exception:  # each engine has an error of its own
        return time.perf_counter() - began < 0.5
    return False


def understands(evaluate: Evaluate, code: str) -> bool:
    """Whether an engine can parse code."""
    try:
        evaluate(f"({code})")
    except Exception:  # each engine has an error of its own
        return False
    return True


def microseconds(call: Callable[[], object], times: int) -> float:
    """The least time of one call, of five rounds."""
    call()
    rounds = []
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(times):
            call()
        rounds.append((time.perf_counter() - began) / times * 1e6)
    return min(rounds)


def measure(name: str, calls: int) -> None:
    """Print one engine's figures, in JSON."""
    try:
        version(name)
        began = time.perf_counter()
        evaluate, call = MAKE[name]()
    except (PackageNotFoundError, ImportError) as error:
        print(json.dumps({"missing": str(error)}))
        return
    loaded = (time.perf_counter() - began) * 1e6
    modern = understands(evaluate, MODERN)
    assert json.loads(call(EVENT))["uri"] == "/blog/index.html"
    print(
        json.dumps(
            {
                "version": version(name),
                "call": microseconds(lambda: call(EVENT), calls),
                "start": microseconds(MAKE[name], max(5, calls // 200)),
                "load": loaded,
                "modern": modern,
                "time": stops(name, "while (true) {}"),
                "memory": stops(name, "var a = []; for (;;) a.push('x'.repeat(1000) + a.length)"),
            }
        ),
        flush=True,
    )


def figures(name: str, calls: int, python: str) -> dict[str, Any]:
    """What a process of its own measured."""
    command = [python, __file__, "--engine", name, "--calls", str(calls)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    found: dict[str, Any] = json.loads(lines[-1]) if lines else {"missing": "it crashed"}
    return found


def best(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The least times of some runs of one engine."""
    least = {
        key: min(run[key] for run in runs) for key in ("call", "start", "load") if key in runs[0]
    }
    return {**runs[0], **least}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--engine", choices=ENGINES, help=argparse.SUPPRESS)
    for name in ENGINES:
        parser.add_argument(f"--{name}", default=sys.executable, metavar="PYTHON")
    options = parser.parse_args()
    if options.engine:
        measure(options.engine, options.calls)
        return
    pythons = {name: getattr(options, name.replace("-", "_")) for name in ENGINES}
    turns = [
        {name: figures(name, options.calls, pythons[name]) for name in ENGINES} for _ in range(3)
    ]
    found = {name: best([turn[name] for turn in turns]) for name in ENGINES}
    ours = found["quickjs-ng"]
    if "missing" in ours:
        parser.error(f"quickjs-ng does not run: {ours['missing']}")
    print(f"quickjs-ng: {ours['call']:.1f} us a call, {ours['start']:.0f} us a context\n")
    print(f"{'engine':<14}{'version':>10}{'call':>8}{'context':>9}{'loading':>9}", end="")
    print(f"{'ES2021':>8}{'stops loops':>13}{'2 MB':>6}")
    for name, own in found.items():
        if "missing" in own:
            print(f"{name:<14}  {own['missing']}")
            continue
        print(f"{name:<14}{own['version']:>10}", end="")
        print(
            "".join(
                f"{own[k] / ours[k]:>{w}.1f}x" for k, w in (("call", 7), ("start", 8), ("load", 8))
            ),
            end="",
        )
        print(
            "".join(
                f"{'yes' if own[k] else 'no':>{w}}"
                for k, w in (("modern", 8), ("time", 13), ("memory", 6))
            )
        )


if __name__ == "__main__":
    main()
