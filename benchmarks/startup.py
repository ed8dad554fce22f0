"""Claim: `import lambda_nb` stays under 0.3 s; `%load_ext` to a first result takes about a second.

python benchmarks/startup.py [--rounds 5]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

from support import peers

FIRST_RESULT = """
from IPython.core.interactiveshell import InteractiveShell
import time
shell = InteractiveShell.instance()
start = time.perf_counter()
shell.run_line_magic("load_ext", "lambda_nb")
shell.run_cell_magic("lambda", "hello", "def handler(event, context):\\n    return 42\\n")
assert shell.user_ns["hello"]({}) == 42
print("FIRST", time.perf_counter() - start)
"""


def main() -> None:
    """Print the median of each start time."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = range(parser.parse_args().rounds)

    bare = statistics.median(timed([sys.executable, "-c", "pass"]) for _ in rounds)
    ours = statistics.median(timed([sys.executable, "-c", "import lambda_nb"]) for _ in rounds)
    first = statistics.median(first_result() for _ in rounds)
    serve = statistics.median(ready() for _ in rounds)
    print(f"Starting up ({peers.machine()})\n")
    print(
        f"import lambda_nb, beyond an empty interpreter  {(ours - bare) * 1e3:8.0f} ms  (aim: 300)"
    )
    print(f"lambda-nb serve: start to ready                {serve * 1e3:8.0f} ms  (aim: 500)")
    print(f"%load_ext to the first function's result       {first * 1e3:8.0f} ms  (aim: 1000)")


def timed(command: list[str]) -> float:
    """Seconds that a command takes."""
    start = time.perf_counter()
    subprocess.run(command, check=True, cwd=Path(__file__).resolve().parents[1])
    return time.perf_counter() - start


def ready() -> float:
    """Seconds until the engine has printed its URL."""
    start = time.perf_counter()
    with peers.lambda_nb():
        return time.perf_counter() - start


def first_result() -> float:
    """Seconds from `%load_ext` to a first function's answer, in a fresh IPython."""
    done = subprocess.run(
        [sys.executable, "-c", FIRST_RESULT], check=True, capture_output=True, text=True
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("FIRST"))
    return float(line.split()[1])


if __name__ == "__main__":
    main()
