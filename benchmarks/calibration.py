"""How well calibration predicts the cold starts of a run that it has not seen.

Five runs of one AWS function, 2020. Each run is left out in turn: calibration fits the other four
and replays its arrivals. Counts are small: by chance alone, a count of 40 varies by about 6.

    python benchmarks/calibration.py [--runs FOLDER] [--replications 30]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from lambda_nb.simulator import simulate  # noqa: E402
from lambda_nb.simulator.questions import predict  # noqa: E402
from lambda_nb.simulator.questions.calibrate import Calibration, calibrate  # noqa: E402
from lambda_nb.traces import Trace, aws_lambda_2020  # noqa: E402

FIXED = 600.0


def main() -> None:
    """Print cold starts and log scores, run by run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    runs = ROOT.parent / "shared" / "traces" / "aws-lambda-2020"
    parser.add_argument("--runs", type=Path, default=runs)
    parser.add_argument("--replications", type=int, default=30)
    options = parser.parse_args()
    files = sorted(options.runs.glob("res-01-*.csv.gz"))
    if len(files) < 2:
        parser.error(f"{options.runs} holds {len(files)} runs (res-01-*.csv.gz); two are needed")
    every = [aws_lambda_2020(path, memory=128) for path in files]

    print("Expected cold starts, and log score request by request (less is better)\n")
    print(f"{'run':<12}{'requests':>9}{'cold':>6}{'calibrated':>12}{'fixed 600':>11}", end="")
    print(f"{'score':>10}{'fixed 600':>11}{'base rate':>11}")
    errors: list[tuple[float, float]] = []
    scores: list[tuple[float, float, float]] = []
    for k, (path, trace) in enumerate(zip(files, every, strict=True)):
        others = [other for j, other in enumerate(every) if j != k]
        fit = calibrate(others)
        p, cold = predict.p_cold(trace, there(fit))
        share = float(np.mean(np.concatenate([predict.p_cold(o, fixed)[1] for o in others])))
        score = (
            predict.log_score(p, cold),
            predict.log_score(predict.p_cold(trace, fixed)[0], cold),
            predict.log_score(np.full(len(cold), share), cold),
        )
        counts = [colds(trace, seed, fit.settings) for seed in range(options.replications)]
        expected, plain = float(np.mean(counts)), float(colds(trace, 0, {"keep_alive": FIXED}))
        actual = cold.sum()
        errors.append((abs(expected - actual) / actual, abs(plain - actual) / actual))
        scores.append(score)
        print(
            f"{path.name[7:17]:<12}{len(cold):>9,}{actual:>6.0f}{expected:>12.1f}{plain:>11.0f}",
            end="",
        )
        print("".join(f"{value:>{w}.5f}" for value, w in zip(score, (10, 11, 11), strict=True)))
    ours, theirs = np.mean(errors, axis=0)
    print(f"\nmean absolute percentage error: calibrated {ours:.1%}, fixed 600 s {theirs:.1%}")
    mine, other, base = np.mean(scores, axis=0)
    print(f"mean log score: calibrated {mine:.5f}, fixed 600 s {other:.5f}, base rate {base:.5f}")
    print(f"\nAll runs together: {calibrate(every)!r}")


def there(fit: Calibration) -> predict.PThere:
    """The calibrated probability that an environment is still there."""
    return lambda gap, silent, age: fit.p_there(gap, silent=silent, age=age)


def fixed(gap: float, silent: bool, age: float) -> float:
    """The same for a fixed keep-alive."""
    return float(gap < FIXED)


def colds(trace: Trace, seed: int, settings: dict[str, Any]) -> int:
    """Cold starts of one replay. Times are the server's, so arrivals come after init."""
    result = simulate(trace, seed=seed, init=0.0, account_limit=1000, **settings)
    return int((result.invocations["start"] == "cold").sum())


if __name__ == "__main__":
    main()
