"""Claim: 500 environments of one function are alive at once on 2 cores and 8 GB.

Each of 500 concurrent handlers waits until a fixed moment. By then all have begun, so that 500
environments are busy at the same time. The handlers' own clocks prove it.

    python benchmarks/environments.py [--environments 500] [--hold 20]
"""

from __future__ import annotations

import argparse
import json
import statistics
import threading
import time

import psutil
from support import load, peers
from throughput import listener

HOLD = """
import time

def handler(event, context):
    began = time.time()
    time.sleep(max(0.0, event["until"] - began))
    return {"stream": context.log_stream_name, "began": began, "ended": time.time()}
"""


def main() -> None:
    """Start the environments, check that all were busy at once, print times and memory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--environments", type=int, default=500)
    parser.add_argument("--hold", type=float, default=20.0, help="seconds to wait for the last")
    options = parser.parse_args()
    count = options.environments

    with peers.lambda_nb() as peer:
        peers.create_echo(peer.client(), "hold", HOLD, memory=128)
        engine = listener(peer.port)
        start = time.time()
        event = json.dumps({"until": start + options.hold}).encode()
        answers = [json.loads(a) for a in all_at_once(peer.port, "hold", event, count)]
        last_began = max(answer["began"] for answer in answers)
        distinct = len({answer["stream"] for answer in answers})
        if distinct != count or last_began > min(answer["ended"] for answer in answers):
            raise SystemExit(
                f"{distinct} environments for {count} requests, the last began "
                f"{last_began - start:.1f} s after the first request: try a longer --hold"
            )
        memory = [proportional_mb(child) for child in engine.children(recursive=True)]
        print(f"{count} environments of one function busy at once ({peers.machine()})\n")
        print(f"first request sent to last handler begun     {last_began - start:8.2f} s")
        print(f"memory of one process, median                {statistics.median(memory):8.1f} MB")
        print(f"memory of all of them                        {sum(memory):8.0f} MB")
        print(f"memory of the engine                         {proportional_mb(engine):8.0f} MB")


def all_at_once(port: int, function: str, event: bytes, count: int) -> list[bytes]:
    """Send ``count`` posts at once and return their answers."""
    connections = [load.Connection(port, peers.invoke_path(function), event) for _ in range(count)]
    answers: list[bytes] = [b""] * count
    errors: list[Exception] = []

    def post(index: int) -> None:
        try:
            answers[index] = connections[index].post()
        except (RuntimeError, OSError) as error:
            errors.append(error)

    threads = [threading.Thread(target=post, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for connection in connections:
        connection.close()
    if errors:
        raise SystemExit(f"{len(errors)} of {count} requests failed, the first with: {errors[0]}")
    return answers


def proportional_mb(process: psutil.Process) -> float:
    """PSS in MB: each shared page is divided among its processes."""
    return float(process.memory_full_info().pss) / 1e6


if __name__ == "__main__":
    main()
