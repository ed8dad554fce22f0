"""Measure a function at several memory sizes, and say which is best."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from lambda_nb.notebook.experiments.power_tune import MEMORIES, power_tune
from lambda_nb.notebook.experiments.power_tune_result import PowerTuning
from lambda_nb.notebook.functions.handle import Function
from lambda_nb.notebook.workbench.actions.tools import Tools, json_payload
from lambda_nb.notebook.workbench.faults import Refusal
from lambda_nb.notebook.workbench.hub import Push, Stopped

INVOCATIONS = 10
"""At each size; the first is cold and does not count."""


def tune(tools: Tools, args: Mapping[str, Any], push: Push, stopped: Stopped) -> dict[str, Any]:
    """``tune``: push ``ITuning`` after each memory size; the last has the best.

    Raises
    ------
    Refusal
        The payload is no JSON, or the page wants no more.
    """
    name, payload = str(args["name"]), json.loads(json_payload(args))
    memories = sorted(set(args.get("memories") or MEMORIES))

    def measured(so_far: PowerTuning) -> None:
        if stopped.is_set():
            raise Refusal("Stopped", "stopped; the function is as it was")
        push(told(so_far, len(memories), best=None))

    tuning = power_tune(
        Function(name, tools.clients, tools.origin_of(name)),
        memories,
        payload=payload,
        invocations=INVOCATIONS,
        progress=False,
        each=measured,
    )
    last = told(tuning, len(memories), best=tuning.best)
    push(last)
    return last


def told(tuning: PowerTuning, of: int, *, best: int | None) -> dict[str, Any]:
    """A tuning as ``ITuning``; a memory at which the function failed is left out."""
    frame = tuning.frame.reset_index()
    rows = [
        {
            "memory_mb": int(row["memory"]),
            "duration_ms": round(float(row["mean"]) * 1000, 3),
            "cost_per_million": float(row["cost"]),
        }
        for _, row in frame.iterrows()
        if not math.isnan(row["mean"])
    ]
    failed = [f"{row['memory']} MB: {row['error']}" for _, row in frame.iterrows() if row["error"]]
    done = len(frame)
    words = [] if done < of and best is None else [tuning.verdict]
    return {
        "done": done,
        "of": of,
        "rows": rows,
        "best": best,
        "words": ". ".join([*words, *failed]),
    }
