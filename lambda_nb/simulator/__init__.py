"""The simulator: a trace replayed under the very rules that the engine runs by.

``simulate`` answers with a :class:`Result`. Two engines give the same answer, invocation by
invocation: ``simpy``, the reference, and ``compiled``, the same rule functions under numba.
"""

from lambda_nb.rules.scheduling.autoscaling import TargetTracking
from lambda_nb.simulator.assumptions.scaling import DurationLaw, fit_duration
from lambda_nb.simulator.assumptions.schedule import Schedule
from lambda_nb.simulator.assumptions.sources import (
    Asynchronous,
    Call,
    Deployment,
    Queue,
    Stream,
    Synchronous,
)
from lambda_nb.simulator.assumptions.workload import WorkloadError
from lambda_nb.simulator.questions.calibrate import Calibration, Prior, calibrate
from lambda_nb.simulator.questions.compare import Comparison, compare
from lambda_nb.simulator.questions.edge import EdgeResult
from lambda_nb.simulator.questions.edge_caches import CacheBehaviour
from lambda_nb.simulator.questions.edge_log import simulate_edge
from lambda_nb.simulator.questions.edge_replay import EdgeReplay
from lambda_nb.simulator.questions.replicate import Replications, replicate
from lambda_nb.simulator.questions.sweep import Optimum, optimise, sweep
from lambda_nb.simulator.questions.validate import Validation, validate
from lambda_nb.simulator.results.result import Result
from lambda_nb.simulator.simulate import Prepared, simulate

__all__ = [
    "Asynchronous",
    "CacheBehaviour",
    "Calibration",
    "Call",
    "Comparison",
    "Deployment",
    "DurationLaw",
    "EdgeReplay",
    "EdgeResult",
    "Optimum",
    "Prepared",
    "Prior",
    "Queue",
    "Replications",
    "Result",
    "Schedule",
    "Stream",
    "Synchronous",
    "TargetTracking",
    "Validation",
    "WorkloadError",
    "calibrate",
    "compare",
    "fit_duration",
    "optimise",
    "replicate",
    "simulate",
    "simulate_edge",
    "sweep",
    "validate",
]
