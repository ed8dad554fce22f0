"""Reproduces published figures: SimFaaS's example, and its 20 experiments on AWS in 2020.

The example has a precise reference (20 runs of a million seconds and more). For the experiments,
SimFaaS's own errors are 12.23 % on the probability of a cold start and 3.05 % on mean instances.
``exponential`` is SimFaaS's model: fixed 600 s, exponential service. ``measured`` has constant
service, as the function had. It calibrates the lives of environments on five recorded runs. These
are among the 20, so ``measured`` shows how well it fits, not how well it predicts.

    python benchmarks/published.py [--runs FOLDER] [--requests 600000]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from lambda_nb import traces  # noqa: E402
from lambda_nb.simulator import calibrate, simulate  # noqa: E402

FIXED: dict[str, Any] = {"keep_alive": 600.0}


def main() -> None:
    """Print our figures beside the published ones."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    runs = ROOT.parent / "shared" / "traces" / "aws-lambda-2020"
    parser.add_argument("--runs", type=Path, default=runs)
    parser.add_argument("--requests", type=int, default=600_000)
    options = parser.parse_args()
    example()
    experiments(options.runs, options.requests)


def example() -> None:
    """SimFaaS's example: 0.9/s, 1.991 s warm, 2.244 s cold, kept for 600 s."""
    rows = [
        figures(0.9, 1.991, 2.244, 2_000_000, seed, FIXED, exponential=True) for seed in range(5)
    ]
    ours, scatter = np.mean(rows, axis=0), np.std(rows, axis=0, ddof=1) / np.sqrt(len(rows))
    print("SimFaaS's example, 5 seeds of 2,000,000 requests\n")
    names = ("P(cold)", "running", "environments")
    references = ("0.001346 +- 0.000006", "1.7922 (exact)", "7.712 +- 0.008")
    for name, value, error, reference in zip(names, ours, scatter, references, strict=True):
        print(f"{name:<14}{value:>10.6f} +- {error:.6f}   reference {reference}")


def experiments(runs: Path, requests: int) -> None:
    """Print the errors of both models in the 20 experiments."""
    table = pd.read_csv(runs / "aggregates_20_experiments.csv")
    files = sorted(runs.glob("res-01-*.csv.gz"))
    fit = calibrate([traces.aws_lambda_2020(path, memory=128) for path in files])
    print(f"\n20 experiments on AWS, {requests:,} requests each\n")
    print(f"{'':>10}{'P(cold)':>28}{'mean instances':>33}")
    columns = ("AWS", "exponential", "measured") * 2
    print(f"{'rate/s':>10}" + "".join(f"{name:>12}" for name in columns))
    errors = []
    for row in table.sort_values("ArrivalRate").itertuples():
        warm, cold = row.ServiceTimeWarm / 1e3, row.ServiceTimeCold / 1e3
        case = (row.ArrivalRate, warm, cold, requests, 1)
        plain = figures(*case, FIXED, exponential=True)
        ours = figures(*case, fit.settings, exponential=False)
        real = (row.ColdStartProbability, 0.0, row.AverageInstanceCount)
        errors.append([abs(m[k] - real[k]) / real[k] for k in (0, 2) for m in (plain, ours)])
        print(
            f"{row.ArrivalRate:>10.4f}"
            + "".join(f"{m[0]:>12.5f}" for m in (real, plain, ours))
            + "".join(f"{m[2]:>12.3f}" for m in (real, plain, ours))
        )
    mean = np.mean(errors, axis=0)
    print("\nmean absolute percentage error   SimFaaS   exponential   measured")
    print(f"P(cold){'12.23%':>34}{mean[0]:>14.2%}{mean[1]:>11.2%}")
    print(f"mean instances{'3.05%':>27}{mean[2]:>14.2%}{mean[3]:>11.2%}")


def figures(
    rate: float,
    warm: float,
    cold: float,
    requests: int,
    seed: int,
    lives: dict[str, Any],
    *,
    exponential: bool,
) -> tuple[float, float, float]:
    """Probability of a cold start, mean running and mean environments; Poisson arrivals."""
    service = traces.laws.exponential(warm) if exponential else warm
    hours = requests / rate / 3600
    trace = traces.poisson(rate, duration=service, hours=hours, memory=128, seed=seed)
    init = max(0.0, cold - warm)
    result = simulate(trace, init=init, seed=seed, **lives)
    # The fleet fills up at the start, so the first of 50 parts is not counted. The experiments left
    # out ten minutes of warm-up too. The last part of the timeline is not counted either.
    part = hours * 3600 / 50
    filled = result.invocations["arrival"] >= part
    share = float((result.invocations["start"][filled] == "cold").mean())
    timeline = result.timeline(part).iloc[1:-1]
    busy = timeline["in_flight"].mean()
    return share, float(busy), float(timeline["environments"].mean())


if __name__ == "__main__":
    main()
