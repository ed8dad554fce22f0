"""The engine's overhead: CPU time of a warm invocation, and throughput with more clients.

The echo handler takes almost no time, so the time is that of engine, runtime and network.

    python benchmarks/throughput.py [--seconds 3]
"""

from __future__ import annotations

import argparse
import os
import time

import psutil
from support import load, peers


def main() -> None:
    """Print requests a second and CPU time per request at 1 to 32 clients."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3.0)
    seconds = parser.parse_args().seconds

    print(f"Warm echo invocations ({peers.machine()})\n")
    print(f"{'clients':>8}{'req/s':>9}{'engine CPU µs/req':>20}{'functions CPU µs/req':>23}")
    with peers.lambda_nb() as peer:
        peers.create_echo(peer.client())
        engine = listener(peer.port)
        for clients in (1, 2, 4, 8, 16, 32):
            load.throughput(peer.port, peer.path, clients, 0.5)  # starts the environments
            own, below = cpu(engine)
            rate = load.throughput(peer.port, peer.path, clients, seconds)
            own_after, below_after = cpu(engine)
            answered = rate * seconds
            print(
                f"{clients:>8}{rate:>9.0f}{(own_after - own) / answered * 1e6:>20.0f}"
                f"{(below_after - below) / answered * 1e6:>23.0f}"
            )


def listener(port: int) -> psutil.Process:
    """The child process that listens on the port."""
    for process in psutil.Process(os.getpid()).children(recursive=True):
        for connection in process.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port:
                return process
    raise RuntimeError(f"no child of this process listens on port {port}")


def cpu(engine: psutil.Process) -> tuple[float, float]:
    """CPU seconds used so far by the engine, and by its child processes."""
    time.sleep(0.05)  # the kernel's accounting is a tick behind
    times = engine.cpu_times()
    below = 0.0
    for child in engine.children(recursive=True):
        try:
            child_times = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        below += child_times.user + child_times.system
    return times.user + times.system, below


if __name__ == "__main__":
    main()
