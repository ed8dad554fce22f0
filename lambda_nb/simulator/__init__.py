"""The simulator: a trace replayed under the very rules that the engine runs by.

``simulate`` answers with a :class:`Result`. Two engines give the same answer, invocation by
invocation: ``simpy``, the reference, and ``compiled``, the same rule functions under numba.
"""

from lambda_nb.simulator.calibrate import Calibration, Prior, calibrate
from lambda_nb.simulator.compare import Comparison, compare
from lambda_nb.simulator.result import Result
from lambda_nb.simulator.simulate import Prepared, simulate
from lambda_nb.simulator.sweep import Optimum, optimise, sweep
from lambda_nb.simulator.validate import Validation, validate
from lambda_nb.simulator.workload import WorkloadError

__all__ = [
    "Calibration",
    "Comparison",
    "Optimum",
    "Prepared",
    "Prior",
    "Result",
    "Validation",
    "WorkloadError",
    "calibrate",
    "compare",
    "optimise",
    "simulate",
    "sweep",
    "validate",
]
