"""Claim: 500 environments of one function are alive at once on 2 cores and 8 GB.

Each of 500 concurrent requests is held in its handler until all have started (they meet in a
directory), so that 500 environments are busy at the same moment.

    python benchmarks/environments.py [--environments 500]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import threading
import time
from pathlib import Path

import psutil
from support import load, peers
from throughput import listener

# Waits until as many environments as asked for have left their mark, then answers which it is.
MEET = """
import os, time

def handler(event, context):
    with open(os.path.join(event["folder"], str(os.getpid()) + context.aws_request_id), "w"):
        pass
    deadline = time.time() + event["seconds"]
    while len(os.listdir(event["folder"])) < event["count"] and time.time() < deadline:
        time.sleep(0.1)
    return {"met": len(os.listdir(event["folder"])), "stream": context.log_stream_name}
"""


def main() -> None:
    """Start the environments, check that they met, print times and memory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--environments", type=int, default=500)
    count = parser.parse_args().environments

    with peers.lambda_nb() as peer, tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        client = peer.client()
        peers.create_echo(client, "meet", MEET, memory=128)
        event = json.dumps({"folder": folder, "count": count, "seconds": 50}).encode()
        path = peers.invoke_path("meet")
        engine = listener(peer.port)

        start = time.perf_counter()
        answers = all_at_once(peer.port, path, event, count)
        elapsed = time.perf_counter() - start
        met = len(list(Path(folder).iterdir()))
        streams = {json.loads(answer)["stream"] for answer in answers}
        if len(streams) != count or met != count:
            raise SystemExit(f"only {met} of {count} environments met, {len(streams)} distinct")

        memory = [proportional_mb(child) for child in engine.children(recursive=True)]
        print(f"{count} environments of one function at once ({peers.machine()})\n")
        print(f"first request sent to last answer received   {elapsed:8.2f} s")
        print(f"memory of an idle environment, median        {statistics.median(memory):8.1f} MB")
        print(f"memory of all of them                        {sum(memory):8.0f} MB")
        print(f"memory of the engine                         {proportional_mb(engine):8.0f} MB")


def all_at_once(port: int, path: str, event: bytes, count: int) -> list[bytes]:
    """The answers of ``count`` concurrent posts."""
    connections = [load.Connection(port, path, event) for _ in range(count)]
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
    """PSS: shared pages divided among those who share them."""
    return float(process.memory_full_info().pss) / 1e6


if __name__ == "__main__":
    main()
