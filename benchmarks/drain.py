"""How long a backlog of asynchronous events takes behind reserved concurrency.

The lower limit is the work: events times duration, divided by the reserved concurrency. Any time
above it is time in which the function was idle although events waited.

    python benchmarks/drain.py [--events 200] [--ms 50]
"""

from __future__ import annotations

import argparse
import json
import socket
import statistics
import threading
import time

from support import peers

HANDLER = """
import socket, time
def handler(event, context):
    time.sleep(event["s"])
    with socket.create_connection(("127.0.0.1", event["port"])) as told:
        told.sendall(b"x")
"""
RUNS = 3


def main() -> None:
    """Print drain times and their ratio to the work at reserved concurrency 1 and 4."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--ms", type=float, default=50.0)
    options = parser.parse_args()

    print(f"{options.events} events of {options.ms:g} ms ({peers.machine()})\n")
    print(f"{'reserved':>9}{'work s':>9}{'drained in s':>14}{'ratio':>8}")
    with peers.lambda_nb() as peer:
        for reserved in (1, 4):
            work = options.events * options.ms / 1000 / reserved
            took = statistics.median(
                drain(peer, reserved, options.events, options.ms / 1000, run) for run in range(RUNS)
            )
            print(f"{reserved:>9}{work:>9.2f}{took:>14.2f}{took / work:>8.2f}")


def drain(peer: peers.Peer, reserved: int, events: int, seconds: float, run: int) -> float:
    """Seconds from the first event's acceptance until the last one has run."""
    client = peer.client()
    name = f"drain-{reserved}-{run}"
    peers.create_echo(client, name, HANDLER)
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=reserved)
    with socket.create_server(("127.0.0.1", 0), backlog=events) as listener:
        done = threading.Thread(target=_count, args=(listener, events))
        done.start()
        payload = json.dumps({"s": seconds, "port": listener.getsockname()[1]})
        began = time.perf_counter()
        for _ in range(events):
            client.invoke(FunctionName=name, InvocationType="Event", Payload=payload)
        done.join()
        return time.perf_counter() - began


def _count(listener: socket.socket, events: int) -> None:
    for _ in range(events):
        told, _address = listener.accept()
        told.close()


if __name__ == "__main__":
    main()
