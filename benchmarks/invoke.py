"""Claim: a warm invoke over HTTP takes at most half the best peer's time, a cold start an eighth.

One run measures lambda_nb, ministack, and AWS's runtime interface emulator with AWS's own runtime
client. Rounds alternate, so that a slow phase of the machine hits everyone. Figures are medians of
the rounds.

    python benchmarks/invoke.py [--rounds 3] [--requests 1000] [--seconds 3]
"""

from __future__ import annotations

import argparse
import contextlib
import math
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator

from support import load, peers
from support.peers import Peer

Figures = dict[str, dict[str, list[float]]]


def main() -> None:
    """Measure all peers and print the table with ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=1000, help="warm requests a round")
    parser.add_argument("--seconds", type=float, default=3.0, help="of load a round")
    parser.add_argument("--cold", type=int, default=7, help="cold starts a round")
    options = parser.parse_args()

    figures: Figures = defaultdict(lambda: defaultdict(list))
    for round_ in range(options.rounds):
        for name, measure in MEASURES.items():
            print(f"round {round_ + 1} of {options.rounds}: {name} ...", end="\r", flush=True)
            measure(figures[name], options)
    report(figures)


def measure_lambda_nb(rows: dict[str, list[float]], options: argparse.Namespace) -> None:
    """Measure our engine: plain HTTP as for the others, then boto3 with signatures checked."""
    with peers.lambda_nb() as peer:
        peers.create_echo(peer.client())
        warm(rows, peer, options, peak_clients=8)
        rows["cold"] += list(cold_functions(peer, options.cold))
    with peers.lambda_nb(auth="sigv4") as peer:
        peers.create_echo(peer.client())
        rows["boto3"] += through_boto3(peer, "echo")


def measure_ministack(rows: dict[str, list[float]], options: argparse.Namespace) -> None:
    """Measure ministack with the same calls; by default it accepts any signature."""
    with peers.ministack() as peer:
        peers.create_echo(peer.client())
        warm(rows, peer, options, peak_clients=8)
        rows["cold"] += list(cold_functions(peer, options.cold))
        rows["boto3"] += through_boto3(peer, "echo")


def measure_emulator(rows: dict[str, list[float]], options: argparse.Namespace) -> None:
    """Measure the emulator. One is one environment, so each cold start is a new emulator.

    "cold" counts from the first request, when the emulator already listens: this favours it.
    "cold spawn" counts from its start: this is what a user waits for.
    """
    with peers.emulator() as peer:
        warm(rows, peer, options, peak_clients=8)
    with peers.emulator() as peer:
        rows["boto3"] += through_boto3(peer, "function")
    for _ in range(options.cold):
        start = time.perf_counter()
        with peers.emulator() as peer:
            rows["cold"].append(first_answer(peer))
            rows["cold spawn"].append(time.perf_counter() - start)


MEASURES: dict[str, Callable[[dict[str, list[float]], argparse.Namespace], None]] = {
    "lambda_nb": measure_lambda_nb,
    "ministack": measure_ministack,
    "AWS emulator": measure_emulator,
}


def warm(
    rows: dict[str, list[float]], peer: Peer, options: argparse.Namespace, peak_clients: int
) -> None:
    """Throughput of one client, latency on one connection, throughput of many clients.

    The order matters: latency must not be measured while a server is still starting up.
    """
    rows["rps 1"].append(load.throughput(peer.port, peer.path, 1, options.seconds))
    rows["warm"] += limited(peer, options.requests)
    rows["rps 8"].append(load.throughput(peer.port, peer.path, peak_clients, options.seconds))


def limited(peer: Peer, requests: int, seconds: float = 10.0) -> list[float]:
    """Up to ``requests`` warm latencies; fewer for a slow peer, to take about ``seconds``."""
    first = load.latencies(peer.port, peer.path, 20)
    affordable = int(seconds / statistics.median(first))
    return load.latencies(peer.port, peer.path, max(20, min(requests, affordable)), warm_up=0)


def cold_functions(peer: Peer, count: int) -> Iterator[float]:
    """Seconds of the first invoke of each of ``count`` new functions."""
    client = peer.client()
    names = [f"cold-{index}" for index in range(count)]
    for name in names:
        with contextlib.suppress(client.exceptions.ResourceNotFoundException):
            client.delete_function(FunctionName=name)
        peers.create_echo(client, name)
    for name in names:
        yield first_answer(peer, peers.invoke_path(name))


def first_answer(peer: Peer, path: str | None = None) -> float:
    """Seconds from sending an event to its whole answer, on an open connection."""
    connection = load.Connection(peer.port, path or peer.path)
    start = time.perf_counter()
    connection.post()
    elapsed = time.perf_counter() - start
    connection.close()
    return elapsed


def through_boto3(
    peer: Peer, function: str, requests: int = 200, settle_s: float = 2.0
) -> list[float]:
    """Seconds of warm invokes through boto3, with signing and parsing."""
    client = peer.client()
    times = []
    settled = time.perf_counter() + settle_s
    while len(times) < requests:
        start = time.perf_counter()
        client.invoke(FunctionName=function, Payload=load.EVENT)["Payload"].read()
        if start > settled:
            times.append(time.perf_counter() - start)
    return times


def report(figures: Figures) -> None:
    """Print medians and, for each claim, the ratio to the best peer."""
    print(f"Invoking an echo function in Python ({peers.machine()})\n")
    head = f"{'':14}{'warm p50 / p99 ms':>20}{'req/s, 1':>10}{'req/s, 8':>10}"
    print(head + f"{'boto3 p50 ms':>14}{'cold p50 ms':>13}")
    for name, rows in figures.items():
        p50, p99 = load.milliseconds(rows["warm"])
        line = f"{name:14}{f'{p50:.2f} / {p99:.2f}':>20}"
        line += f"{statistics.median(rows['rps 1']):>10.0f}{many_clients(rows):>10}"
        line += f"{load.milliseconds(rows['boto3'])[0]:>14.2f}"
        print(line + f"{load.milliseconds(rows['cold'])[0]:>13.1f}")
    ours = figures["lambda_nb"]
    others = [rows for name, rows in figures.items() if name != "lambda_nb"]
    print()
    for label, key, aim in (("warm invoke", "warm", 2.0), ("Python cold start", "cold", 8.0)):
        best = min(statistics.median(rows[key]) for rows in others)
        ratio = best / statistics.median(ours[key])
        print(f"{label}: {ratio:.1f} times as fast as the best peer (aim: {aim:g})")
    spawn = statistics.median(figures["AWS emulator"]["cold spawn"])
    ratio = spawn / statistics.median(ours["cold"])
    print(f"Python cold start: {ratio:.1f} times as fast as the emulator's own start and answer")
    best = max(statistics.median(finite(rows["rps 8"]) or [0.0]) for rows in others)
    ratio = statistics.median(ours["rps 8"]) / best
    print(f"throughput, 8 clients: {ratio:.1f} times the best peer's (aim: 3)")


def many_clients(rows: dict[str, list[float]]) -> str:
    """Throughput at 8 clients, or ``crashed`` if the peer failed."""
    answered = finite(rows["rps 8"])
    return f"{statistics.median(answered):.0f}" if answered else "crashed"


def finite(values: list[float]) -> list[float]:
    """The values without NaN, which marks a round in which the peer failed."""
    return [value for value in values if not math.isnan(value)]


if __name__ == "__main__":
    main()
