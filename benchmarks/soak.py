"""How the engine's use of memory, disk and descriptors grows over many invocations.

Eight clients invoke an echo function over HTTP. The engine writes all its logs and metrics. The
last column shows growth: 1.0 means no growth since 10 % of the invocations.

    python benchmarks/soak.py [--invocations 1000000] [--clients 8]
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from typing import Any

import psutil
from support import load, peers

SHARES = (0.1, 0.5, 1.0)


def main() -> None:
    """Print memory, disk and descriptors at 10 %, 50 % and 100 % of the invocations."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--invocations", type=int, default=100_000)
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args()

    print(f"{options.invocations:,} warm invocations, {options.clients} clients", end=" ")
    print(f"({peers.machine()})\n")
    rows: list[dict[str, float]] = []
    with peers.lambda_nb() as peer:
        peers.create_echo(peer.client())
        began = time.perf_counter()
        done = 0
        for share in SHARES:
            due = int(options.invocations * share) - done
            invoke(peer.port, peer.path, options.clients, due)
            done += due
            seconds = time.perf_counter() - began
            time.sleep(3)  # logs and metrics are written in batches, a moment later
            began += 3
            rows.append({"invocations/s": done / seconds, **state(peer.port)})
    print(f"{'':28}{'10 %':>12}{'50 %':>12}{'100 %':>12}{'end/10 %':>12}")
    for name in rows[-1]:
        figures = [row[name] for row in rows]
        ratio = figures[-1] / figures[0] if figures[0] else float("nan")
        print(f"{name:<28}" + "".join(f"{x:>12,.0f}" for x in figures) + f"{ratio:>12.2f}")


def invoke(port: int, path: str, clients: int, count: int) -> None:
    """Make ``count`` invocations from ``clients`` processes; raise if one fails."""
    context = multiprocessing.get_context("fork")
    shares = [count // clients + (i < count % clients) for i in range(clients)]
    failed: Any = context.SimpleQueue()
    workers = [
        context.Process(target=_client, args=(port, path, share, failed)) for share in shares
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if not failed.empty():
        raise RuntimeError(failed.get())


def _client(port: int, path: str, count: int, failed: Any) -> None:
    try:
        connection = load.Connection(port, path)
        for _ in range(count):
            connection.post()
    except (RuntimeError, OSError) as error:
        failed.put(str(error))


def state(port: int) -> dict[str, float]:
    """Memory (MB), log store on disk (MB) and open descriptors of the engine and moto."""
    processes = psutil.Process(os.getpid()).children(recursive=True)
    engine = next(p for p in processes if _listens(p, port))
    moto = next(
        p for p in engine.children() if "lambda_nb.engine.neighbours.process.server" in p.cmdline()
    )
    return {
        "engine RSS, MB": engine.memory_info().rss / 1e6,
        "moto RSS, MB": moto.memory_info().rss / 1e6,
        "logs on disk, MB": _nameless_files(moto.pid) / 1e6,
        "engine descriptors": float(engine.num_fds()),
        "moto descriptors": float(moto.num_fds()),
        "engine threads": float(engine.num_threads()),
    }


def _listens(process: psutil.Process, port: int) -> bool:
    return any(
        connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
        for connection in process.net_connections("tcp")
    )


def _nameless_files(pid: int) -> int:
    """Bytes of deleted files that a process still holds open."""
    folder = f"/proc/{pid}/fd"
    total = 0
    for entry in os.listdir(folder):
        path = f"{folder}/{entry}"
        if os.readlink(path).endswith("(deleted)"):
            total += os.stat(path).st_size
    return total


if __name__ == "__main__":
    main()
