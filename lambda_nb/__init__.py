"""AWS Lambda in a notebook: run real functions under Lambda's rules, then simulate them.

>>> import lambda_nb
>>> trace = lambda_nb.traces.poisson(rate=5, duration=0.2, hours=1, seed=1)  # doctest: +SKIP
>>> lambda_nb.simulate(trace, keep_alive="10min").summary()  # doctest: +SKIP

In a notebook, ``%load_ext lambda_nb`` adds the magics ``%%lambda`` and ``%lambda``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lambda_nb import charts, rules, simulator, traces
    from lambda_nb.notebook.connection.notebooks import client
    from lambda_nb.notebook.devices.device import Device
    from lambda_nb.notebook.devices.fleet import fleet
    from lambda_nb.notebook.edge.obtaining import distribution
    from lambda_nb.notebook.events.samples import event
    from lambda_nb.notebook.experiments.play import play
    from lambda_nb.notebook.experiments.power_tune import power_tune
    from lambda_nb.notebook.explore.explorer import explore
    from lambda_nb.notebook.lab.stage import lab
    from lambda_nb.notebook.magics.extension import load_ipython_extension, unload_ipython_extension
    from lambda_nb.notebook.views.access import access_log
    from lambda_nb.notebook.views.dashboard import dashboard
    from lambda_nb.notebook.views.messages import messages
    from lambda_nb.simulator.questions.calibrate import calibrate
    from lambda_nb.simulator.questions.compare import compare
    from lambda_nb.simulator.questions.edge_log import simulate_edge
    from lambda_nb.simulator.questions.replicate import replicate
    from lambda_nb.simulator.questions.sweep import optimise, sweep
    from lambda_nb.simulator.questions.validate import validate
    from lambda_nb.simulator.simulate import simulate
    from lambda_nb.traces import Trace

__version__ = "0.1.0"

__all__ = [
    "Device",
    "Trace",
    "access_log",
    "calibrate",
    "charts",
    "client",
    "compare",
    "dashboard",
    "distribution",
    "event",
    "explore",
    "fleet",
    "lab",
    "load_ipython_extension",
    "messages",
    "optimise",
    "play",
    "power_tune",
    "replicate",
    "rules",
    "simulate",
    "simulate_edge",
    "simulator",
    "sweep",
    "traces",
    "unload_ipython_extension",
    "validate",
]

# The module of each public name; a heavy module is imported on first use only.
_HOMES = {
    "Device": "lambda_nb.notebook.devices.device",
    "Trace": "lambda_nb.traces",
    "access_log": "lambda_nb.notebook.views.access",
    "calibrate": "lambda_nb.simulator",
    "client": "lambda_nb.notebook.connection.notebooks",
    "compare": "lambda_nb.simulator",
    "dashboard": "lambda_nb.notebook.views.dashboard",
    "distribution": "lambda_nb.notebook.edge.obtaining",
    "event": "lambda_nb.notebook.events.samples",
    "explore": "lambda_nb.notebook.explore.explorer",
    "fleet": "lambda_nb.notebook.devices.fleet",
    "lab": "lambda_nb.notebook.lab.stage",
    "load_ipython_extension": "lambda_nb.notebook.magics.extension",
    "messages": "lambda_nb.notebook.views.messages",
    "optimise": "lambda_nb.simulator",
    "play": "lambda_nb.notebook.experiments.play",
    "power_tune": "lambda_nb.notebook.experiments.power_tune",
    "replicate": "lambda_nb.simulator",
    "simulate": "lambda_nb.simulator",
    "simulate_edge": "lambda_nb.simulator",
    "sweep": "lambda_nb.simulator",
    "unload_ipython_extension": "lambda_nb.notebook.magics.extension",
    "validate": "lambda_nb.simulator",
}
_ROOMS = {"charts", "rules", "simulator", "traces"}


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"lambda_nb.{name}")
    if name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'lambda_nb' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, "__version__"})
